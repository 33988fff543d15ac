/**
 * The search in pictures: evolution beside random by generation, and scores against cost.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { choiceStyles } from "./architecture_picture.ts";
import { figure, legend, type LegendEntry, type Markup } from "./html.ts";
import { chart, rangeOf, wholeTicks, wideChartPx } from "./plot.ts";
import type { ReportCandidate, ReportSearch, ReportWinner } from "./report_input.ts";

/** A way of choosing candidates. */
export type Strategy = ReportCandidate["strategy"];

/** A candidate that has a score. */
export type ScoredCandidate = ReportCandidate & { readonly score: number };

/** One generation of one strategy. */
export interface GenerationProgress {
  /** Who proposed the candidates. */
  readonly strategy: Strategy;
  /** Which generation, from 0. */
  readonly generation: number;
  /** Candidates of this generation with a score. */
  readonly scored: number;
  /** Best score of this generation and all before. */
  readonly bestSoFar: number;
  /** Mean score of this generation. */
  readonly mean: number;
}

/** The candidates that have a finite score. */
export function scoredCandidates(candidates: readonly ReportCandidate[]): ScoredCandidate[] {
  return candidates.filter((one): one is ScoredCandidate =>
    one.status === "scored" && one.score !== null && Number.isFinite(one.score)
  );
}

/**
 * Best and mean score of each generation of a strategy, in order; a generation without a score is left out.
 *
 * @param candidates Candidates of any strategy.
 * @param strategy Which to follow.
 */
export function searchProgress(
  candidates: readonly ReportCandidate[],
  strategy: Strategy,
): GenerationProgress[] {
  const scored = scoredCandidates(candidates).filter((one) => one.strategy === strategy);
  const generations = [...new Set(scored.map(({ generation }) => generation))].sort((a, b) => a - b);
  let bestSoFar = -Infinity;
  return generations.map((generation) => {
    const scores = scored.filter((one) => one.generation === generation).map(({ score }) => score);
    bestSoFar = Math.max(bestSoFar, ...scores);
    return {
      strategy,
      generation,
      scored: scores.length,
      bestSoFar,
      mean: scores.reduce((a, b) => a + b) / scores.length,
    };
  });
}

/** Every score by generation, with the best so far and the mean of each strategy. */
export function progressFigure(search: ReportSearch): Markup {
  const scored = scoredCandidates(search.candidates);
  const strategies = strategiesOf(scored);
  const generations = scored.map(({ generation }) => generation);
  const [low, high] = [Math.min(...generations), Math.max(...generations)];
  const picture = chart({
    description: "Scores by generation: best so far and mean of each strategy",
    widthPx: wideChartPx,
    heightPx: 380,
    x: {
      label: "Generation",
      domain: [low - 0.5, high + 0.5],
      ticks: wholeTicks(low, high, 20),
      tickFormat: "d",
    },
    y: { label: `Score (${search.scoreName})`, domain: rangeOf(scored.map(({ score }) => score)) },
    marks: strategies.flatMap((strategy) => progressMarks(scored, strategy, strategies.length > 1)),
  });
  return figure("Score by generation", picture, "", legend(strategies.flatMap(progressKey)));
}

/** Scores against multiply-adds, with the budget and the winner; later generations of evolution are fuller. */
export function macsFigure(search: ReportSearch, winner: ReportWinner | undefined): Markup {
  const cost = { name: "Multiply-adds", of: ({ macs }: Costs): number => macs };
  return costFigure(search, winner, cost, search.budget.macs);
}

/** Scores against parameters, as `macsFigure`. */
export function parametersFigure(search: ReportSearch, winner: ReportWinner | undefined): Markup {
  const cost = {
    name: "Parameters",
    unit: "millions",
    scale: 1e6,
    of: ({ parameters }: Costs): number => parameters,
  };
  return costFigure(search, winner, cost, search.budget.parameters);
}

/**
 * Which choice the best candidates make at each block: a bar a block, parted by choice.
 *
 * @param search The search.
 * @param count So many candidates, best first.
 */
export function choicesFigure(search: ReportSearch, count: number): Markup {
  const best = scoredCandidates(search.candidates).sort((a, b) => b.score - a.score).slice(0, count);
  const genes = best.flatMap(({ choices }) => choices.map((choice, block) => ({ choice, block })));
  const blocks = Math.max(0, ...best.map(({ choices }) => choices.length));
  const shares = Array.from({ length: blocks }, (_, block) => choiceShares(genes, block)).flat();
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
  const key = choiceStyles.map(({ name, color }) => ({ label: name, color }));
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
}

interface Cost {
  readonly name: string;
  readonly of: (costs: Costs) => number;
}

