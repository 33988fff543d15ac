import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  choicesFigure,
  macsFigure,
  parametersFigure,
  progressFigure,
  scoredCandidates,
  searchProgress,
} from "../../lib/report/search_plots.ts";
import type { ReportCandidate, ReportSearch } from "../../lib/report/report_input.ts";
import { candidate, count } from "./records.ts";

const failed = candidate({ status: "failed", score: null, reason: "no memory", generation: 1 });
const candidates: ReportCandidate[] = [
  candidate({ score: 0.2 }),
  candidate({ score: 0.4, macs: 3e6 }),
  candidate({ score: 0.1, generation: 1 }),
  candidate({ score: 0.3, generation: 1, macs: 4e6 }),
  failed,
  candidate({ score: 0.25, strategy: "random" }),
  candidate({ score: 0.35, strategy: "random", generation: 1 }),
];
const search: ReportSearch = { scoreName: "AP", budget: { macs: 5e6, parameters: null }, candidates };
const winner = { space: "six", choices: [0, 0, 0, 0, 0, 0], macs: 3e6, parameters: 1e5, score: 0.4 };

/** Circles in the groups of that class. */
function circles(source: string, kind: string): number {
  const groups = source.matchAll(/<g[^>]*class="(\w+)"[^>]*>(.*?)<\/g>/gs);
  return [...groups].filter(([, name]) => name === kind).reduce(
    (sum, [, , body]) => sum + count(body, "<circle"),
    0,
  );
}

Deno.test("the best so far never falls, the mean is the generation's own", () => {
  const progress = searchProgress(candidates, "evolution");
  assertEquals(progress.map(({ generation, scored, bestSoFar }) => [generation, scored, bestSoFar]), [
    [0, 2, 0.4],
    [1, 2, 0.4],
  ]);
  assertEquals(progress.map(({ mean }) => +mean.toFixed(12)), [0.3, 0.2]);
});

Deno.test("generations come in order and a candidate without a score counts nowhere", () => {
  assertEquals(scoredCandidates([failed, candidate({ score: NaN })]), []);
  assertEquals(searchProgress([...candidates].reverse(), "random").map(({ generation }) => generation), [
    0,
    1,
  ]);
  assertEquals(searchProgress([failed], "evolution"), []);
});

Deno.test("the progress has a dot a scored candidate, and best and mean a generation and strategy", () => {
  const { source } = progressFigure(search);
  assertEquals([circles(source, "candidate"), circles(source, "best"), circles(source, "mean")], [6, 4, 4]);
});

Deno.test("the costs have a dot a scored candidate, the budget and the winner", () => {
  const { source } = macsFigure(search, winner);
  assertEquals(circles(source, "candidate"), 6);
  assertEquals(count(source, `class="winner"`), 1);
  assertEquals(count(source, `class="budget"`), 1);
  assertStringIncludes(source, "budget: 5 M");
});

Deno.test("no budget draws no line, no winner no star", () => {
  const { source } = macsFigure({ ...search, budget: { macs: null, parameters: null } }, undefined);
  assertEquals(count(source, `class="winner"`) + count(source, `class="budget"`), 0);
});

Deno.test("candidates of one score and one cost still have ticks", () => {
  const one = { ...search, candidates: [candidate({ score: 0 })], budget: { macs: null, parameters: 1e5 } };
  for (
    const { source } of [progressFigure(one), macsFigure(one, undefined), parametersFigure(one, undefined)]
  ) {
    assert(!/NaN|undefined|Infinity/.test(source), source);
    assertStringIncludes(source, "x-axis tick label");
  }
});

Deno.test("the choices of the best are shares that fill each block", () => {
  const genes = (choices: number[], score: number): ReportCandidate => candidate({ choices, score });
  const list = [genes([0, 3], 0.5), genes([1, 3], 0.4), genes([2, 2], 0.1)];
  const { source } = choicesFigure({ ...search, candidates: list }, 2);
  assertStringIncludes(source, "Choices of the 2 best candidates");
  const bars = source.match(/<g[^>]*class="share"[^>]*>(.*?)<\/g>/s)?.[1] ?? "";
  assertEquals(count(bars, "<rect"), 3); // two choices at block 0, one at block 1; the third candidate is not among the best
});
