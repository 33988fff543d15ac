/**
 * Time that passes when nothing else is left to do: alarms go off in their order, and no test waits for a clock.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Timers } from "../../lib/workers/timers.ts";

/** A clock that a test runs. */
export class VirtualTime implements Timers {
  #nowMs = 0;
  #alarms: { atMs: number; action: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, action: () => void): () => void {
    const alarm = { atMs: this.#nowMs + ms, action };
    this.#alarms.push(alarm);
    return () => void (this.#alarms = this.#alarms.filter((it) => it !== alarm));
  }

  /** How many alarms are set. */
  get pending(): number {
    return this.#alarms.length;
  }

  /** Lets time pass until the work is done, and gives what it gives. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = (): void => void (isDone = true);
    work.then(end, end);
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve)); // what can be done now
      if (!isDone) this.#goOn();
    }
    return await work;
  }

  #goOn(): void {
    const [next] = this.#alarms.toSorted((a, b) => a.atMs - b.atMs); // stable: of equal times the first set
    if (next === undefined) return; // a file is read or written
    this.#alarms = this.#alarms.filter((it) => it !== next);
    this.#nowMs = next.atMs;
    next.action();
  }
}
