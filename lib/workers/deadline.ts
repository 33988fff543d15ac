/**
 * How long a worker may take to answer, from how long such calls have taken so far.
 *
 * @module
 */

import type { Timers } from "./timers.ts";

/** No call is ended before that. */
const leastMs = 30_000;
/** Beyond the median: parts that a worker meets for the first time are compiled, and machines have other work. */
const factor = 5;
/** Calls before there is a deadline: nobody knows how long an evaluation takes that was never made. */
const leastCalls = 3;
/** How many of the latest calls count. */
const keptCalls = 101;

/** What can be ended while it answers a call. */
export interface Killable {
  /** Ends it at once: the call throws. */
  kill(reason: string): void;
}

/** The deadline of calls of one kind: 30 s or five times their median, whichever is longer; none at first. */
export class Deadline {
  #latestMs: number[] = [];

  /** Takes note of an answered call. */
  add(elapsedMs: number): void {
    this.#latestMs = [...this.#latestMs, elapsedMs].slice(-keptCalls);
  }

  /**
   * Makes a call, and ends what it calls if that takes far longer than such calls did before.
   *
   * @param called What is ended.
   * @param parts How many calls this one stands for.
   */
  async hold<T>(timers: Timers, called: Killable, call: () => Promise<T>, parts = 1): Promise<T> {
    const end = (): void =>
      called.kill("took five times as long as others, at least 30 s, without an answer");
    const limitMs = this.#limitMs(parts);
    const callOff = limitMs === null ? () => {} : timers.after(limitMs, end);
    const startMs = timers.nowMs();
    try {
      const result = await call();
      const elapsedMs = timers.nowMs() - startMs;
      for (let part = 0; part < parts; part++) this.add(elapsedMs / parts);
      return result;
    } finally {
      callOff();
    }
  }

  /** How long the next may take; null if that can't be said yet. */
  get limitMs(): number | null {
    return this.#limitMs(1);
  }

  #limitMs(parts: number): number | null {
    if (this.#latestMs.length < leastCalls) return null;
    const sorted = this.#latestMs.toSorted((a, b) => a - b);
    return Math.max(leastMs, parts * factor * sorted[Math.floor(sorted.length / 2)]);
  }
}
