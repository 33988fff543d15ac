/**
 * The kernels that tfjs lacks, by name. They are looked up on the current backend: the engine registers them for
 * `tensorflow` with TensorFlow's own operations, the tests for tfjs's `cpu`. None of these calls is differentiable
 * by itself; `batch_norm.ts`, `relu.ts`, `losses.ts` and `roi_align.ts` wrap them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** What {@linkcode batchNormTraining} gives, in the order of TensorFlow's FusedBatchNormV3. */
export interface BatchNormOutputs {
  /** `[N, H, W, C]`. */
  readonly y: Tensor;
  /** `[C]`, the batch's mean. */
  readonly mean: Tensor;
  /** `[C]`, the batch's unbiased variance (divided by n - 1). */
  readonly variance: Tensor;
  /** What {@linkcode batchNormTrainingGradient} needs, opaque: each backend keeps what suits it. */
  readonly reserved: readonly [Tensor, Tensor, Tensor];
}

/**
 * Batch norm by the batch's own statistics (Ioffe and Szegedy 2015, algorithm 1): kernel `DetnasBatchNormTraining`.
 *
 * @param x `[N, H, W, C]` float32.
 * @param scale `[C]` float32.
 * @param shift `[C]` float32.
 * @param epsilon Added to the biased variance before the square root.
 * @returns New tensors, the caller's.
 */
export function batchNormTraining(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  epsilon: number,
): BatchNormOutputs {
  const [y, mean, variance, reserved1, reserved2, reserved3] = tf.engine().runKernel<Tensor[]>(
    "DetnasBatchNormTraining",
    { x, scale, shift },
    { epsilon },
  );
  return { y, mean, variance, reserved: [reserved1, reserved2, reserved3] };
}

/**
 * Gradient of {@linkcode batchNormTraining}: kernel `DetnasBatchNormTrainingGrad`.
 *
 * @param dy `[N, H, W, C]` float32.
 * @param x The forward input.
 * @param scale The forward scale.
 * @param reserved The forward's.
 * @param epsilon The forward's.
 * @returns dx `[N, H, W, C]`, dScale `[C]` and dShift `[C]`: new tensors, the caller's.
 */
export function batchNormTrainingGradient(
  dy: Tensor,
  x: Tensor,
  scale: Tensor,
  reserved: readonly Tensor[],
  epsilon: number,
): Tensor[] {
  const [savedMean, savedSecond, savedThird] = reserved;
  const inputs = { dy, x, scale, savedMean, savedSecond, savedThird };
  return tf.engine().runKernel<Tensor[]>("DetnasBatchNormTrainingGrad", inputs, { epsilon });
}

/**
 * Gradient of ReLU: dy where y > 0, else 0. Kernel `DetnasReluGrad`.
 *
 * @param dy Any shape, float32.
 * @param y ReLU's output, same shape.
 * @returns A new tensor of that shape, the caller's.
 */
export function reluGradient(dy: Tensor, y: Tensor): Tensor {
  return tf.engine().runKernel<Tensor>("DetnasReluGrad", { dy, y });
}

/** What {@linkcode softmaxCrossEntropy} gives. */
export interface SoftmaxCrossEntropy {
  /** `[N]`, not reduced. */
  readonly loss: Tensor;
  /** `[N, K]`, each row its own loss's gradient: softmax(logits) - labels. */
  readonly dLogits: Tensor;
}

/**
 * Cross entropy of softmax(logits) against label distributions: kernel `DetnasSoftmaxCrossEntropy`.
 *
 * @param logits `[N, K]` float32.
 * @param labels `[N, K]` float32, rows that sum to 1.
 * @returns New tensors, the caller's.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): SoftmaxCrossEntropy {
  const [loss, dLogits] = tf.engine().runKernel<Tensor[]>("DetnasSoftmaxCrossEntropy", { logits, labels });
  return { loss, dLogits };
}

/** A matrix of which few entries are not zero; whoever made it disposes indices and values. */
export interface SparseMatrix {
  /** `[Z, 2]` int32: row and column of each entry. Entries of the same place add up. */
  readonly indices: Tensor;
  /** `[Z]` float32. */
  readonly values: Tensor;
  /** I. */
  readonly rows: number;
  /** J. */
  readonly columns: number;
}

/**
 * A sparse matrix, or its transpose, times a dense one: kernel `DetnasSparseMatMul`.
 *
 * @param matrix `[I, J]`.
 * @param dense `[J, C]` float32, or `[I, C]` for the transpose.
 * @param transposed Whether the transpose is multiplied: the product's gradient with respect to `dense`.
 * @returns `[I, C]`, or `[J, C]` for the transpose: a new tensor, the caller's.
 */
export function sparseMatMul(
  { indices, values, rows, columns }: SparseMatrix,
  dense: Tensor,
  transposed: boolean,
): Tensor {
  const attributes = { rows, columns, transposed };
  return tf.engine().runKernel<Tensor>("DetnasSparseMatMul", { indices, values, dense }, attributes);
}
