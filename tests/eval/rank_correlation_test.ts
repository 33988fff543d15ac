import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { bootstrapInterval, kendallTau, spearmanRho } from "../../lib/eval/rank_correlation.ts";

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

Deno.test("kendallTau() and spearmanRho() are scipy 1.17.1's, with ties on both sides", () => {
  const cases = [
    {
      x: [0.4, 0, 0, 0.1, 0, 0.4, 0.4, 0.2],
      y: [0.2, 0, 0.1, 0.25, 0.3, 0.4, 0.3, 0.1],
      tau: 0.41812100500354543,
      rho: 0.5066945919381399,
    },
    {
      x: [0.2, 0.2, 0, 0, 0.1, 0.1, 0.3, 0.2, 0.1, 0.1, 0.2, 0.2],
      y: [0.1, 0.3, 0.3, 0.3, 0.35, 0.15, 0.25, 0.3, 0.25, 0.25, 0.4, 0.2],
      tau: -0.13245323570650439,
      rho: -0.15947578484383482,
    },
    { x: [9.3, 0, 0.7, 9.7, 9.4], y: [7.55, 1.3, 3.45, 5.25, 13.6], tau: 0.6, rho: 0.7 },
  ];
  for (const { x, y, tau, rho } of cases) {
    assertAlmostEquals(kendallTau(x, y), tau, 1e-12);
    assertAlmostEquals(spearmanRho(x, y), rho, 1e-12);
  }
});

Deno.test("bootstrapInterval() holds the middle of the distribution over draws", () => {
  // All draws of three pairs are known: of the 24 in 27 that have an order tau is -1 in 6, 1/3 in 6 and 1 in 12.
  const interval = (level: number): [number, number] =>
    bootstrapInterval([1, 2, 3], [1, 3, 2], kendallTau, stream(0, "bootstrap"), { level });
  assertEquals(interval(0.8).map((value) => value.toFixed(3)), ["-1.000", "1.000"]); // shares 0.1 and 0.9
  assertEquals(interval(0.4).map((value) => value.toFixed(3)), ["0.333", "1.000"]); // shares 0.3 and 0.7
  assertEquals(interval(0.1).map((value) => value.toFixed(3)), ["0.333", "1.000"]); // shares 0.45 and 0.55
});

Deno.test("bootstrapInterval() is the same for the same stream, and narrower with more pairs", () => {
  const pairs = (count: number): [number[], number[]] => {
    const random = stream(1, "pairs");
    const x = Array.from({ length: count }, () => random.normal());
    return [x, x.map((value) => value + random.normal())];
  };
  const width = (count: number): number => {
    const [x, y] = pairs(count);
    const [low, high] = bootstrapInterval(x, y, kendallTau, stream(2), { resamples: 200 });
    assertEquals(bootstrapInterval(x, y, kendallTau, stream(2), { resamples: 200 }), [low, high]);
    assert(low < kendallTau(x, y) && kendallTau(x, y) < high, `[${low}, ${high}]`);
    return high - low;
  };
  assert(width(80) < 0.7 * width(10));
});

Deno.test("bootstrapInterval() leaves out draws without order, and is NaN where none has one", () => {
  assertEquals(bootstrapInterval([1, 2], [5, 6], spearmanRho, stream(0)).map((v) => v.toFixed(9)), [
    "1.000000000",
    "1.000000000",
  ]);
  assertEquals(bootstrapInterval([1, 1, 1], [5, 6, 7], kendallTau, stream(0)), [NaN, NaN]);
  assertEquals(bootstrapInterval([], [], kendallTau, stream(0)), [NaN, NaN]);
  assertThrows(() => bootstrapInterval([1], [], kendallTau, stream(0)), RangeError, "lengths are 1 and 0");
});
