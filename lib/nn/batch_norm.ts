/**
 * Batch norm: with one worker's statistics in training, and with running statistics in inference. With all
 * workers' statistics: `sync_batch_norm.ts`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { batchNormTraining, batchNormTrainingGradient } from "./custom_kernels.ts";
import { withOwnGradient } from "./own_gradient.ts";
import type { BatchNormTraining } from "./unit.ts";

/** The authors' (and PyTorch's) epsilon. */
export const batchNormEpsilon = 1e-5;

/**
 * Batch norm over one worker's images, in one fused kernel forward and one backward.
 *
 * @param epsilon Added to the variance before the square root.
 * @returns A function of x `[N, H, W, C]`, which throws a {@linkcode RangeError} if there is only one value a channel.
 */
export function localBatchNorm(epsilon: number): BatchNormTraining {
  return (x, scale, shift) => {
    checkCount(x);
    // The kernel runs outside the differentiated function, as that can give one tensor only.
    const { y, mean, variance, reserved } = batchNormTraining(x, scale, shift, epsilon);
    const differentiable = withOwnGradient([x, scale, shift], ([x, scale]) => ({
      value: tf.clone(y),
      saved: [x, scale, ...reserved],
      gradient: (dy, [x, scale, ...reserved]) => batchNormTrainingGradient(dy, x, scale, reserved, epsilon),
    }));
    return { y: differentiable, mean, variance };
  };
}

/** Batch norm as a multiply-add: y = factor x + offset. */
export interface BatchNormAffine {
  /** `[C]`. */
  readonly factor: Tensor;
  /** `[C]`. */
  readonly offset: Tensor;
}

/**
 * Batch norm in inference folded into one factor and one offset a channel.
 *
 * @param scale `[C]`, as all four.
 * @param shift The learnt shift.
 * @param mean The running mean.
 * @param variance The running variance.
 * @param epsilon As in training.
 * @returns New tensors, the caller's.
 */
export function batchNormAffine(
  scale: Tensor,
  shift: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon: number,
): BatchNormAffine {
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)));
  return { factor, offset: tf.sub(shift, tf.mul(mean, factor)) };
}

/**
 * Batch norm in inference (Ioffe and Szegedy 2015, algorithm 2), as one multiply-add.
 *
 * @param x `[..., C]` float32.
 * @param scale `[C]`, as the next three.
 * @param shift The learnt shift.
 * @param mean The running mean.
 * @param variance The running variance.
 * @param epsilon As in training.
 * @returns The shape of x, the caller's.
 */
export function batchNormInference(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon: number,
): Tensor {
  const { factor, offset } = batchNormAffine(scale, shift, mean, variance, epsilon);
  return tf.add(tf.mul(x, factor), offset);
}

/**
 * Moves running statistics towards a batch's: (1 - m) running + m batch. With m = 1 / k at the k-th batch, they
 * are the true average over batches.
 *
 * @param running mean0, variance0, mean1, …
 * @param batch As many, of the same shapes.
 * @param momentum m, a scalar tensor or a number: PyTorch's convention, the weight of the new value.
 * @returns New tensors in the same order, the caller's.
 */
export function updateStatistics(
  running: readonly Tensor[],
  batch: readonly Tensor[],
  momentum: Tensor | number,
): Tensor[] {
  const share = typeof momentum === "number" ? tf.scalar(momentum) : momentum;
  const rest = tf.sub(1, share);
  return running.map((old, i) => tf.add(tf.mul(old, rest), tf.mul(batch[i], share)));
}

/** One value has no variance: PyTorch refuses it too, and the result would train on zeros. */
function checkCount(x: Tensor): void {
  const count = x.size / x.shape[x.rank - 1];
  if (count > 1) return;
  throw new RangeError(
    `Cannot normalise a batch as each channel must have more than one value: x is [${x.shape}]; ` +
      `use a larger batch or larger images`,
  );
}
