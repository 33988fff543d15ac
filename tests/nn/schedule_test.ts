import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { linearDecay, warmupMultiStep } from "../../lib/nn/schedule.ts";

Deno.test("linearDecay() starts at the rate and is 0 at the end and after", () => {
  const schedule = linearDecay(0.5, 10);
  assertEquals([0, 5, 10, 11].map(schedule), [0.5, 0.25, 0, 0]);
});

Deno.test("warmupMultiStep() is the authors' COCO schedule", () => {
  const schedule = warmupMultiStep({
    learningRate: 0.02,
    totalSteps: 90_000,
    warmupSteps: 500,
    warmupFactor: 1 / 3,
    decayAt: [60_000 / 90_000, 80_000 / 90_000],
  });
  const wanted = [[0, 0.02 / 3], [250, 0.02 * 2 / 3], [500, 0.02], [59_999, 0.02], [60_000, 0.002], [
    79_999,
    0.002,
  ], [
    80_000,
    0.0002,
  ]];
  for (const [step, rate] of wanted) assertAlmostEquals(schedule(step), rate, 1e-9);
});

Deno.test("warmupMultiStep() without warm-up starts at the full rate", () => {
  const settings = { learningRate: 1, totalSteps: 4, warmupSteps: 0, warmupFactor: 0.1, decayAt: [] };
  assertEquals(warmupMultiStep(settings)(0), 1);
});

Deno.test("a schedule of no steps is refused", () => {
  assertThrows(
    () => linearDecay(1, 0),
    RangeError,
    "Cannot make a learning rate schedule as its steps must be above 0: they are 0",
  );
});
