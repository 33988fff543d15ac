/**
 * Global average pooling, between the backbone and a classifier.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
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
