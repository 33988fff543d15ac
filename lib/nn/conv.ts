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
 * @returns `[N, ceil(H / stride), ceil(W / stride), O]`, the caller's.
 */
export function convolve(x: Tensor, weight: Tensor, { kind, kernel, stride }: ConvShape): Tensor {
  const [, height, width] = x.shape;
  const isSame = isSymmetric(height, kernel, stride) && isSymmetric(width, kernel, stride);
  const input = (isSame ? x : pad(x, kernel >> 1)) as Tensor4D;
  const convolution = kind === "depthwise" ? tf.depthwiseConv2d<Tensor4D> : tf.conv2d<Tensor4D>;
  return convolution(input, weight as Tensor4D, stride, isSame ? "same" : "valid");
}

/**
 * Whether "same" padding, which puts the odd zero at the end, pads this size by kernel >> 1 on both sides: not at
 * stride 2 and an even size. There the input is padded beforehand, as TensorFlow's gradient kernels are reached
 * through tfjs without explicit paddings.
 */
function isSymmetric(size: number, kernel: number, stride: number): boolean {
  const total = (Math.ceil(size / stride) - 1) * stride + kernel - size;
  return Math.max(total, 0) === 2 * (kernel >> 1);
}

function pad(x: Tensor, zeros: number): Tensor {
  return tf.pad(x, [[0, 0], [zeros, zeros], [zeros, zeros], [0, 0]]);
}
