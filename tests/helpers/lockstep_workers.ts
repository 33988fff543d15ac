/**
 * Batch norm of several workers within one thread.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { MomentReducer } from "../../lib/nn/sync_batch_norm.ts";
import type { BatchNormTraining } from "../../lib/nn/unit.ts";

/** One batch norm's numbers: outputs, moments and the gradients of sum(y * dy). */
export interface BatchNormResult {
  readonly y: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly dx: Tensor;
  readonly dScale: Tensor;
  readonly dShift: Tensor;
}

/** Runs a batch norm forward and backward. */
export function runBatchNorm(
  batchNorm: BatchNormTraining,
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  dy: Tensor,
): BatchNormResult {
  const forward = batchNorm(x, scale, shift);
  const [dx, dScale, dShift] = tf.grads((x: Tensor, scale: Tensor, shift: Tensor) =>
    tf.sum(tf.mul(batchNorm(x, scale, shift).y, dy))
  )([x, scale, shift]);
  return { ...forward, dx, dScale, dShift };
}

/**
 * Runs workers in lockstep: each is run again with what the others sent the time before, until every exchange has been
 * made (one forward, one backward).
 *
 * @param makeBatchNorm The batch norm to run, for one worker's reducer.
 */
export function runWorkers(
  makeBatchNorm: (reducer: MomentReducer) => BatchNormTraining,
  xs: readonly Tensor[],
  scale: Tensor,
  shift: Tensor,
  dys: readonly Tensor[],
): BatchNormResult[] {
  let gathered: Tensor[] = [];
  let summed: Tensor[] = [];
  let results: BatchNormResult[] = [];
  for (let round = 0; round < 3; round++) {
    const [sentMoments, sentSums]: [Tensor[], Tensor[]] = [[], []];
    results = xs.map((x, worker) => {
      const reducer: MomentReducer = {
        gather: (moments) => {
          sentMoments[worker] = tf.keep(tf.clone(moments));
          return tf.stack(round === 0 ? xs.map(() => moments) : gathered);
        },
        sum: (sums) => {
          sentSums[worker] = tf.keep(tf.clone(sums));
          return round < 2 ? sums : tf.addN(summed);
        },
      };
      return runBatchNorm(makeBatchNorm(reducer), x, scale, shift, dys[worker]);
    });
    [gathered, summed] = [sentMoments, sentSums];
  }
  return results;
}
