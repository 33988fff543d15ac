import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  bestSoFar,
  referenceScore,
  scoredCandidates,
  searchProgress,
  spreadOf,
  spreadOverTrials,
  summarizeStrategies,
  trialsOf,
} from "../../lib/report/search_progress.ts";
import type { ReportCandidate } from "../../lib/report/report_input.ts";
import { candidate } from "./records.ts";

const failed = candidate({ status: "failed", score: null, reason: "no memory", generation: 1 });

/** One trial's candidates by their scores, two a generation; `null` failed. */
function trial(
  scores: readonly (number | null)[],
  changes: Partial<ReportCandidate> = {},
): ReportCandidate[] {
  return scores.map((score, i) =>
    candidate({
      generation: Math.floor(i / 2),
      slot: i % 2,
      ...(score === null ? { status: "failed", reason: "r" } : {}),
      score,
      ...changes,
    })
  );
}

Deno.test("the best so far never falls, the mean is the generation's own", () => {
  const progress = searchProgress(trial([0.2, 0.4, 0.1, 0.3]), "evolution");
  assertEquals(progress.map(({ generation, scored, bestSoFar }) => [generation, scored, bestSoFar]), [
    [0, 2, 0.4],
    [1, 2, 0.4],
  ]);
  assertEquals(progress.map(({ mean }) => +mean.toFixed(12)), [0.3, 0.2]);
});

Deno.test("generations come in order and a candidate without a score counts nowhere", () => {
  const two = [candidate({ generation: 1 }), candidate({})];
  assertEquals(scoredCandidates([failed, candidate({ score: NaN })]), []);
  assertEquals(searchProgress(two, "evolution").map(({ generation }) => generation), [0, 1]);
  assertEquals(searchProgress([failed], "evolution"), []);
});

Deno.test("a trial's candidates come in the order they were tried, whatever the rows' order", () => {
  const first = trial([0.1, 0.2, 0.3, 0.4]);
  const second = trial([0.5, 0.6], { trial: 1 });
  const shuffled = [...first, ...second].reverse();
  const scores = trialsOf(shuffled, "evolution").map((own) => own.map(({ score }) => score));
  assertEquals(scores, [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6]]);
  assertEquals(trialsOf(shuffled, "random"), []);
});

Deno.test("a failed candidate costs an evaluation and leaves the best as it was", () => {
  assertEquals(bestSoFar(trial([null, 0.2, null, 0.1, 0.3])), [null, 0.2, 0.2, 0.2, 0.3]);
});

Deno.test("the spread goes over the trials at the same number of evaluations", () => {
  const points = spreadOverTrials([trial([0.1, 0.4]), trial([0.3, 0.2])]);
  assertEquals(points, [
    { evaluations: 1, mean: 0.2, low: 0.1, high: 0.3 },
    { evaluations: 2, mean: 0.35, low: 0.3, high: 0.4 },
  ]);
});

Deno.test("the spread begins where every trial has a score; one that ends early keeps its best", () => {
  const points = spreadOverTrials([trial([null, 0.2]), trial([0.4, 0.1, 0.6]), trial([null])]);
  assertEquals(points.map(({ evaluations, low, high }) => [evaluations, low, high]), [
    [2, 0.2, 0.4],
    [3, 0.2, 0.6],
  ]);
});

Deno.test("the standard deviation is the sample's, and one number has none", () => {
  const spread = spreadOf([1, 2, 3, 4]);
  assertAlmostEquals(spread?.sd ?? NaN, 1.2909944487358056, 1e-12);
  assertEquals(spreadOf([2]), { count: 1, mean: 2, sd: null, low: 2, high: 2 });
  assertEquals(spreadOf([]), null);
});

Deno.test("strategies are summed up apart, over their trials", () => {
  const candidates = [
    ...trial([0.2, 0.4, null]),
    ...trial([0.1, 0.2, 0.2], { trial: 1 }),
    ...trial([0.3, 0.1], { strategy: "random" }),
  ];
  const [evolution, random] = summarizeStrategies(candidates);
  assertEquals([evolution.strategy, random.strategy], ["evolution", "random"]);
  assertEquals([evolution.trials, evolution.tried, evolution.failed, evolution.seconds], [2, 6, 1, 0.6]);
  assertEquals([evolution.best?.low, evolution.best?.high, evolution.best?.count], [0.2, 0.4, 2]);
  assertAlmostEquals(evolution.best?.mean ?? NaN, 0.3, 1e-12);
  // Random search ended with 0.3: the first trial has that at its second candidate, the second never.
  assertEquals(evolution.reached, { count: 1, mean: 2, sd: null, low: 2, high: 2 });
  assertEquals([random.reached?.mean, random.best?.sd], [1, null]);
});

Deno.test("a strategy without any score has dashes, and not a zero", () => {
  const [summary] = summarizeStrategies([failed]);
  assertEquals([summary.best, summary.lastMean, summary.reached], [null, null, null]);
});

Deno.test("the reference is random search's mean best, or without it the least strategy's", () => {
  const random = [...trial([0.1], { strategy: "random" }), ...trial([0.3], { strategy: "random", trial: 1 })];
  const others = [...trial([0.05]), ...trial([0.5], { strategy: "nsga2" })];
  assertAlmostEquals(referenceScore([...random, ...others]) ?? NaN, 0.2, 1e-12);
  assertEquals(referenceScore(others), 0.05);
  assertEquals(referenceScore([failed]), null);
});
