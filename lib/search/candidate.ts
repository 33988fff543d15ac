/**
 * One row of a search's history: an architecture that was tried, where it came from and what came of it.
 *
 * @module
 */

import type { Architecture } from "../space/architecture.ts";
import type { Cost } from "../space/cost.ts";

/** How a search chooses its candidates. */
export type Strategy = "ageing" | "evolution" | "gradient" | "nsga2" | "random" | "reinforce";

/** All strategies, by name. */
export const strategies: readonly Strategy[] = [
  "ageing",
  "evolution",
  "gradient",
  "nsga2",
  "random",
  "reinforce",
];

/** How one candidate's architecture was made: crossovers may be mutated too; a policy is a learned distribution. */
export type Origin = "random" | "mutation" | "crossover" | "policy";

/** All origins. */
export const origins: readonly Origin[] = ["random", "mutation", "crossover", "policy"];

/** Where a candidate stands in a history; each place is taken once. */
export interface CandidatePlace {
  /** Which search it belongs to. */
  readonly strategy: Strategy;
  /** Which of the strategy's runs, from 0: each makes other draws. */
  readonly trial: number;
  /** From 0. */
  readonly generation: number;
  /** Number within the generation, from 0. */
  readonly slot: number;
}

/** A candidate before it is evaluated; its cost is the backbone's. */
export interface Proposal extends CandidatePlace, Cost {
  /** How its architecture was made. */
  readonly origin: Origin;
  /** The architecture: one choice for each block. */
  readonly choices: Architecture;
}

/** A candidate with its outcome. */
export interface CandidateRecord extends Proposal {
  /** Whether its evaluation gave a score, was stopped early as it won't become a parent, or gave none. */
  readonly status: "scored" | "stopped" | "failed";
  /** What the evaluation returned, unrounded and finite; an estimate if it was stopped; null if it failed. */
  readonly score: number | null;
  /** How many images a stopped candidate was scored on; null for the others. */
  readonly images: number | null;
  /** Why it failed; null if it did not. */
  readonly reason: string | null;
  /** Evaluations made; 0 if the score that another run got for the same architecture was taken over. */
  readonly attempts: number;
  /** Time that the evaluations took, in milliseconds. */
  readonly elapsedMs: number;
}

/** A candidate that has a score. */
export type ScoredCandidate = CandidateRecord & { readonly status: "scored"; readonly score: number };

/** Whether a candidate has a score; only those are ever compared. */
export function isScored(candidate: CandidateRecord): candidate is ScoredCandidate {
  return candidate.status === "scored";
}

/** Orders by place: strategies by name, then by trial, generation and slot. */
export function byPlace(a: CandidatePlace, b: CandidatePlace): number {
  if (a.strategy !== b.strategy) return a.strategy < b.strategy ? -1 : 1;
  return a.trial - b.trial || a.generation - b.generation || a.slot - b.slot;
}

/** Orders by score, best first; of equal scores, the earlier place first. */
export function byScore(a: ScoredCandidate, b: ScoredCandidate): number {
  return b.score - a.score || byPlace(a, b);
}

/**
 * Refuses an outcome that contradicts itself.
 *
 * @throws {TypeError} If a scored candidate's score is not finite, a stopped one is not known to have seen images, or a
 * failed one has a score or no reason.
 */
export function checkOutcome(candidate: CandidateRecord): void {
  const { status, score, images, reason } = candidate;
  const isWhole = status === "failed"
    ? score === null && images === null && reason !== null
    : Number.isFinite(score) && reason === null && (status === "stopped") === (images !== null);
  if (isWhole) return;
  throw new TypeError(
    `Cannot record ${
      describePlace(candidate)
    } as a scored one must have a finite score and no reason, a stopped one also its images, a failed one ` +
      `a reason and no score: status is ${status}, score is ${score}, images is ${images}, reason is ${reason}`,
  );
}

/** A place for messages: "candidate 3 of generation 0 (evolution, trial 0)". */
export function describePlace({ strategy, trial, generation, slot }: CandidatePlace): string {
  return `candidate ${slot} of generation ${generation} (${strategy}, trial ${trial})`;
}
