/**
 * What a fault is: something bad that is done to a real job, named and drawn from a seed, so that it can be done again.
 *
 * @module
 */
import type { RandomStream } from "../../lib/base/random.ts";

/** A job that faults are done to. */
export interface FaultedJob {
  /** Its command's flags but for `--run`, e.g. `--config`, `shapes-tiny`. */
  readonly flags: readonly string[];
  /** Its run folder; does not exist yet. */
  readonly run: string;
  /** A folder for what the fault needs beside the run; exists, and is removed afterwards. */
  readonly folder: string;
  /** The run folder of the same job that nothing befell: read only. */
  readonly quiet: string;
}

/** What came of a fault, after which the job was gone on with to its end. */
export interface FaultOutcome {
  /** What was done where, e.g. `worker 2 at train call 5`. */
  readonly done: string;
  /** From the fault until it was noticed, in milliseconds; null where noticing takes no time or isn't seen. */
  readonly noticedMs: number | null;
}

/** A kind of fault. */
export interface FaultKind {
  /** One word for command lines, e.g. `kill-worker`. */
  readonly name: string;
  /** What is promised, for the table: e.g. `SIGKILL of a worker`. */
  readonly title: string;
  /**
   * Does it to a job at a place drawn from the stream, and runs the job to its end: the same draws, the same place.
   *
   * @throws {Error} If the product did not keep its promise on the way, e.g. a message was missing. That the result is the
   * quiet run's, that no process and no unreadable file is left, is checked by the caller.
   */
  readonly inject: (job: FaultedJob, random: RandomStream) => Promise<FaultOutcome>;
}
