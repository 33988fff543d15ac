/**
 * The trade-off of score and cost: each strategy's Pareto front, and its hypervolume as a number.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { formatCount, formatSpread } from "./format.ts";
import { figure, legend, type Markup, markup, nothing } from "./html.ts";
import { chart, rangeOf, wideChartPx } from "./plot.ts";
import type { ReportFront, ReportFronts, ReportSearch } from "./report_input.ts";
import { type Spread, spreadOf } from "./search_progress.ts";
import { strategyKey, strategyOrder, strategyStyles } from "./strategy_style.ts";
import { type Column, htmlTable } from "./table.ts";

/** The fronts of each kind of cost, and their hypervolumes; nothing where none was computed. */
export function paretoBody({ fronts, scoreName }: ReportSearch): Markup {
  const drawn = fronts.filter(({ strategies }) => strategies.some(({ points }) => points.length > 0));
  if (drawn.length === 0) return nothing;
  return markup`<h3>Score and cost together</h3>\n${drawn.map((one) => frontsBody(one, scoreName))}`;
}

/** One line of the table of hypervolumes. */
export interface HypervolumeRow {
  /** Whose front it is. */
  readonly name: string;
  /** Candidates on the front of all trials. */
  readonly points: number;
  /** The trials' hypervolumes, as shares of the rectangle from score 0 to 1 and cost 0 to the reference. */
  readonly share: Spread | null;
}

/** Hypervolumes of each strategy, as shares of what a perfect score at no cost would dominate. */
export function hypervolumeRows({ strategies, referenceCost }: ReportFronts): HypervolumeRow[] {
  return inOrder(strategies).map(({ strategy, points, hypervolumes }) => ({
    name: strategyStyles[strategy].name,
    points: points.length,
    share: spreadOf(hypervolumes.map((volume) => volume / referenceCost)),
  }));
}

/** As everywhere else. */
function inOrder(fronts: readonly ReportFront[]): ReportFront[] {
  return strategyOrder.flatMap((strategy) => fronts.filter((front) => front.strategy === strategy));
}

function frontsBody(fronts: ReportFronts, scoreName: string): Markup {
  const { label, scale, reference } = costText(fronts);
  const strategies = inOrder(fronts.strategies).filter(({ points }) => points.length > 0);
  const all = strategies.flatMap(({ points }) => points);
  const costs = rangeOf(all.map(({ cost }) => cost / scale));
  const picture = chart({
    description: `Pareto fronts of score against ${fronts.cost === "macs" ? "multiply-adds" : "latency"}`,
    widthPx: wideChartPx,
    heightPx: 360,
    x: { label, domain: costs, nice: true, ticks: 10, inset: 8 },
    y: { label: `Score (${scoreName})`, domain: rangeOf(all.map(({ score }) => score)) },
    marks: strategies.map((front) => frontMarks(front, scale)),
  });
  const title = `Pareto fronts of score against ${fronts.cost === "macs" ? "multiply-adds" : "latency"}`;
  const note =
    "A mark: a candidate that no other of its strategy, over all trials, beats in score and in cost.";
  return markup`${
    figure(title, picture, note, legend(strategies.map(({ strategy }) => strategyKey(strategy))))
  }${htmlTable(hypervolumeColumns(), hypervolumeRows(fronts))}
<p class="note">Hypervolume: the area of score and cost that a trial's front dominates, up to ${reference} and down to score 0, as a share of what score 1 at no cost would dominate; mean over trials ± standard deviation. More is better.</p><br>`;
}

function costText(
  { cost, referenceCost }: ReportFronts,
): { label: string; scale: number; reference: string } {
  return cost === "macs"
    ? {
      label: "Multiply-adds (millions)",
      scale: 1e6,
      reference: `${formatCount(referenceCost)} multiply-adds`,
    }
    : { label: "Latency (ms)", scale: 1, reference: `${+referenceCost.toPrecision(4)} ms` };
}

/** Steps: between two of its points, a front is as good as the cheaper one. */
function frontMarks({ strategy, points }: ReportFront, scale: number): Plot.Markish[] {
  const { color, dashes, symbol } = strategyStyles[strategy];
  const [x, y] = [({ cost }: { cost: number }): number => cost / scale, "score"];
  const dashed = dashes === "none" ? {} : { strokeDasharray: dashes };
  return [
    Plot.lineY(points, {
      x,
      y,
      stroke: color,
      strokeWidth: 1.8,
      ...dashed,
      curve: "step-after",
      className: "front",
    }),
    Plot.dot(points, { x, y, r: 4, fill: color, symbol, className: "mark" }),
  ];
}

function hypervolumeColumns(): Column<HypervolumeRow>[] {
  return [
    { title: "Strategy", value: ({ name }) => name },
    { title: "On its front", value: ({ points }) => points },
    {
      title: "Hypervolume",
      value: ({ share }) => share?.mean ?? null,
      text: ({ share }) => formatSpread(share, 4),
    },
  ];
}
