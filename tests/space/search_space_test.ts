import { assertEquals, assertThrows } from "@std/assert";
import {
  blockCount,
  blockShapes,
  checkSearchSpace,
  type SearchSpace,
  searchSpaces,
} from "../../lib/space/search_space.ts";

const { small } = searchSpaces;

Deno.test("blockCount() is 20 for the small space and 40 for the large ones", () => {
  assertEquals(Object.values(searchSpaces).map(blockCount), [20, 40, 40]);
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

Deno.test("checkSearchSpace() accepts the authors' spaces", () => {
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
    "stageChannels[1] must be a multiple of 4 to be shuffled: it is 162",
  ],
  [
    "a width that does not grow",
    { stageChannels: [64, 160, 160, 640] },
    "stageChannels[2] must be more than the 160 channels before it: it is 160",
  ],
  [
    "a first stage no wider than the stem",
    { stemChannels: 64 },
    "stageChannels[0] must be more than the 64 channels before it: it is 64",
  ],
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
