/**
 * Synchronized batch norm as the authors' code defines it, for comparison with their numbers. It differs from
 * `sync_batch_norm.ts` where workers have unequal numbers of values, and in the variance that it normalises by.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { withOwnGradient } from "./own_gradient.ts";
import type { MomentReducer } from "./sync_batch_norm.ts";
import type { BatchNormTraining } from "./unit.ts";

/**
 * Batch norm over all workers' images after DetNAS's `DistributedSyncBN`: E[x] and E[x^2] are averaged over the workers
 * with equal weights, however many values each has; the unbiased variance n / (n - 1) (E[x^2] - E[x]^2), n being this
 * worker's count times the workers, also normalises; and the gradients of scale and shift are summed in here, so that a
 * training step which sums them again, as the authors' does, moves scale and shift by as many times the gradient as there
 * are workers.
 *
 * @param epsilon Added to the variance before the square root.
 * @param reducer How moments are exchanged.
 * @returns A function of x `[..., C]`, which must not be empty.
 */
export function authorsSyncBatchNorm(epsilon: number, reducer: MomentReducer): BatchNormTraining {
  return (x, scale, shift) => {
    const axes = leadingAxes(x);
    const gathered = reducer.gather(tf.concat([tf.mean(x, axes), tf.mean(tf.square(x), axes)])); // [W, 2 C]
    const count = x.size / x.shape[x.rank - 1] * gathered.shape[0];
    const correction = count / Math.max(1, count - 1);
    const [mean, meanSquare] = tf.split(tf.mean(gathered, 0), 2);
    const variance = tf.mul(tf.sub(meanSquare, tf.square(mean)), correction);
    const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon));
    const y = withOwnGradient([x, scale, shift], ([x, scale, shift]) => ({
      value: tf.add(tf.mul(tf.sub(x, mean), tf.mul(scale, inverseDeviation)), shift),
      saved: [x, scale, mean, inverseDeviation],
      gradient: (dy, saved) => authorsGradient(dy, saved, count, correction, reducer),
    }));
    return { y, mean, variance };
  };
}

/** dx = scale s (dy - sum dy / n - correction (x - mean) s^2 sum dy (x - mean) / n), with sums over all workers. */
function authorsGradient(
  dy: Tensor,
  [x, scale, mean, s]: Tensor[],
  count: number,
  correction: number,
  reducer: MomentReducer,
): Tensor[] {
  const axes = leadingAxes(dy);
  const centred = tf.sub(x, mean);
  const sums = reducer.sum(tf.concat([tf.sum(dy, axes), tf.sum(tf.mul(dy, centred), axes)]));
  const [sumDy, sumDyCentred] = tf.split(sums, 2);
  const slope = tf.mul(tf.square(s), tf.mul(sumDyCentred, correction / count));
  const dx = tf.mul(tf.sub(tf.sub(dy, tf.div(sumDy, count)), tf.mul(centred, slope)), tf.mul(scale, s));
  return [dx, tf.mul(sumDyCentred, s), sumDy];
}

function leadingAxes(x: Tensor): number[] {
  return Array.from({ length: x.rank - 1 }, (_, axis) => axis);
}
