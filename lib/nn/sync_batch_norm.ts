/**
 * Synchronized batch norm: statistics over all workers' images, merged by count from (n, mean, M2), never from
 * sums of squares. Semantics as PyTorch's SyncBatchNorm: the gradients of scale and shift stay local, for the
 * training step reduces them with all others.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import { withOwnGradient } from "./own_gradient.ts";
import type { BatchNormTraining } from "./unit.ts";
import { gatherRows, type WorkerGroup } from "./worker_group.ts";

/** How workers exchange moments. All must call the same methods in the same order. */
export interface MomentReducer {
  /** Collects each worker's `[D]` into `[W, D]`, in rank order and the same for all. */
  gather(moments: Tensor): Tensor;
  /** Sums each worker's `[2 C]` over the workers. */
  sum(x: Tensor): Tensor;
}

/** One worker alone: synchronized batch norm is then the local one. */
export const identityReducer: MomentReducer = {
  gather: (moments: Tensor): Tensor => tf.expandDims(moments, 0),
  sum: (x: Tensor): Tensor => tf.clone(x),
};

/**
 * Normalises by given moments, whatever those of the batch are.
 *
 * @param given `[2 C + 1]` for each batch norm as {@linkcode localMoments}, in the order that a function has them.
 * @param tell Is given the batch's own, which stay the function's.
 */
export function givenMoments(given: readonly Tensor[], tell: (own: Tensor) => void): MomentReducer {
  let index = 0;
  return {
    ...identityReducer,
    gather(own: Tensor): Tensor {
      tell(own);
      return tf.expandDims(given[index++], 0);
    },
  };
}

/**
 * Moments exchanged within a group.
 *
 * @param scope Names the function that the exchanges are in; they are numbered in it, in the order of their making. A
 * function that is made anew needs a new reducer.
 */
export function groupReducer(group: WorkerGroup, scope: string): MomentReducer {
  let count = 0;
  const nextName = (): string => `${scope} moments ${count++}`;
  return {
    gather: (moments) => gatherRows(group, moments, nextName()),
    sum: (x) => group.sum(x, nextName()),
  };
}

/** Statistics over all workers: `[C]` each, and a scalar. */
interface MergedMoments {
  readonly mean: Tensor;
  /** Sum of squared deviations from the mean. */
  readonly squares: Tensor;
  /** Values a channel. */
  readonly count: Tensor;
}

/**
 * Batch norm over all workers' images. A worker without images (N = 0) takes part with a count of zero.
 *
 * @param epsilon Added to the biased variance before the square root.
 * @param reducer How moments are exchanged.
 * @returns A function of x `[..., C]`, whose moments are the same on all workers. With one value a channel in all,
 * the variance it gives is 0.
 */
export function syncBatchNorm(epsilon: number, reducer: MomentReducer): BatchNormTraining {
  return (x, scale, shift) => {
    const { mean, squares, count } = mergeMoments(reducer.gather(localMoments(x)));
    const inverseDeviation = tf.rsqrt(tf.add(tf.div(squares, count), epsilon));
    const y = withOwnGradient([x, scale, shift], ([x, scale, shift]) => ({
      value: tf.add(tf.mul(tf.sub(x, mean), tf.mul(scale, inverseDeviation)), shift),
      saved: [x, scale, mean, inverseDeviation, count],
      gradient: (dy, saved) => syncGradient(dy, saved, reducer),
    }));
    return { y, mean, variance: tf.div(squares, tf.maximum(tf.sub(count, 1), 1)) };
  };
}

/**
 * One worker's count, mean and M2 (the sum of squared deviations), a channel each.
 *
 * @param x `[..., C]` float32.
 * @returns `[2 C + 1]`: the count, C means, C sums. Zeros where x is empty. The caller's.
 */
export function localMoments(x: Tensor): Tensor {
  const channels = x.shape[x.rank - 1];
  if (x.size === 0) return tf.zeros([2 * channels + 1]);
  const axes = leadingAxes(x);
  const mean = tf.mean(x, axes);
  const squares = tf.sum(tf.square(tf.sub(x, mean)), axes);
  return tf.concat([tf.tensor1d([x.size / channels]), mean as Tensor1D, squares as Tensor1D]);
}

/** Merges (n, mean, M2) over workers (Chan, Golub and LeVeque 1979): n = sum n_w, M2 = sum M2_w + n_w (mean_w - mean)^2. */
function mergeMoments(gathered: Tensor): MergedMoments {
  const channels = (gathered.shape[1]! - 1) / 2;
  const [counts, means, squares] = tf.split(gathered, [1, channels, channels], 1); // [W, 1], [W, C], [W, C]
  const count = tf.sum(counts);
  const mean = tf.div(tf.sum(tf.mul(counts, means), 0), count);
  const between = tf.mul(counts, tf.square(tf.sub(means, mean)));
  return { mean, squares: tf.sum(tf.add(squares, between), 0), count };
}

/**
 * dx = scale s (dy - sum dy / n - (x - mean) s^2 sum dy (x - mean) / n) with s = 1 / sqrt(variance + epsilon) and
 * sums over all workers; dScale and dShift from the local ones.
 */
function syncGradient(dy: Tensor, saved: Tensor[], reducer: MomentReducer): Tensor[] {
  const [x, scale, mean, s, count] = saved;
  const centred = tf.sub(x, mean);
  const sumDy = tf.sum(dy, leadingAxes(dy));
  const sumDyCentred = tf.sum(tf.mul(dy, centred), leadingAxes(dy));
  const sums = tf.div(reducer.sum(tf.concat([sumDy, sumDyCentred])), count);
  const [meanDy, meanDyCentred] = tf.split(sums, 2);
  const slope = tf.mul(tf.square(s), meanDyCentred);
  const dx = tf.mul(tf.sub(tf.sub(dy, meanDy), tf.mul(centred, slope)), tf.mul(scale, s));
  return [dx, tf.mul(sumDyCentred, s), sumDy];
}

function leadingAxes(x: Tensor): number[] {
  return Array.from({ length: x.rank - 1 }, (_, axis) => axis);
}
