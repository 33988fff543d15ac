/**
 * How searches went, as numbers: by generation, and by evaluations over a strategy's trials.
 *
 * @module
 */
import type { ReportCandidate, Strategy } from "./report_input.ts";
import { strategiesOf } from "./strategy_style.ts";

/** A candidate that has a score. */
export type ScoredCandidate = ReportCandidate & { readonly score: number };

/** The candidates that have a finite score. */
export function scoredCandidates(candidates: readonly ReportCandidate[]): ScoredCandidate[] {
  return candidates.filter((one): one is ScoredCandidate =>
    one.status === "scored" && one.score !== null && Number.isFinite(one.score)
  );
}

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

/**
 * Best and mean score of each generation of a strategy, in order; a generation without a score is left out.
 *
 * @param candidates Candidates of any strategy; those of several trials are taken together.
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
    return { strategy, generation, scored: scores.length, bestSoFar, mean: meanOf(scores) };
  });
}

/** A strategy's candidates parted by trial, in the order they were tried; a failed one counts as tried. */
export function trialsOf(candidates: readonly ReportCandidate[], strategy: Strategy): ReportCandidate[][] {
  const own = candidates.filter((one) => one.strategy === strategy)
    .sort((a, b) => a.generation - b.generation || a.slot - b.slot);
  const trials = [...new Set(own.map(({ trial }) => trial))].sort((a, b) => a - b);
  return trials.map((trial) => own.filter((one) => one.trial === trial));
}

/** The best score after each candidate of one trial; `null` until one has a score. */
export function bestSoFar(trial: readonly ReportCandidate[]): (number | null)[] {
  let best: number | null = null;
  return trial.map((one) => {
    const [score] = scoredCandidates([one]).map((scored) => scored.score);
    if (score !== undefined && (best === null || score > best)) best = score;
    return best;
  });
}

/** Mean and range of the trials' best scores after so many evaluations. */
export interface SpreadPoint {
  /** Candidates that each trial has tried. */
  readonly evaluations: number;
  /** Mean over trials of the best so far. */
  readonly mean: number;
  /** The lowest trial's. */
  readonly low: number;
  /** The highest trial's. */
  readonly high: number;
}

/**
 * Mean and range over trials of the best score so far, by evaluations, from where every trial has one. A trial that
 * ended early keeps its best; one without any score is left out.
 *
 * @param trials What `trialsOf` gives.
 */
export function spreadOverTrials(trials: readonly (readonly ReportCandidate[])[]): SpreadPoint[] {
  const curves = trials.map(bestSoFar).filter((curve) => curve.some((best) => best !== null));
  const longest = Math.max(0, ...curves.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => i).flatMap((i) => {
    const values = curves.flatMap((curve) => curve[Math.min(i, curve.length - 1)] ?? []);
    if (values.length < curves.length) return [];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return [{ evaluations: i + 1, mean: meanOf(values), low, high }];
  });
}

/** Several numbers in short. */
export interface Spread {
  /** How many. */
  readonly count: number;
  /** Their mean. */
  readonly mean: number;
  /** Their standard deviation, with count - 1 below the line; `null` for a single one. */
  readonly sd: number | null;
  /** The least. */
  readonly low: number;
  /** The largest. */
  readonly high: number;
}

/** Mean, standard deviation and range; `null` of no number. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    count: values.length,
    mean,
    sd: values.length === 1 ? null : Math.sqrt(squares / (values.length - 1)),
    low: Math.min(...values),
    high: Math.max(...values),
  };
}

/** How one strategy did over its trials. */
export interface StrategySummary {
  /** Who proposed the candidates. */
  readonly strategy: Strategy;
  /** Its runs. */
  readonly trials: number;
  /** Candidates tried, over all trials. */
  readonly tried: number;
  /** Of those, the ones without a score. */
  readonly failed: number;
  /** Each trial's best score, of those that have one. */
  readonly best: Spread | null;
  /** Mean score of the last generation. */
  readonly lastMean: number | null;
  /** Evaluations that the trials which reached the reference score needed for it. */
  readonly reached: Spread | null;
  /** Sum of the candidates' durations. */
  readonly seconds: number;
}

/** Counts and scores of each strategy that met a candidate. */
export function summarizeStrategies(candidates: readonly ReportCandidate[]): StrategySummary[] {
  const reference = referenceScore(candidates);
  return strategiesOf(candidates).map((strategy) => {
    const trials = trialsOf(candidates, strategy);
    const own = trials.flat();
    const needed = trials.map((trial) =>
      bestSoFar(trial).findIndex((best) => best !== null && reference !== null && best >= reference) + 1
    );
    return {
      strategy,
      trials: trials.length,
      tried: own.length,
      failed: own.length - scoredCandidates(own).length,
      best: finalBests(trials),
      lastMean: searchProgress(own, strategy).at(-1)?.mean ?? null,
      reached: spreadOf(needed.filter((evaluations) => evaluations > 0)),
      seconds: own.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / 1000,
    };
  });
}

/**
 * The score whose reaching is timed: the mean of random search's final bests, so that the others are measured against
 * what chance gives for the whole budget; without random search, the least strategy's. `null` where nothing has a score.
 */
export function referenceScore(candidates: readonly ReportCandidate[]): number | null {
  const means = new Map(
    strategiesOf(candidates).flatMap((strategy) => {
      const best = finalBests(trialsOf(candidates, strategy));
      return best === null ? [] : [[strategy, best.mean] as const];
    }),
  );
  return means.get("random") ?? (means.size === 0 ? null : Math.min(...means.values()));
}

function finalBests(trials: readonly (readonly ReportCandidate[])[]): Spread | null {
  return spreadOf(trials.flatMap((trial) => bestSoFar(trial).at(-1) ?? []));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
