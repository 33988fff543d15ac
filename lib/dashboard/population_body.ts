/**
 * The population as it evolves: every candidate's score against its cost, drawn so that the page can show it up to any
 * generation, with the Pareto front of that time.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { plural } from "../report/format.ts";
import { figure, legend, type Markup, markup } from "../report/html.ts";
import { chart, rangeOf, thinned, wideChartPx } from "../report/plot.ts";
import type { ReportCandidate, Strategy } from "../report/report_input.ts";
import { type ScoredCandidate, scoredCandidates } from "../report/search_progress.ts";
import { strategiesOf, strategyStyles } from "../report/strategy_style.ts";
import { paretoFront } from "../search/pareto.ts";
import type { Budget } from "../search/budget.ts";

/** More moments than this are too many to step through: then several generations make one. */
const mostFrames = 60;
/** More dots than this hide each other. */
const mostDots = 1500;

/** A cost that scores are drawn against, in the unit it is drawn in. */
interface CostAxis {
  readonly label: string;
  readonly of: (candidate: ReportCandidate) => number;
  readonly budget: number | null;
}

/** One moment of the search. */
interface Frame {
  /** The last generation that it shows, from 0. */
  readonly generation: number;
  /** The candidates that it adds. */
  readonly added: readonly ScoredCandidate[];
  /** The candidates that no other one beats so far. */
  readonly front: readonly ScoredCandidate[];
}

/**
 * The candidates of a search in layers, one a moment: groups of class `frame-N` hold the candidates that the moment
 * adds, and one of class `front-N` the front of that moment. The element around tells the moments' generations.
 *
 * @param candidates Any candidates; without a scored one there is a sentence instead.
 * @param scoreName What a score is, e.g. `AP`.
 * @param budget What the search was held to.
 */
export function populationBody(
  candidates: readonly ReportCandidate[],
  scoreName: string,
  budget: Budget,
): Markup {
  const scored = scoredCandidates(candidates);
  if (scored.length === 0) return markup`<p class="note">No candidate has a score yet.</p>`;
  const isTimed = scored.every(({ latencyMs }) => latencyMs !== null);
  const axis: CostAxis = isTimed
    ? { label: "Latency (ms)", of: ({ latencyMs }) => latencyMs ?? NaN, budget: budget.latencyMs }
    : { label: "Multiply-adds (millions)", of: ({ macs }) => macs / 1e6, budget: millions(budget.macs) };
  const frames = framesOf(scored, axis.of);
  const strategies = strategiesOf(scored);
  const title = `Score against ${isTimed ? "latency" : "multiply-adds"}`;
  const key = legend([
    ...strategies.map((strategy) => {
      const { name, color, symbol } = strategyStyles[strategy];
      return { label: name, color, symbol };
    }),
    { label: "Pareto front", color: "var(--winner)", shape: "line" as const },
  ]);
  const moments = frames.map(({ generation }) => generation + 1).join(" ");
  return markup`<div class="moments" data-generations="${moments}">${
    figure(title, populationPicture(frames, strategies, scoreName, axis), noteOf(candidates, scored), key)
  }</div>`;
}

function noteOf(candidates: readonly ReportCandidate[], scored: readonly ScoredCandidate[]): string {
  const without = candidates.length - scored.length;
  return [
    ...(scored.length > mostDots ? ["Of the many candidates, an even part is drawn."] : []),
    ...(without > 0 ? [`Not drawn, as without a score: ${plural(without, "candidate")}.`] : []),
  ].join(" ");
}

function millions(count: number | null): number | null {
  return count === null ? null : count / 1e6;
}

function framesOf(scored: readonly ScoredCandidate[], costOf: CostAxis["of"]): Frame[] {
  const generations = [...new Set(scored.map(({ generation }) => generation))].sort((a, b) => a - b);
  const ends = thinned(generations, mostFrames);
  let before = -1;
  let front: ScoredCandidate[] = [];
  return ends.map((generation) => {
    const after = before;
    before = generation;
    const added = scored.filter((one) => one.generation > after && one.generation <= generation);
    front = paretoFront([...front, ...added], costOf);
    return { generation, added, front };
  });
}

function populationPicture(
  frames: readonly Frame[],
  strategies: readonly Strategy[],
  scoreName: string,
  { label, of, budget }: CostAxis,
): Markup {
  const all = frames.flatMap(({ added }) => added);
  const costs = [...all.map(of), ...(budget === null ? [] : [budget])];
  const most = mostDots / Math.max(1, frames.length);
  return chart({
    description:
      `Scores against ${label.toLowerCase()}, ${all.length} candidates of ${frames.length} moments`,
    widthPx: wideChartPx,
    heightPx: 400,
    x: { label, domain: rangeOf(costs), nice: true, ticks: 10, inset: 8 },
    y: { label: `Score (${scoreName})`, domain: rangeOf(all.map(({ score }) => score)) },
    marks: [
      ...(budget === null ? [] : [budgetMark(budget)]),
      ...frames.flatMap((frame, i) => strategies.map((strategy) => cloud(frame, i, strategy, of, most))),
      ...frames.map(({ front }, i) => frontMark(front, i, of)),
    ],
  });
}

function cloud(
  { added }: Frame,
  frame: number,
  strategy: Strategy,
  of: CostAxis["of"],
  most: number,
): Plot.Markish {
  const { color, symbol } = strategyStyles[strategy];
  return Plot.dot(thinned(added.filter((one) => one.strategy === strategy), most), {
    x: of,
    y: "score",
    symbol,
    r: 3.6,
    fill: color,
    fillOpacity: 0.6,
    stroke: color,
    className: `frame-${frame}`,
  });
}

/** Steps, as the front is: up to the next cost, the last score is the best to be had. */
function frontMark(front: readonly ScoredCandidate[], frame: number, of: CostAxis["of"]): Plot.Markish {
  const place = { x: of, y: "score", stroke: "var(--winner)", className: `front-${frame}` };
  return [
    Plot.line(front, { ...place, curve: "step-after", strokeWidth: 2 }),
    Plot.dot(front, { ...place, r: 5.5, strokeWidth: 1.8 }),
  ];
}

function budgetMark(budget: number): Plot.Markish {
  return Plot.ruleX([budget], { stroke: "currentColor", strokeDasharray: "3 3", className: "budget" });
}
