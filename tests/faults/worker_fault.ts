/**
 * Faults inside of a worker, as `preload.ts` is told of them.
 *
 * @module
 */

/** What happens in which worker. */
export type WorkerFault =
  & {
    /** The run's folder. */
    readonly run: string;
    /** Of those that train together, from 0. */
    readonly rank: number;
  }
  & (
    | {
      /** An exception, a NaN in the network, a batch that can't be decoded, a tensor of another shape. */
      readonly kind: "throw" | "nan" | "corrupt" | "shape";
      readonly training: string;
      /** Steps done before. */
      readonly step: number;
    }
    | {
      /** SIGKILL before a call of the file system. */
      readonly kind: "checkpoint-call";
      readonly training: string;
      /** Which of the calls for this training's checkpoints, from 1. */
      readonly call: number;
    }
    | {
      /** SIGKILL whenever this candidate is scored. */
      readonly kind: "fatal-candidate";
      /** Joined by commas. */
      readonly choices: string;
    }
  );
