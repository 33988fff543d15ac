/**
 * What a fault is: something bad that is done to a real job, named and drawn from a seed, so that it can be done again.
 *
 * @module
 */
import type { RandomStream } from "../../lib/base/random.ts";

/** A job that faults are done to. */
export interface FaultedJob {
  /** Its command's flags but for `--run`. */
  readonly flags: readonly string[];
  /** Its run folder; does not exist yet. */
  readonly run: string;
  /** A folder for what the fault needs beside the run; exists. */
  readonly folder: string;
  /** The run folder of the same job that nothing befell: read only. */
  readonly quiet: string;
}

/** What came of a fault. */
export interface FaultOutcome {
  /** What was done where, e.g. `SIGKILL of worker 2 after step 4 of finetune`. */
  readonly done: string;
  /** From the fault until the product had dealt with the process in question, in milliseconds, where that is seen. */
  readonly noticedMs?: number;
}

/** A kind of fault. */
export interface FaultKind {
  /** For command lines, e.g. `kill-worker`. */
  readonly name: string;
  /** For the table, e.g. `SIGKILL of a worker`. */
  readonly title: string;
  /** How many workers the job has: trained together where there are several. */
  readonly workers: 1 | 2;
  /**
   * Does it to a job at a place drawn from the stream: the same draws, the same place. What the job leaves is gone on with
   * and checked by the caller.
   *
   * @throws {Error} If the product did not keep its promise on the way, e.g. a message was missing.
   */
  readonly inject: (job: FaultedJob, random: RandomStream) => Promise<FaultOutcome>;
  /** What holds at the job's end, where that is not the quiet run's result. */
  readonly check?: (job: FaultedJob) => void;
}

/** The trainings of the job, in their order. */
export const trainings = ["pretrain", "finetune", "retrain"] as const;

/** Steps of each training. */
export const trainingSteps = 6;
/** Steps between checkpoints. */
export const checkpointSteps = 2;

/** One of a list, drawn. */
export function drawn<T>(random: RandomStream, items: readonly T[]): T {
  return items[random.integer(items.length)];
}

/** A job's flags: the whole of `shapes-tiny`, shorter still, with scores that are not all 0. */
export function jobFlags(workers: 1 | 2): string[] {
  const settings = {
    ...Object.fromEntries(trainings.flatMap((training) => [
      [`${training}.duration.steps`, trainingSteps],
      [`${training}.checkpointSteps`, checkpointSteps],
      [`${training}.batchSize`, 2],
    ])),
    "detector.scoreThreshold": 0,
    "finetune.learningRate": 0.05,
    "search.population": 4,
  };
  return [
    ...["--config", "shapes-tiny", "--threads", "1", "--workers", String(workers)],
    ...Object.entries(settings).flatMap(([path, value]) => ["--set", `${path}=${value}`]),
  ];
}
