/**
 * `--json`: one JSON object a line, for programs.
 *
 * @module
 */
import type { JobEvent, JobOutput } from "./job_output.ts";
import { ProgressClock } from "./progress_clock.ts";

/** Where lines go, and when. */
export interface JsonLines {
  /** A line of standard output, without its end. */
  out(line: string): void;
  /** A line of standard error. */
  error(line: string): void;
  /** A clock in milliseconds. */
  nowMs(): number;
}

/** At most one line of progress in this time, and the last. */
const progressIntervalMs = 1000;

/** The process's streams. */
export function standardLines(): JsonLines {
  return { out: console.log, error: console.error, nowMs: () => performance.now() };
}

/** Writes events as JSON. Progress comes at most once a second, with its rate and what is left of it. */
export class JsonOutput implements JobOutput {
  readonly #lines: JsonLines;
  #work: { readonly label: string; readonly clock: ProgressClock } | null = null;

  /** @param lines Where they go. */
  constructor(lines: JsonLines = standardLines()) {
    this.#lines = lines;
  }

  tell(event: JobEvent): void {
    if (event.event === "progress") this.#progress(event);
    else if (event.event === "error") this.#lines.error(JSON.stringify(event));
    else if (event.event === "result") this.#write({ event: event.event, values: event.values });
    else this.#write(event);
  }

  [Symbol.dispose](): void {}

  #write(value: object): void {
    this.#lines.out(JSON.stringify(value));
  }

  #progress({ event, label, unit, done, total, ...rest }: JobEvent & { event: "progress" }): void {
    if (this.#work?.label !== label) this.#work = { label, clock: new ProgressClock() };
    const { clock } = this.#work;
    const isDue = clock.isDue({ done, total }, this.#lines.nowMs(), () => progressIntervalMs);
    const { ratePerSecond, secondsLeft } = clock;
    if (isDue) this.#write({ event, label, unit, done, total, ratePerSecond, secondsLeft, ...rest });
  }
}
