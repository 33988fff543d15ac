/**
 * Candidates in pictures: scores against cost, and what the best have in common.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { choiceStyle } from "./choice_style.ts";
import { figure, legend, type LegendEntry, type Markup } from "./html.ts";
import { chart, rangeOf, thinned, wholeTicks, wideChartPx } from "./plot.ts";
import type { ReportCandidate, ReportChoice, ReportSearch, ReportWinner, Strategy } from "./report_input.ts";
import { type ScoredCandidate, scoredCandidates } from "./search_progress.ts";
import { strategiesOf, strategyStyles } from "./strategy_style.ts";

/** Scores against multiply-adds, with the budget and the winner; fuller dots are of later generations. */
export function macsFigure(search: ReportSearch, winner: ReportWinner | undefined): Markup {
  const budget = search.budget.macs;
  return costFigure(search, winner && Number.isFinite(winner.score) ? winner : undefined, {
    name: "Multiply-adds",
    unit: "millions",
    short: "M",
    of: ({ macs }) => macs / MILLION,
    budget: budget === null ? null : budget / MILLION,
  });
}

/** Scores against parameters, as `macsFigure`. */
export function parametersFigure(search: ReportSearch, winner: ReportWinner | undefined): Markup {
  const budget = search.budget.parameters;
  return costFigure(search, winner && Number.isFinite(winner.score) ? winner : undefined, {
    name: "Parameters",
    unit: "millions",
    short: "M",
    of: ({ parameters }) => parameters / MILLION,
    budget: budget === null ? null : budget / MILLION,
  });
}

/** Scores against measured time, as `macsFigure`; candidates without a time are left out. */
export function latencyFigure(search: ReportSearch, winner: ReportWinner | undefined): Markup {
  const timed = search.candidates.filter(({ latencyMs }) => latencyMs !== null);
  const best = timed.find(({ choices }) => choices.join() === winner?.choices.join());
  return costFigure({ ...search, candidates: timed }, best, {
    name: "Latency",
    unit: "ms",
    short: "ms",
    of: ({ latencyMs }) => latencyMs ?? NaN,
    budget: search.budget.latencyMs,
  });
}

/**
 * Which choice the best candidates make at each block: a bar a block, parted by choice.
 *
 * @param search The search.
 * @param choices What each block is chosen from.
 * @param count So many candidates, best first; an architecture that several strategies found counts once.
 */
export function choicesFigure(
  search: ReportSearch,
  choices: readonly ReportChoice[],
  count: number,
): Markup {
  const best = distinct(scoredCandidates(search.candidates).sort((a, b) => b.score - a.score)).slice(
    0,
    count,
  );
  const genes = best.flatMap(({ choices }) => choices.map((choice, block) => ({ choice, block })));
  const blocks = Math.max(0, ...best.map(({ choices }) => choices.length));
  const colors = choices.map((choice) => choiceStyle(choice).color);
  const shares = Array.from({ length: blocks }, (_, block) => choiceShares(genes, block, colors)).flat();
  const picture = chart({
    description: `Share of each choice by block among the best candidates, ${best.length} of them`,
    widthPx: wideChartPx,
    heightPx: 210,
    x: {
      label: "Block",
      domain: [-0.5, blocks - 0.5],
      ticks: wholeTicks(0, blocks - 1, 20),
      tickFormat: "d",
    },
    y: { label: "Share (%)", domain: [0, 100] },
    marks: [Plot.rect(shares, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: "color", className: "share" })],
  });
  const key = choices.map(choiceStyle).map(({ name, color }) => ({ label: name, color }));
  return figure(
    best.length === 1 ? "Choices of the best candidate" : `Choices of the ${best.length} best candidates`,
    picture,
    "",
    legend(key),
  );
}

interface Costs {
  readonly macs: number;
  readonly parameters: number;
  readonly latencyMs?: number | null;
  readonly score: number | null;
}

/** A kind of cost, in the unit it is drawn in. */
interface Cost {
  readonly name: string;
  readonly unit: string;
  readonly short: string;
  readonly of: (costs: Costs) => number;
  readonly budget: number | null;
}

