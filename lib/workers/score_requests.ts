/**
 * Scores that are asked for one by one, gathered: what is asked for in the same turn is known together, so that
 * candidates that start alike can be scored together.
 *
 * @module
 */
import type { Architecture } from "../space/architecture.ts";
import type { ScoreOutcome } from "./worker_api.ts";

/** A candidate that waits for its score. */
export interface ScoreRequest {
  readonly choices: Architecture;
  readonly resolve: (score: number) => void;
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
  ask(choices: Architecture): Promise<number> {
    if (this.#waiting.length === 0) {
      queueMicrotask(() => this.#take(this.#waiting.splice(0)));
    }
    return new Promise((resolve, reject) => this.#waiting.push({ choices, resolve, reject }));
  }
}

/** Gives a request its outcome. */
export function settle({ resolve, reject }: ScoreRequest, outcome: ScoreOutcome): void {
  if ("score" in outcome) resolve(outcome.score);
  else reject(new Error(outcome.reason));
}
