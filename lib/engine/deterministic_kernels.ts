/**
 * Kernels for a GPU, where TensorFlow refuses operations that don't give the same bits from run to run when it is
 * asked for those (`TF_DETERMINISTIC_OPS`): the same work by operations that do.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, TensorInfo } from "@tensorflow/tfjs-core";

/** Replaces tfjs-node's kernels that TensorFlow refuses; to be called once they are registered, on a GPU only. */
export function registerDeterministicKernels(): void {
  const { kernelName, backendName } = { kernelName: "ResizeNearestNeighborGrad", backendName: "tensorflow" };
  tf.unregisterKernel(kernelName, backendName); // registering over it warns
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs }) => enlargementGradient(inputs.dy as Tensor, (inputs.images as TensorInfo).shape),
  });
}

/**
 * Cross entropy of softmax(logits) against label distributions, and its gradient, as `SoftmaxCrossEntropyWithLogits`.
 *
 * @param logits `[N, K]` float32.
 * @param labels `[N, K]` float32, rows that sum to 1.
 * @returns The loss `[N]` and softmax(logits) - labels `[N, K]`, the caller's.
 */
export function softmaxCrossEntropyOf(logits: Tensor, labels: Tensor): [loss: Tensor, dLogits: Tensor] {
  return tf.tidy(() => {
    const shifted = tf.sub(logits, tf.max(logits, -1, true));
    const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
    const loss = tf.neg(tf.sum(tf.mul(labels, logProbabilities), -1));
    return [loss, tf.sub(tf.exp(logProbabilities), labels)];
  });
}

/**
 * The gradient of a nearest-neighbour enlargement by whole factors: each pixel gets the sum over those it became.
 *
 * @param dy `[N, F * H, G * W, C]` float32.
 * @param shape `[N, H, W, C]`, what was enlarged.
 * @returns Of that shape, the caller's.
 * @throws {RangeError} If the factors are not whole.
 */
export function enlargementGradient(dy: Tensor, shape: readonly number[]): Tensor {
  const [batch, height, width, channels] = shape;
  const [rows, columns] = [dy.shape[1]! / height, dy.shape[2]! / width];
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
    throw new RangeError(
      `Cannot undo an enlargement of [${shape}] to [${dy.shape}]: both sides must grow by whole factors`,
    );
  }
  return tf.tidy(() => {
    const columnSums = tf.sum(tf.reshape(dy, [batch * height * rows, width, columns, channels]), 2);
    const rowSums = tf.sum(tf.reshape(columnSums, [batch * height, rows, width * channels]), 1);
    return tf.reshape(rowSums, [...shape]);
  });
}

/**
 * A sparse matrix, or its transpose, times a dense one, as `SparseTensorDenseMatMul`: each entry takes its row of the dense
 * matrix, and those of one result row are summed.
 *
 * @param indices `[E, 2]` int32: row and column of each entry.
 * @param values `[E]` float32.
 * @param dense `[columns, C]` float32; `[rows, C]` where transposed.
 * @param resultRows How many rows the result has: the matrix's rows; its columns where transposed.
 * @param transposed Whether the matrix's transpose is meant.
 * @returns `[resultRows, C]`, the caller's.
 */
export function sparseProduct(
  indices: Tensor,
  values: Tensor,
  dense: Tensor,
  resultRows: number,
  transposed: boolean,
): Tensor {
  return tf.tidy(() => {
    const [rows, columns] = tf.unstack(indices, 1) as Tensor1D[];
    const [from, to] = transposed ? [rows, columns] : [columns, rows];
    const weighted = tf.mul(tf.gather(dense, from), tf.expandDims(values, 1));
    return tf.unsortedSegmentSum(weighted, to, resultRows);
  });
}
