/**
 * What every search strategy takes: the space, the budget, the history and the user's evaluation.
 *
 * @module
 */

import type { Architecture } from "../space/architecture.ts";
import { type CostTable, costTable, leastCost } from "../space/cost.ts";
import type { BlockLatencies } from "../space/latency.ts";
import { checkSearchSpace, type SearchSpace } from "../space/search_space.ts";
import { type Budget, checkBudget } from "./budget.ts";
import type { CandidateRecord } from "./candidate.ts";
import type { SearchHistory } from "./history.ts";

/** A score that was not waited for: the candidate will not be among the best. */
export interface StoppedScore {
  /** What the score would be. */
  readonly estimate: number;
  /** How many images it is estimated from. */
  readonly images: number;
}

/**
 * Scores an architecture; higher is better. It must be deterministic: a score is used again wherever the same
 * architecture comes up. A rejection or a score that is not finite counts as a failed attempt.
 *
 * It may stop early where `rivals` are given, all scored in full: if the candidate's score will not reach the least of
 * theirs. Whether it does must depend on the candidate and on them alone.
 */
export type Evaluate = (
  choices: Architecture,
  rivals: readonly Architecture[] | null,
) => Promise<number | StoppedScore>;

/** How many candidates a search tries. */
export interface SearchSize {
  /** Candidates in a generation. */
  readonly population: number;
  /** Generations; a search evaluates population x generations candidates. */
  readonly generations: number;
  /** Draws for one candidate before giving up finding one that is new and within the budget. */
  readonly maxAttempts: number;
}

/** The arguments that strategies share. */
export interface SearchOptions {
  /** Where architectures come from. */
  readonly space: SearchSpace;
  /** Every draw is a pure function of it, of the trial and of what the draw is for. */
  readonly seed: number;
  /** Which of the strategy's runs in this history, from 0; each makes other draws. Default 0. */
  readonly trial?: number;
  /** What every candidate keeps to. */
  readonly budget: Budget;
  /** What each block takes on a device; a budget of latency needs them. Default null: latencies are not known. */
  readonly latencies?: BlockLatencies | null;
  /** Where candidates are recorded, and where the search goes on from. */
  readonly history: SearchHistory;
  /** Scores one architecture. */
  readonly evaluate: Evaluate;
  /** How many evaluations of one generation may run at a time; it does not change the result. Default 1. */
  readonly concurrency?: number;
  /** Stops the search: nothing new is evaluated, and the search rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each newly recorded candidate; those of one generation come as they are finished. */
  readonly onCandidate?: (candidate: CandidateRecord) => void;
  /** Milliseconds on a steady clock, for `elapsedMs`. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Refuses options that no search can run with, before anything is evaluated.
 *
 * @throws {TypeError | RangeError} If the space can't be built, a number is out of range or the budget admits nothing.
 */
export function checkSearchOptions(options: SearchOptions, size: SearchSize): void {
  checkSearchSpace(options.space);
  checkCount("population", size.population);
  checkCount("generations", size.generations);
  checkCount("maxAttempts", size.maxAttempts);
  checkCount("concurrency", options.concurrency ?? 1);
  checkCount("trial", trialOf(options), 0);
  checkBudget(options.budget, leastCost(costsOf(options)));
}

/** Which of the strategy's runs this is. */
export function trialOf(options: SearchOptions): number {
  return options.trial ?? 0;
}

/** What each block costs, latencies included where they are known. */
export function costsOf({ space, latencies = null }: SearchOptions): CostTable {
  return costTable(space, space.resolution, latencies);
}

/**
 * Refuses what is no whole number of at least `least`.
 *
 * @throws {RangeError} Naming the setting and its value.
 */
export function checkCount(name: string, value: number, least = 1): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot search as ${name} must be a whole number of at least ${least}: it is ${value}`,
  );
}

/**
 * Refuses what is no number from `least` to `most`.
 *
 * @throws {RangeError} Naming the setting and its value.
 */
export function checkNumber(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`Cannot search as ${name} must be from ${least} to ${most}: it is ${value}`);
}

/**
 * Refuses what is no finite number above 0.
 *
 * @throws {RangeError} Naming the setting and its value.
 */
export function checkPositive(name: string, value: number): void {
  if (value > 0 && value < Infinity) return;
  throw new RangeError(`Cannot search as ${name} must be a finite number above 0: it is ${value}`);
}
