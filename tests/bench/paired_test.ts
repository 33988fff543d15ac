import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { geometricMean, pairedRatio, spreadOf } from "../../bench/peers/paired.ts";

Deno.test("median and quartiles lie between neighbours", () => {
  assertEquals(spreadOf([4, 1, 2, 3]), { median: 2.5, lowerQuartile: 1.75, upperQuartile: 3.25 });
  assertEquals(spreadOf([7]), { median: 7, lowerQuartile: 7, upperQuartile: 7 });
});

Deno.test("what slows both sides of a round leaves the ratio as it is", () => {
  const slow = [1, 10, 3, 100];
  const ratio = pairedRatio(slow.map((factor) => 2 * factor), slow.map((factor) => 4 * factor));
  assertEquals(ratio, { median: 0.5, lowerQuartile: 0.5, upperQuartile: 0.5 });
});

Deno.test("series of different lengths are no pairs", () => {
  assertThrows(() => pairedRatio([1, 2], [1]), RangeError, "Cannot pair 2 measurements with 1");
  assertThrows(() => pairedRatio([], []), RangeError, "no values");
});

Deno.test("half and twice are even in the geometric mean", () => {
  assertAlmostEquals(geometricMean([0.5, 2]), 1, 1e-12);
  assertEquals(geometricMean([]), 1);
});