function costFigure(search: ReportSearch, winner: Costs | undefined, cost: Cost): Markup {
  const scored = scoredCandidates(search.candidates);
  const strategies = strategiesOf(scored);
  const shown: Costs[] = winner ? [...scored, winner] : scored;
  const costs = [...shown.map(cost.of), ...(cost.budget === null ? [] : [cost.budget])];
  const scores = shown.flatMap(({ score }) => score ?? []);
  const picture = chart({
    description: `Scores against ${cost.name.toLowerCase()}`,
    widthPx: wideChartPx,
    heightPx: 400,
    x: { label: `${cost.name} (${cost.unit})`, domain: rangeOf(costs), nice: true, ticks: 10, inset: 8 },
    y: { label: `Score (${search.scoreName})`, domain: rangeOf(scores) },
    marks: [
      ...budgetMarks(cost),
      ...strategies.map((strategy) => cloud(scored, strategy, cost, MOST_DOTS / strategies.length)),
      ...(winner ? [winnerMark(winner, cost)] : []),
    ],
  });
  const key = [...strategies.map(cloudKey), ...(winner ? [WINNER_KEY] : [])];
  const hasGenerations = scored.some(({ strategy }) => strategy !== "random");
  const hasMore = strategies.some((strategy) =>
    scored.filter((one) => one.strategy === strategy).length > MOST_DOTS / strategies.length
  );
  const notes = [
    ...(hasGenerations ? ["Fuller marks are of later generations; random search is outlined."] : []),
    ...(hasMore ? ["Of the many candidates, an even part is drawn."] : []),
  ];
  return figure(`Score against ${cost.name.toLowerCase()}`, picture, notes.join(" "), legend(key));
}

interface Gene {
  readonly choice: number;
  readonly block: number;
}

/** The stacked parts of one block's bar, percent; a choice that nobody makes has none. */
function choiceShares(
  genes: readonly Gene[],
  block: number,
  colors: readonly string[],
): { x1: number; x2: number; y1: number; y2: number; color: string }[] {
  const own = genes.filter((gene) => gene.block === block);
  const upTo = (end: number): number => 100 * own.filter(({ choice }) => choice < end).length / own.length;
  return colors.flatMap((color, choice) => {
    const [y1, y2] = [upTo(choice), upTo(choice + 1)];
    return y1 === y2 ? [] : [{ x1: block - 0.42, x2: block + 0.42, y1, y2, color }];
  });
}

function distinct<C extends ReportCandidate>(candidates: readonly C[]): C[] {
  return [...new Map([...candidates].reverse().map((one) => [one.choices.join(), one])).values()].reverse();
}

function cloud(
  scored: readonly ScoredCandidate[],
  strategy: Strategy,
  cost: Cost,
  most: number,
): Plot.Markish {
  const own = thinned(scored.filter((one) => one.strategy === strategy), most);
  const { color, symbol } = strategyStyles[strategy];
  const place = { x: cost.of, y: "score", symbol, className: "candidate" };
  if (strategy === "random") return Plot.dot(own, { ...place, r: 3.2, stroke: color, strokeOpacity: 0.75 });
  const last = Math.max(1, ...own.map(({ generation }) => generation));
  const fillOpacity = (one: ScoredCandidate): number => 0.15 + 0.75 * one.generation / last;
  return Plot.dot(own, {
    ...place,
    r: 3.4,
    fill: color,
    fillOpacity: { value: fillOpacity, scale: null },
    stroke: color,
    strokeOpacity: 0.5,
    strokeWidth: 0.6,
  });
}

function budgetMarks({ budget, short }: Cost): Plot.Markish[] {
  if (budget === null) return [];
  const label = {
    text: (): string => `budget: ${+budget.toPrecision(4)} ${short}`,
    frameAnchor: "top" as const,
    lineAnchor: "bottom" as const,
    dy: -6,
  };
  return [
    Plot.ruleX([budget], {
      stroke: "currentColor",
      strokeDasharray: "3 3",
      strokeOpacity: 0.8,
      className: "budget",
    }),
    Plot.text([budget], { x: (x: number): number => x, ...label, textAnchor: "end", fill: "currentColor" }),
  ];
}

function winnerMark(winner: Costs, cost: Cost): Plot.Markish {
  return Plot.dot([winner], {
    x: cost.of,
    y: "score",
    symbol: "star",
    r: 9,
    fill: "var(--winner)",
    stroke: "var(--plot-background)",
    strokeWidth: 1.5,
    className: "winner",
  });
}

function cloudKey(strategy: Strategy): LegendEntry {
  const { name, color, symbol } = strategyStyles[strategy];
  return { label: name, color, symbol };
}

const MILLION = 1e6;
/** More dots than this hide each other. */
const MOST_DOTS = 1500;
const WINNER_KEY: LegendEntry = { label: "winner", color: "var(--winner)", shape: "star" };
