/**
 * Scores that are asked for one by one, gathered: what is asked for in the same turn is known together, so that
 * candidates that start alike can be scored together.
 *
 * @module
 */
import { prefixGroups } from "../search/prefix_groups.ts";
import type { Architecture } from "../space/architecture.ts";
import type { StoppedScore } from "../search/search_options.ts";
import type { ScoreOutcome } from "./worker_api.ts";

/** A candidate that waits for its score. */
export interface ScoreRequest {
  readonly choices: Architecture;
  /** Whose least score counts, if it may be left out where it won't reach that; null waits for the score. */
  readonly rivals: readonly Architecture[] | null;
  readonly resolve: (score: number | StoppedScore) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers the requests of a turn. */
export class ScoreRequests {
  readonly #take: (requests: readonly ScoreRequest[]) => void;
  #waiting: ScoreRequest[] = [];

  /** @param take Takes what was asked for in one turn, and settles it. */
  constructor(take: (requests: readonly ScoreRequest[]) => void) {
    this.#take = take;
  }

  /** Asks for a score. */
  ask(choices: Architecture, rivals: readonly Architecture[] | null): Promise<number | StoppedScore> {
    if (this.#waiting.length === 0) {
      queueMicrotask(() => this.#take(this.#waiting.splice(0)));
    }
    return new Promise((resolve, reject) => this.#waiting.push({ choices, rivals, resolve, reject }));
  }
}

/**
 * Cuts requests into groups that start alike; those of one group have the same rivals.
 *
 * @param most Candidates of a group.
 * @param scorers Who take them at the same time; default 1.
 */
export function requestGroups(
  requests: readonly ScoreRequest[],
  most: number,
  scorers = 1,
): ScoreRequest[][] {
  const byRivals = Map.groupBy(requests, ({ rivals }) => rivals);
  return [...byRivals.values()].flatMap((some) => prefixGroups(some, most, scorers));
}

/** Gives a request its outcome. */
export function settle({ resolve, reject }: ScoreRequest, outcome: ScoreOutcome): void {
  if ("score" in outcome) resolve(outcome.score);
  else if ("estimate" in outcome) resolve(outcome);
  else reject(new Error(outcome.reason));
}
