import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Comparison } from "../../bench/peers/comparison.ts";
import { regressions, updatedRatios } from "../../bench/peers/stored_ratios.ts";

const stored = { ours: "a", torch: "b", ratios: { "row one": spread(0.5, 0.5), "row two": spread(1, 1) } };

function spread(
  median: number,
  lowerQuartile: number,
): { median: number; lowerQuartile: number; upperQuartile: number } {
  return { median, lowerQuartile, upperQuartile: median };
}

function comparison(name: string, median: number, lowerQuartile: number): Comparison {
  const ratio = spread(median, lowerQuartile);
  return { name, ours: ratio, modes: [], best: "eager", ratio, least: null, rounds: 9, memory: null };
}

Deno.test("a row is worse if its lower quartile is over a tenth above the stored median", () => {
  const lines = regressions(stored, [comparison("row one", 0.6, 0.551), comparison("row two", 1.3, 1.0999)]);
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0], "row one: 0.600 of PyTorch's time (eager; lower quartile 0.551)");
  assertStringIncludes(lines[0], "wanted at most 0.550: stored 0.500");
});

Deno.test("rows that are not stored can't be worse", () => {
  assertEquals(regressions(stored, [comparison("row three", 9, 9)]), []);
});

Deno.test("an update replaces what was measured and keeps the rest", () => {
  const greeting = { version: "v", device: "d" };
  const run = { ours: greeting, torch: greeting, comparisons: [comparison("row two", 0.123456, 0.1)] };
  const { ratios, torch } = updatedRatios(stored, run);
  assertEquals(torch, "v, d");
  assertEquals(ratios["row one"], stored.ratios["row one"]);
  assertEquals(ratios["row two"], { median: 0.1235, lowerQuartile: 0.1, upperQuartile: 0.1235 });
  assertEquals(Object.keys(updatedRatios(null, run).ratios), ["row two"]);
});