function costFigure(
  search: ReportSearch,
  winner: ReportWinner | undefined,
  cost: Cost,
  budget: number | null,
): Markup {
  const scored = scoredCandidates(search.candidates);
  const shown = winner && Number.isFinite(winner.score) ? [...scored, winner] : scored;
  const costs = [...shown.map(cost.of), ...(budget === null ? [] : [budget])];
  const domain = rangeOf(costs.map((count) => count / MILLION));
  const picture = chart({
    description: `Scores against ${cost.name.toLowerCase()}`,
    widthPx: wideChartPx,
    heightPx: 400,
    x: { label: `${cost.name} (millions)`, domain, nice: true, ticks: 10, inset: 8 },
    y: { label: `Score (${search.scoreName})`, domain: rangeOf(shown.map(({ score }) => score)) },
    marks: [
      ...budgetMarks(budget === null ? null : budget / MILLION),
      ...strategiesOf(scored).map((strategy) => cloud(scored, strategy, cost)),
      ...winnerMarks(winner, cost),
    ],
  });
  const key = [...strategiesOf(scored).map(cloudKey), ...(winner ? [WINNER_KEY] : [])];
  return figure(`Score against ${cost.name.toLowerCase()}`, picture, "", legend(key));
}

interface Gene {
  readonly choice: number;
  readonly block: number;
}

/** The stacked parts of one block's bar, percent; a choice that nobody makes has none. */
function choiceShares(
  genes: readonly Gene[],
  block: number,
): { x1: number; x2: number; y1: number; y2: number; color: string }[] {
  const own = genes.filter((gene) => gene.block === block);
  const upTo = (end: number): number => 100 * own.filter(({ choice }) => choice < end).length / own.length;
  return choiceStyles.flatMap(({ color }, choice) => {
    const [y1, y2] = [upTo(choice), upTo(choice + 1)];
    return y1 === y2 ? [] : [{ x1: block - 0.42, x2: block + 0.42, y1, y2, color }];
  });
}

function progressMarks(
  scored: readonly ScoredCandidate[],
  strategy: Strategy,
  shifted: boolean,
): Plot.Markish[] {
  const color = `var(--${strategy})`;
  const dx = !shifted ? 0 : strategy === "evolution" ? -5 : 5;
  const own = scored.filter((one) => one.strategy === strategy);
  const progress = searchProgress(own, strategy);
  return [
    Plot.dot(own, {
      x: "generation",
      y: "score",
      r: 2.2,
      fill: color,
      fillOpacity: 0.4,
      dx,
      className: "candidate",
    }),
    Plot.lineY(progress, {
      x: "generation",
      y: "mean",
      stroke: color,
      strokeWidth: 1.8,
      strokeDasharray: "5 4",
    }),
    Plot.lineY(progress, {
      x: "generation",
      y: "bestSoFar",
      stroke: color,
      strokeWidth: 2.6,
      curve: "step-after",
    }),
    Plot.dot(progress, { x: "generation", y: "mean", r: 2.4, fill: color, className: "mean" }),
    Plot.dot(progress, { x: "generation", y: "bestSoFar", r: 3.6, fill: color, className: "best" }),
  ];
}

function cloud(scored: readonly ScoredCandidate[], strategy: Strategy, cost: Cost): Plot.Markish {
  const own = scored.filter((one) => one.strategy === strategy);
  const [x, y] = [(one: ScoredCandidate): number => cost.of(one) / MILLION, "score"];
  if (strategy === "random") {
    return Plot.dot(own, {
      x,
      y,
      r: 3,
      stroke: "var(--random)",
      strokeOpacity: 0.75,
      className: "candidate",
    });
  }
  const last = Math.max(1, ...own.map(({ generation }) => generation));
  const fillOpacity = (one: ScoredCandidate): number => 0.15 + 0.75 * one.generation / last;
  return Plot.dot(own, {
    x,
    y,
    r: 3.2,
    fill: "var(--evolution)",
    fillOpacity: { value: fillOpacity, scale: null },
    stroke: "var(--evolution)",
    strokeOpacity: 0.5,
    strokeWidth: 0.6,
    className: "candidate",
  });
}

function budgetMarks(budget: number | null): Plot.Markish[] {
  if (budget === null) return [];
  const label = {
    text: (): string => `budget: ${+budget.toPrecision(4)} M`,
    frameAnchor: "top" as const,
    dx: -6,
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

function winnerMarks(winner: ReportWinner | undefined, cost: Cost): Plot.Markish[] {
  if (winner === undefined || !Number.isFinite(winner.score)) return [];
  const x = (one: ReportWinner): number => cost.of(one) / MILLION;
  const halo = { stroke: "var(--plot-background)", strokeWidth: 1.5 };
  return [
    Plot.dot([winner], {
      x,
      y: "score",
      symbol: "star",
      r: 9,
      fill: "var(--winner)",
      ...halo,
      className: "winner",
    }),
  ];
}

function progressKey(strategy: Strategy): LegendEntry[] {
  const color = `var(--${strategy})`;
  return [
    { label: `${strategy}: best so far`, color, shape: "line" },
    { label: "mean of the generation", color, shape: "dashes" },
    { label: "one candidate", color, shape: "dot" },
  ];
}

function cloudKey(strategy: Strategy): LegendEntry {
  return strategy === "random"
    ? { label: "random", color: "var(--random)", shape: "ring" }
    : { label: "evolution (fuller: later generation)", color: "var(--evolution)", shape: "dot" };
}

const MILLION = 1e6;
const WINNER_KEY: LegendEntry = { label: "winner", color: "var(--winner)", shape: "star" };

function strategiesOf(scored: readonly ScoredCandidate[]): Strategy[] {
  return (["evolution", "random"] as const).filter((strategy) =>
    scored.some((one) => one.strategy === strategy)
  );
}
