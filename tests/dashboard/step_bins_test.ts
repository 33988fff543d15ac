import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { StepBins, type StepPoint } from "../../lib/dashboard/step_bins.ts";

function point(step: number, loss: number): StepPoint {
  return { step, loss, learningRate: 0.1, elapsedMs: 10, waitMs: 0, rssBytes: NaN };
}

Deno.test("StepBins keeps each of few steps, and what was not measured is null", () => {
  const bins = new StepBins(4);
  for (const step of [1, 2, 3]) bins.add(point(step, 10 * step));
  assertEquals(bins.width, 1);
  assertEquals(bins.bins().map(({ step, loss }) => [step, loss?.mean]), [[1, 10], [2, 20], [3, 30]]);
  assertEquals(bins.bins().map(({ rssBytes }) => rssBytes), [null, null, null]);
});

Deno.test("StepBins makes two bins one when it is full, with mean and range of all steps", () => {
  const bins = new StepBins(4);
  for (const step of [1, 2, 3, 4, 5]) bins.add(point(step, step));
  assertEquals(bins.width, 2);
  assertEquals(bins.bins().map(({ step, loss }) => ({ step, ...loss })), [
    { step: 1.5, mean: 1.5, low: 1, high: 2 },
    { step: 3.5, mean: 3.5, low: 3, high: 4 },
    { step: 5, mean: 5, low: 5, high: 5 },
  ]);
});

Deno.test("StepBins leaves a loss that is not finite out of its bin", () => {
  const bins = new StepBins(2);
  for (const [step, loss] of [[1, 1], [2, NaN], [3, 3], [4, Infinity]]) bins.add(point(step, loss));
  assertEquals(bins.bins().map(({ loss }) => loss), [
    { mean: 1, low: 1, high: 1 },
    { mean: 3, low: 3, high: 3 },
  ]);
});

Deno.test("StepBins holds any number of steps in its bins, and loses none and no extreme", () => {
  const bins = new StepBins(240);
  const steps = 1_000_000;
  for (let step = 1; step <= steps; step++) bins.add(point(step, step === 123_457 ? 99 : step % 2));
  const found = bins.bins();
  assert(found.length > 120 && found.length <= 240, `${found.length} bins`);
  assertEquals(bins.lastStep, steps);
  assertEquals(Math.max(...found.map(({ loss }) => loss!.high)), 99);
  assertAlmostEquals(found[0].loss!.mean, 0.5, 1e-9);
});

Deno.test("StepBins takes a curve that begins late", () => {
  const bins = new StepBins(8);
  bins.add(point(1001, 1));
  bins.add(point(1002, 2));
  assertEquals(bins.bins().length, 1);
  assertEquals(bins.bins()[0].loss, { mean: 1.5, low: 1, high: 2 });
});
