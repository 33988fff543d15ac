/**
 * Pooling: the mean between the backbone and a classifier, the maximum in ResNet's stem.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { withOwnGradient } from "./own_gradient.ts";

/**
 * Mean over height and width. The gradient repeats dy / (H W): tfjs's multiplies by a constant of ones as large
 * as the input.
 *
 * @param x `[N, H, W, C]` float32.
 * @returns `[N, C]`, the caller's.
 */
export function globalAveragePool(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape;
  return withOwnGradient([x], ([x]) => ({
    value: tf.mean(x, [1, 2]),
    saved: [],
    gradient: (dy) => {
      const share = tf.reshape(tf.div(dy, height * width), [batch, 1, 1, channels]);
      return [tf.tile(share, [1, height, width, 1])];
    },
  }));
}

/**
 * The largest of each 3x3 window at stride 2, padded by 1 on each side with what is never the largest, as PyTorch does:
 * "same" padding puts it elsewhere where a side is even. Of several largest the gradient goes to the first, row by row.
 *
 * @param x `[N, H, W, C]` float32.
 * @returns `[N, ceil(H / 2), ceil(W / 2), C]`, the caller's.
 */
export function maxPool(x: Tensor): Tensor {
  const padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], -Infinity);
  return tf.maxPool(padded as Tensor4D, 3, 2, "valid");
}
