/**
 * Convolutions with PyTorch's padding, as one function over the three kinds that the models use.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";

/** A square convolution, padded by kernel >> 1 zeros on each side. */
export interface ConvShape {
  /** Dense k x k, dense 1 x 1, or one k x k filter a channel. */
  readonly kind: "conv" | "pointwise" | "depthwise";
  /** Side of the kernel, odd. */
  readonly kernel: number;
  /** The same in both directions. */
  readonly stride: 1 | 2;
  /** I. */
  readonly inChannels: number;
  /** O. */
  readonly outChannels: number;
}

/** Shape of a convolution's weight: `[K, K, I, O]`, or `[K, K, C, 1]` for depthwise ones. */
export function convWeightShape({ kind, kernel, inChannels, outChannels }: ConvShape): number[] {
  return [kernel, kernel, inChannels, kind === "depthwise" ? 1 : outChannels];
}

/** How many inputs each output of a convolution sums over. */
export function convFanIn({ kind, kernel, inChannels }: ConvShape): number {
  return kernel * kernel * (kind === "depthwise" ? 1 : inChannels);
}

/**
 * Convolves, padding kernel >> 1 zeros on each side, as PyTorch does.
 *
 * @param x `[N, H, W, I]` float32.
 * @param weight See {@linkcode convWeightShape}.
 * @param shape The convolution's shape.
 * @returns `[N, ceil(H / stride), ceil(W / stride), O]`, the caller's.
 */
export function convolve(x: Tensor, weight: Tensor, { kind, kernel, stride }: ConvShape): Tensor {
  const [, height, width] = x.shape;
  const [rows, columns] = [height, width].map((size) => missingZeros(size, kernel, stride));
  const convolution = kind === "depthwise" ? tf.depthwiseConv2d<Tensor4D> : tf.conv2d<Tensor4D>;
  const run = (x: Tensor, weight: Tensor, padding: "same" | "valid"): Tensor =>
    convolution(x as Tensor4D, weight as Tensor4D, stride, padding);
  if (rows + columns === 0) return run(x, weight, "same");
  // tfjs reaches TensorFlow's gradient kernels without explicit paddings, so zeros are added to a tensor: to the
  // weight's end, which makes "same" symmetric again, or, where the odd kernel is much faster, to the image.
  if (kind === "depthwise" && kernel > 3) {
    return run(x, tf.pad(weight, [[0, rows], [0, columns], [0, 0], [0, 0]]), "same");
  }
  const half = kernel >> 1;
  return run(tf.pad(x, [[0, 0], [half, half], [half, half], [0, 0]]), weight, "valid");
}

/**
 * How many zeros "same" padding lacks of kernel >> 1 on both sides of an axis: 1 at stride 2 and an even size, where
 * it puts one zero less at the start; else none.
 */
function missingZeros(size: number, kernel: number, stride: number): number {
  const total = (Math.ceil(size / stride) - 1) * stride + kernel - size;
  return 2 * (kernel >> 1) - Math.max(total, 0);
}
