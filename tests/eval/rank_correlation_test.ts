import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { kendallTau, spearmanRho } from "../../lib/eval/rank_correlation.ts";

Deno.test("kendallTau() and spearmanRho() are 1 for the same order and -1 for the reverse", () => {
  const x = [0.1, 0.5, 0.7, 2];
  const y = x.map((value) => value ** 3);
  assertAlmostEquals(kendallTau(x, y), 1, 1e-12);
  assertAlmostEquals(spearmanRho(x, y), 1, 1e-12);
  assertAlmostEquals(kendallTau(x, y.map((value) => -value)), -1, 1e-12);
  assertAlmostEquals(spearmanRho(x, y.map((value) => -value)), -1, 1e-12);
});

Deno.test("kendallTau() corrects for ties", () => {
  // Pairs: x ties once, y never: 5 concordant of 6, so 5 / sqrt(5 * 6).
  assertAlmostEquals(kendallTau([1, 1, 2, 3], [1, 2, 3, 4]), 5 / Math.sqrt(30), 1e-12);
});

Deno.test("spearmanRho() gives ties their mean rank", () => {
  // Ranks less their mean: x -1, -1, 0.5, 1.5 and y -1.5, -0.5, 0.5, 1.5; products 1.5 + 0.5 + 0.25 + 2.25.
  assertAlmostEquals(spearmanRho([1, 1, 2, 3], [1, 2, 3, 4]), 4.5 / Math.sqrt(4.5 * 5), 1e-12);
});

Deno.test("kendallTau() and spearmanRho() are NaN where all are equal or there is nothing to order", () => {
  assert(Number.isNaN(kendallTau([1, 1], [1, 2])));
  assert(Number.isNaN(spearmanRho([1, 1], [1, 2])));
  assert(Number.isNaN(kendallTau([], [])));
});

Deno.test("kendallTau() and spearmanRho() refuse lengths that disagree and scores that are not finite", () => {
  assertThrows(() => kendallTau([1], []), RangeError, "lengths are 1 and 0");
  assertThrows(() => spearmanRho([1, NaN], [1, 2]), RangeError, "pair 1 is NaN, 2");
});

Deno.test("spearmanRho() does not change its input", () => {
  const x = [3, 1, 2];
  spearmanRho(x, [1, 2, 3]);
  assertEquals(x, [3, 1, 2]);
});
