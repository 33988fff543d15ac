import { assertEquals, assertThrows } from "@std/assert";
import {
  authorsChoices,
  blockCount,
  blockShapes,
  checkSearchSpace,
  choiceName,
  classifierChannels,
  type SearchSpace,
  searchSpaces,
} from "../../lib/space/search_space.ts";

const { small } = searchSpaces;

Deno.test("blockCount() is 20 for the small space, 40 for the large ones and a third of ResNet's layers", () => {
  assertEquals(Object.values(searchSpaces).map(blockCount), [20, 40, 40, 16, 33]);
});

Deno.test("blockShapes() starts each stage with stride 2 and the channels before it", () => {
  const shapes = blockShapes(small);
  assertEquals(shapes.length, 20);
  assertEquals(shapes[0], { stage: 0, indexInStage: 0, inChannels: 16, outChannels: 64, stride: 2 });
  assertEquals(shapes[1], { stage: 0, indexInStage: 1, inChannels: 64, outChannels: 64, stride: 1 });
  assertEquals(shapes[8], { stage: 2, indexInStage: 0, inChannels: 160, outChannels: 320, stride: 2 });
  assertEquals(shapes[19], { stage: 3, indexInStage: 3, inChannels: 640, outChannels: 640, stride: 1 });
  assertEquals(shapes.filter((block) => block.stride === 2).length, 4);
});

Deno.test("blockShapes() starts ResNet's first stage with stride 1, as its stem halves twice", () => {
  const shapes = blockShapes(searchSpaces["resnet-50"]);
  assertEquals(shapes[0], { stage: 0, indexInStage: 0, inChannels: 64, outChannels: 256, stride: 1 });
  assertEquals(shapes[3], { stage: 1, indexInStage: 0, inChannels: 256, outChannels: 512, stride: 2 });
  assertEquals(shapes.filter((block) => block.stride === 2).length, 3);
});

Deno.test("choiceName() tells all choices apart", () => {
  const choices = [...authorsChoices, { kind: "bottleneck" }, { kind: "xception", kernel: 5 }] as const;
  assertEquals(choices.map(choiceName), [
    "shuffle 3x3",
    "shuffle 5x5",
    "shuffle 7x7",
    "xception 3x3",
    "bottleneck",
    "xception 5x5",
  ]);
});

Deno.test("classifierChannels() are the last convolution's, or without one the last stage's", () => {
  assertEquals(Object.values(searchSpaces).map(classifierChannels), [1024, 1024, 1728, 2048, 2048]);
});

Deno.test("checkSearchSpace() takes bottlenecks of any widths, also beside shuffle blocks that suit", () => {
  const bottleneck = { kind: "bottleneck" } as const;
  checkSearchSpace({ ...small, choices: [bottleneck], stageChannels: [16, 16, 8, 8] });
  checkSearchSpace({ ...small, choices: [...authorsChoices, bottleneck] });
  checkSearchSpace({ ...small, stem: "resnet", stemChannels: 64 });
});

Deno.test("checkSearchSpace() accepts the authors' spaces and ResNet's", () => {
  Object.values(searchSpaces).forEach(checkSearchSpace);
});

const refusals: [string, Partial<SearchSpace>, string][] = [
  [
    "no whole repeats",
    { stageRepeats: [4, 0, 8, 4] },
    "stageRepeats[1] must be a whole number above 0: it is 0",
  ],
  ["a fractional width", { stemChannels: 1.5 }, "stemChannels must be a whole number above 0: it is 1.5"],
  ["no last channels", { lastChannels: NaN }, "lastChannels must be a whole number above 0: it is NaN"],
  [
    "a width that can't be shuffled",
    { stageChannels: [64, 162, 320, 640] },
    "stageChannels[1] must be a multiple of 4: it is 162",
  ],
  [
    "a width that does not grow",
    { stageChannels: [64, 160, 160, 640] },
    "stageChannels[2] must be more than the 160 channels before it, for shuffle and xception blocks of stride 2: it is 160",
  ],
  [
    "a first stage no wider than the stem",
    { stemChannels: 64 },
    "stageChannels[0] must be more than the 64 channels before it, for shuffle and xception blocks of stride 2: it is 64",
  ],
  [
    "a first stage wider than ResNet's stem for shuffle blocks",
    { stem: "resnet" },
    "stageChannels[0] must be the stem's 16, for shuffle and xception blocks of stride 1: it is 64",
  ],
  ["no choices", { choices: [] }, "it must have 1 to 36 choices: it has 0"],
  [
    "more choices than digits",
    { choices: Array.from({ length: 37 }, (_, i) => ({ kind: "shuffle", kernel: 2 * i + 1 })) },
    "it must have 1 to 36 choices: it has 37",
  ],
  [
    "an even kernel",
    { choices: [{ kind: "bottleneck" }, { kind: "shuffle", kernel: 4 }] },
    "choices[1].kernel must be odd: it is 4",
  ],
  [
    "a kernel of nothing",
    { choices: [{ kind: "xception", kernel: -1 }] },
    "choices[0].kernel must be a whole number above 0: it is -1",
  ],
  [
    "the same choice twice",
    { choices: [...authorsChoices, { kind: "shuffle", kernel: 5 }] },
    "its choices must differ: choices[1] and choices[4] are both shuffle 5x5",
  ],
  ["no image", { resolution: 0 }, "resolution must be a whole number above 0: it is 0"],
  [
    "an image below the last stride",
    { resolution: 16 },
    "resolution must be at least the last stage's stride of 32: it is 16",
  ],
];

for (const [name, change, message] of refusals) {
  Deno.test(`checkSearchSpace() refuses ${name}`, () => {
    const space = { ...small, name: "mine", ...change };
    assertThrows(() => checkSearchSpace(space), RangeError, `Cannot use search space "mine" as ${message}`);
  });
}

Deno.test("checkSearchSpace() refuses stages without widths", () => {
  const space = { ...small, stageRepeats: [4, 4, 8] };
  assertThrows(() => checkSearchSpace(space), TypeError, "they have 3 and 4");
  const empty = { ...small, stageRepeats: [], stageChannels: [] };
  assertThrows(() => checkSearchSpace(empty), TypeError, "they have 0 and 0");
});
