import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { binLosses, trainingFigures } from "../../lib/report/training_plots.ts";

const point = (step: number, loss: number): { step: number; loss: number; learningRate: number } => ({
  step,
  loss,
  learningRate: 0.1,
});

Deno.test("few points stay one a bin", () => {
  assertEquals(binLosses([point(1, 3), point(2, 1)], 10), [
    { step: 1, mean: 3, low: 3, high: 3 },
    { step: 2, mean: 1, low: 1, high: 1 },
  ]);
});

Deno.test("many points share bins, and every extreme stays", () => {
  assertEquals(binLosses([1, 5, 3, 2, 8].map((loss, i) => point(i, loss)), 3), [
    { step: 0.5, mean: 3, low: 1, high: 5 },
    { step: 2.5, mean: 2.5, low: 2, high: 3 },
    { step: 4, mean: 8, low: 8, high: 8 },
  ]);
});

Deno.test("a loss that is no number is left out", () => {
  assertEquals(binLosses([point(1, NaN), point(2, 4), point(3, Infinity)], 10), [{
    step: 2,
    mean: 4,
    low: 4,
    high: 4,
  }]);
});

Deno.test("a curve has loss and learning rate, and scores where it has any", () => {
  const curve = { title: "T", points: [point(1, 3), point(2, 1)], scores: [], scoreName: "top-1 accuracy" };
  const without = trainingFigures(curve).source;
  assertStringIncludes(without, "<figcaption>Learning rate</figcaption>");
  assert(!without.includes("accuracy"));
  const scored = trainingFigures({ ...curve, scores: [{ step: 2, score: 0.5 }] }).source;
  assertStringIncludes(scored, "<figcaption>Top-1 accuracy on held-out images</figcaption>");
});

Deno.test("a training without steps gives nothing; one of bad numbers draws no NaN", () => {
  const curve = { title: "T", scores: [], scoreName: "AP" };
  assertEquals(trainingFigures({ ...curve, points: [] }).source, "");
  const { source } = trainingFigures({ ...curve, points: [point(1, NaN)] });
  assert(!/NaN|undefined|Infinity/.test(source), source);
});
