import { assertEquals, assertThrows } from "@std/assert";
import { type Architecture, formatArchitecture, parseArchitecture } from "../../lib/space/architecture.ts";
import {
  architectureCost,
  blockSides,
  costTable,
  countClassifierMacs,
  countClassifierParameters,
  countMacs,
  countParameters,
  leastCost,
} from "../../lib/space/cost.ts";
import { authorsChoices, type SearchSpace, searchSpaces } from "../../lib/space/search_space.ts";
import golden from "../fixtures/architectures.json" with { type: "json" };

interface GoldenCost {
  macs: number;
  parameters: number;
}

interface GoldenArchitecture {
  space: string;
  choices: number[];
  backbone: GoldenCost;
  classifier: GoldenCost;
}

const spaces: Record<string, SearchSpace> = searchSpaces;
const architectures: Record<string, GoldenArchitecture> = golden.architectures;

/** Two blocks (strides 2 and 1), small enough to count by hand. */
const handSpace: SearchSpace = {
  name: "hand",
  choices: authorsChoices,
  stem: "shufflenet",
  stageRepeats: [2],
  stemChannels: 4,
  stageChannels: [8],
  lastChannels: 16,
  resolution: 8,
};

Deno.test("the authors' searchSpaces are the golden spaces under the golden names", () => {
  for (const [name, space] of Object.entries(golden.spaces)) {
    assertEquals(spaces[name], { name, choices: authorsChoices, stem: "shufflenet", ...space });
  }
});

for (const [name, { space: spaceName, choices, backbone, classifier }] of Object.entries(architectures)) {
  Deno.test(`${name} has the golden multiply-adds and parameters to the unit`, () => {
    const space = spaces[spaceName];
    assertEquals(
      { macs: countMacs(space, choices), parameters: countParameters(space, choices) },
      backbone,
    );
    assertEquals({
      macs: countClassifierMacs(space, choices),
      parameters: countClassifierParameters(space, choices),
    }, classifier);
  });
}

Deno.test("a two-block backbone costs what a count by hand gives", () => {
  // Stem 3x3, 3 to 4 channels, 8 px to 4 px: 108 weights x 16 places; + 4 biases + 8 of batch norm.
  const stem = { macs: 108 * 16, parameters: 108 + 4 + 8 };
  // Stride 2, 3x3, 4 to 8: pw 4x4 on 16 places, dw 9x4 and pw 4x4 on 4; projection dw 9x4 and pw 4x4 on 4.
  const first = { macs: 16 * 16 + (36 + 16) * 4 + (36 + 16) * 4, parameters: 16 + 52 + 52 + 5 * 8 };
  // Stride 1, xception, 8 to 8: three times dw 9x4 and pw 4x4 on 4 places.
  const second = { macs: 3 * 52 * 4, parameters: 3 * 52 + 6 * 8 };
  const macs = stem.macs + first.macs + second.macs;
  const parameters = stem.parameters + first.parameters + second.parameters;
  assertEquals(architectureCost(costTable(handSpace), [0, 3]), { macs, parameters, latencyMs: null });
  assertEquals(countClassifierMacs(handSpace, [0, 3], 10), macs + 8 * 16 * 4 + 16 * 10);
  assertEquals(countClassifierParameters(handSpace, [0, 3], 10), parameters + 8 * 16 + 32 + 16 * 10 + 10);
});

// torchvision's tables: 25,557,032 parameters and 4.09 G; 44,549,160 and 7.80 G (convolutions and linear layer).
const resNets: [string, number, number][] = [
  ["resnet-50", 25_557_032, 4.089],
  ["resnet-101", 44_549_160, 7.801],
];

for (const [name, parameters, giga] of resNets) {
  Deno.test(`${name} has the multiply-adds and parameters that torchvision gives it`, () => {
    const space = spaces[name];
    const choices = new Array<number>(space.stageRepeats.reduce((a, b) => a + b)).fill(0);
    assertEquals(countClassifierParameters(space, choices), parameters);
    assertEquals(Number((countClassifierMacs(space, choices) / 1e9).toFixed(3)), giga);
    assertEquals(countClassifierMacs(space, choices) - countMacs(space, choices), 2048 * 1000);
  });
}

