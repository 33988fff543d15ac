import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { architectureKey } from "../../lib/space/architecture.ts";
import { costTable } from "../../lib/space/cost.ts";
import { authorsChoices, searchSpaces } from "../../lib/space/search_space.ts";
import { spreadArchitectures, type SpreadOptions } from "../../lib/stages/rank_architectures.ts";

const space = searchSpaces.small;

function optionsOf(changes: Partial<SpreadOptions> = {}): SpreadOptions {
  const budget = { macs: 3e8, parameters: null, latencyMs: null };
  return { space, costs: costTable(space), budget, seed: 0, first: null, ...changes };
}

Deno.test("spreadArchitectures() are distinct, within the budget, and the same for the same seed", () => {
  const chosen = spreadArchitectures(optionsOf(), 30);
  assertEquals(new Set(chosen.map(({ choices }) => architectureKey(choices))).size, 30);
  assert(chosen.every(({ macs }) => macs <= 3e8));
  assertEquals(spreadArchitectures(optionsOf(), 30), chosen);
  assertNotEquals(spreadArchitectures(optionsOf({ seed: 1 }), 30), chosen);
});

Deno.test("spreadArchitectures() puts one into each quantile of multiply-adds", () => {
  const all = spreadArchitectures(optionsOf(), 1000).map(({ macs }) => macs).sort((a, b) => a - b);
  for (const count of [4, 8, 16]) {
    const quantiles = spreadArchitectures(optionsOf(), count)
      .map(({ macs }) => Math.floor(all.indexOf(macs) * count / 1000 + 1e-9));
    // The whole is shifted by a random part of a quantile: neighbours may meet, none is left out by more than one.
    const sorted = quantiles.sort((a, b) => a - b);
    sorted.forEach((quantile, i) => assert(Math.abs(quantile - i) <= 1, `${count}: ${sorted}`));
  }
  const spread = spreadArchitectures(optionsOf(), 8).map(({ macs }) => macs);
  assertGreater(Math.max(...spread) - Math.min(...spread), 0.5 * (all[999] - all[0]));
});

Deno.test("spreadArchitectures() begins with the given one, and longer choices with shorter ones", () => {
  const first = new Array(20).fill(0);
  const keys = (count: number): string[] =>
    spreadArchitectures(optionsOf({ first }), count).map(({ choices }) => architectureKey(choices));
  const long = keys(12);
  assertEquals(long[0], "0".repeat(20));
  assertEquals(new Set(long).size, 12);
  assertEquals(keys(5), long.slice(0, 5));
});

Deno.test("spreadArchitectures() takes a whole small space, each once, and refuses more", () => {
  const tiny = {
    ...space,
    choices: authorsChoices.slice(0, 2),
    stageRepeats: [1, 1, 1],
    stageChannels: [64, 160, 320],
  };
  const options = optionsOf({
    space: tiny,
    costs: costTable(tiny),
    budget: { macs: null, parameters: null, latencyMs: null },
    first: [0, 1, 0],
  });
  const keys = spreadArchitectures(options, 8).map(({ choices }) => architectureKey(choices));
  assertEquals(keys.sort(), ["000", "001", "010", "011", "100", "101", "110", "111"]);
  assertThrows(
    () => spreadArchitectures(options, 9),
    RangeError,
    "Cannot choose 9 architectures as only 8 distinct ones were found within the budget",
  );
});

Deno.test("spreadArchitectures() carries each one's latency, where the costs have it", () => {
  const latencies = { stemMs: 1, blocksMs: new Array(20).fill([1, 2, 3, 4]) };
  const [one] = spreadArchitectures(optionsOf({ costs: costTable(space, 224, latencies) }), 1);
  assertAlmostEquals(one.latencyMs!, one.choices.reduce((sum, choice) => sum + choice + 1, 1), 1e-9);
});
