import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Timing } from "../../lib/space/latency_table.ts";
import { sumOfParts, timingOf, validateSums } from "../../lib/space/latency_validation.ts";

const latencies = { stemMs: 1, blocksMs: [[1, 2], [3, 5]] };

function measured(medianMs: number): Timing {
  return { medianMs, lowerQuartileMs: medianMs, upperQuartileMs: medianMs, repeats: 1 };
}

Deno.test("timingOf() gives median and quartiles, linear between measurements", () => {
  assertEquals(timingOf([4, 1, 3, 2]), {
    medianMs: 2.5,
    lowerQuartileMs: 1.75,
    upperQuartileMs: 3.25,
    repeats: 4,
  });
  assertEquals(timingOf([7]), { medianMs: 7, lowerQuartileMs: 7, upperQuartileMs: 7, repeats: 1 });
});

Deno.test("sumOfParts() adds the stem and one choice a block", () => {
  assertEquals(sumOfParts(latencies, [0, 0]), 5);
  assertEquals(sumOfParts(latencies, [1, 1]), 8);
});

Deno.test("validateSums() states the errors of sums, relative to what was measured", () => {
  const { backbones, ...stated } = validateSums(latencies, [
    { choices: [0, 0], measured: measured(4) }, // sum 5: + 1/4
    { choices: [1, 1], measured: measured(10) }, // sum 8: - 1/5
    { choices: [1, 0], measured: measured(6) }, // sum 6
  ]);
  assertEquals(backbones.map(({ sumMs }) => sumMs), [5, 8, 6]);
  assertAlmostEquals(stated.meanRelativeError, 0.15, 1e-12);
  assertAlmostEquals(stated.maxRelativeError, 0.25, 1e-12);
  assertAlmostEquals(stated.bias, 0.05 / 3, 1e-12);
  // Sums less their mean: -4/3, 5/3, -1/3; measured: -8/3, 10/3, -2/3, twice as much.
  assertAlmostEquals(stated.correlation!, 1, 1e-12);
});

Deno.test("validateSums() has no correlation where sums or measurements don't vary", () => {
  assertEquals(validateSums(latencies, [{ choices: [0, 0], measured: measured(4) }]).correlation, null);
});