Deno.test("blockSides() halve at the stem (ResNet's twice) and at each stage's first block, rounding up", () => {
  assertEquals(blockSides(handSpace, 9), [5, 3]);
  const resNet = { ...searchSpaces["resnet-50"], stageRepeats: [2, 2], stageChannels: [256, 512] };
  assertEquals(blockSides(resNet, 224), [56, 56, 56, 28]);
  assertEquals(blockSides(resNet, 33), [9, 9, 9, 5]);
});

Deno.test("a bottleneck backbone costs what a count by hand gives", () => {
  const space: SearchSpace = {
    ...handSpace,
    choices: [{ kind: "bottleneck" }],
    stem: "resnet",
    stageChannels: [8],
    lastChannels: null,
  };
  // Stem 7x7, 3 to 4 channels, 16 px to 8 px and by the pool to 4 px.
  const stem = { macs: 588 * 64, parameters: 588 + 8 };
  // 4 to 8 through 2 on 4 px: 4x2, 9x2x2, 2x8, and the projection 4x8.
  const first = { macs: (8 + 36 + 16 + 32) * 16, parameters: 8 + 36 + 16 + 32 + 2 * (2 + 2 + 8 + 8) };
  const second = { macs: (16 + 36 + 16) * 16, parameters: 16 + 36 + 16 + 2 * (2 + 2 + 8) };
  const macs = stem.macs + first.macs + second.macs;
  const parameters = stem.parameters + first.parameters + second.parameters;
  assertEquals(architectureCost(costTable(space, 16), [0, 0]), { macs, parameters, latencyMs: null });
  assertEquals(countClassifierMacs(space, [0, 0], 10, 16), macs + 80);
  assertEquals(countClassifierParameters(space, [0, 0], 10), parameters + 90);
});

Deno.test("a table with latencies sums them, and one without has none", () => {
  const latencies = { stemMs: 1, blocksMs: [[2, 3, 4, 5], [0.5, 0.25, 1, 2]] };
  const table = costTable(handSpace, 8, latencies);
  assertEquals(architectureCost(table, [3, 1]).latencyMs, 6.25);
  assertEquals(leastCost(table).latencyMs, 3.25);
  assertEquals(architectureCost(table, [3, 1]).macs, architectureCost(costTable(handSpace), [3, 1]).macs);
});

Deno.test("multiply-adds grow fourfold with twice the resolution, parameters do not", () => {
  const choices = architectures["COCO-FPN-300M"].choices;
  assertEquals(
    countMacs(searchSpaces.small, choices, 448),
    4 * countMacs(searchSpaces.small, choices, 224),
  );
  assertEquals(
    costTable(searchSpaces.small, 448).blocks[7][3].parameters,
    costTable(searchSpaces.small).blocks[7][3].parameters,
  );
});

Deno.test("an odd side rounds up at stride 2, as padded convolutions do", () => {
  const sides = [7, 8].map((resolution) => countMacs(handSpace, [1, 1], resolution));
  assertEquals(sides[0], sides[1]);
});

Deno.test("leastCost() is the minimum over every architecture", () => {
  const table = costTable(handSpace);
  const all: Architecture[] = Array.from({ length: 16 }, (_, i) => [i >> 2, i & 3]);
  const costs = all.map((choices) => architectureCost(table, choices));
  assertEquals(leastCost(table), {
    macs: Math.min(...costs.map((cost) => cost.macs)),
    parameters: Math.min(...costs.map((cost) => cost.parameters)),
    latencyMs: null,
  });
});

Deno.test("counting refuses an architecture of another space", () => {
  const choices = parseArchitecture(handSpace, "21");
  assertEquals(formatArchitecture(handSpace, choices), "21");
  assertThrows(() => countMacs(searchSpaces.small, choices), RangeError, "must have 20 choices: it has 2");
  assertThrows(() => countParameters(handSpace, [0, 4]), RangeError, "choices[1] is 4");
});
