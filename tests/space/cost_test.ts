import { assertEquals, assertThrows } from "@std/assert";
import { type Architecture, formatArchitecture, parseArchitecture } from "../../lib/space/architecture.ts";
import {
  architectureCost,
  type Cost,
  costTable,
  countClassifierMacs,
  countClassifierParameters,
  countMacs,
  countParameters,
  leastCost,
} from "../../lib/space/cost.ts";
import { type SearchSpace, searchSpaces } from "../../lib/space/search_space.ts";
import golden from "../fixtures/architectures.json" with { type: "json" };

interface GoldenArchitecture {
  space: string;
  choices: number[];
  backbone: Cost;
  classifier: Cost;
}

const spaces: Record<string, SearchSpace> = searchSpaces;
const architectures: Record<string, GoldenArchitecture> = golden.architectures;

/** Two blocks (strides 2 and 1), small enough to count by hand. */
const handSpace: SearchSpace = {
  name: "hand",
  stageRepeats: [2],
  stemChannels: 4,
  stageChannels: [8],
  lastChannels: 16,
  resolution: 8,
};

Deno.test("searchSpaces are the golden spaces under the golden names", () => {
  const described = Object.entries(golden.spaces).map(([name, space]) => [name, { name, ...space }]);
  assertEquals(searchSpaces as Record<string, SearchSpace>, Object.fromEntries(described));
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
  assertEquals(architectureCost(costTable(handSpace), [0, 3]), { macs, parameters });
  assertEquals(countClassifierMacs(handSpace, [0, 3], 10), macs + 8 * 16 * 4 + 16 * 10);
  assertEquals(countClassifierParameters(handSpace, [0, 3], 10), parameters + 8 * 16 + 32 + 16 * 10 + 10);
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
  });
});

Deno.test("counting refuses an architecture of another space", () => {
  const choices = parseArchitecture(handSpace, "21");
  assertEquals(formatArchitecture(handSpace, choices), "21");
  assertThrows(() => countMacs(searchSpaces.small, choices), RangeError, "must have 20 choices: it has 2");
  assertThrows(() => countParameters(handSpace, [0, 4]), RangeError, "choices[1] is 4");
});
