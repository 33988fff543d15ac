/**
 * How fast work goes, and when it is time to show that again.
 *
 * @module
 */

/** Over how many updates the rate is taken. */
const rateWindow = 50;

/** One work's pace. */
export class ProgressClock {
  #samples: { readonly atMs: number; readonly done: number }[] = [];
  #total = 0;
  #startMs: number | null = null;
  #shownAtMs = -Infinity;

  /**
   * Takes note of how far the work is.
   *
   * @param nowMs A clock in milliseconds.
   * @param intervalMs How long to wait from one showing to the next, by how long the work has gone on.
   * @returns Whether it is time to show it: at the end always.
   */
  isDue(
    { done, total }: { readonly done: number; readonly total: number },
    nowMs: number,
    intervalMs: (elapsedMs: number) => number,
  ): boolean {
    this.#startMs ??= nowMs;
    this.#total = total;
    this.#samples = [...this.#samples, { atMs: nowMs, done }].slice(-rateWindow);
    if (nowMs - this.#shownAtMs < intervalMs(nowMs - this.#startMs) && done < total) return false;
    this.#shownAtMs = nowMs;
    return true;
  }

  /** Units a second, of this process alone; null where it can't be told yet. */
  get ratePerSecond(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (last === undefined || last.atMs <= first.atMs || last.done <= first.done) return null;
    return (1000 * (last.done - first.done)) / (last.atMs - first.atMs);
  }

  /** Seconds to the end at this rate; null where it can't be told. */
  get secondsLeft(): number | null {
    const [rate, done] = [this.ratePerSecond, this.#samples.at(-1)?.done ?? 0];
    return rate === null ? null : (this.#total - done) / rate;
  }
}
