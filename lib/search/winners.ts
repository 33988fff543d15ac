/**
 * What comes out of a search: the best architectures, as `winners.json` lists them.
 *
 * @module
 */

import { architectureKey } from "../space/architecture.ts";
import { byPlace, type ScoredCandidate } from "./candidate.ts";
import type { SearchHistory } from "./history.ts";

/** Average precisions of a detector retrained with the winner; -1 where COCO's definition leaves one undefined. */
export interface RetrainedScores {
  /** COCO's AP: mean over classes and over IoU 0.50, 0.55 to 0.95. */
  readonly AP: number;
  /** At IoU 0.50. */
  readonly AP50: number;
  /** At IoU 0.75. */
  readonly AP75: number;
  /** Of small objects, below 32 x 32 px. */
  readonly APs: number;
  /** Of medium objects, up to 96 x 96 px. */
  readonly APm: number;
  /** Of large objects. */
  readonly APl: number;
  /** By class name. */
  readonly perClass: Readonly<Record<string, { readonly AP: number; readonly AP50: number }>>;
}

/** One entry of `winners.json`. */
export interface Winner {
  /** Name of the search space. */
  readonly space: string;
  /** The architecture: one choice for each block. */
  readonly choices: readonly number[];
  /** Multiply-adds of the backbone at the space's resolution. */
  readonly macs: number;
  /** Parameters of the backbone. */
  readonly parameters: number;
  /** Milliseconds of the backbone, if the search had a latency table. */
  readonly latencyMs?: number;
  /** The search's score, with the supernet's weights; null if no search has scored it. */
  readonly score: number | null;
  /** There where the run went on although something that its result depends on had changed. */
  readonly approximate?: boolean;
  /** There once the winner is retrained and evaluated. */
  readonly retrained?: RetrainedScores;
}

/**
 * The best candidates of all strategies and trials, best first, each architecture once.
 *
 * Of equal scores the one with fewer multiply-adds goes first, then fewer parameters, then the earlier one in the
 * order of `SearchHistory.all`.
 *
 * @param history What was tried.
 * @param count How many at most.
 */
export function winners(history: SearchHistory, count: number): ScoredCandidate[] {
  const best = new Map<string, ScoredCandidate>();
  for (const candidate of history.scored().sort(byWorth)) {
    const key = architectureKey(candidate.choices);
    if (!best.has(key)) best.set(key, candidate);
  }
  return [...best.values()].slice(0, count);
}

/** A candidate as an entry of `winners.json`, before retraining. */
export function toWinner(spaceName: string, candidate: ScoredCandidate): Winner {
  const { choices, macs, parameters, latencyMs, score } = candidate;
  const latency = latencyMs === null ? {} : { latencyMs };
  return { space: spaceName, choices, macs, parameters, ...latency, score };
}

function byWorth(a: ScoredCandidate, b: ScoredCandidate): number {
  return b.score - a.score || a.macs - b.macs || a.parameters - b.parameters || byPlace(a, b);
}
