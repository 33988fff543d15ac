/**
 * The channel shuffle at the start of a stride-1 block: which half of the channels passes, and which goes through
 * the main branch.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * Which of the authors' two shuffles. They split the channels differently: weights trained under one are useless
 * under the other, so the method is part of a run's configuration.
 */
export type ShuffleMethod = 1 | 2;

/**
 * Splits the channels of C = 2 h in two halves, `[passed, main]`. Method 1 interleaves the input's halves (0, h, 1, h + 1,
 * …) and passes the first half of that; method 2 passes the even channels (the authors' `channel_shuffle1` and
 * `channel_shuffle2`).
 *
 * @param x `[N, H, W, C]` with C a multiple of 4.
 * @returns Two tensors `[N, H, W, C / 2]`, the caller's.
 */
export function channelShuffle(x: Tensor, method: ShuffleMethod): [passed: Tensor, main: Tensor] {
  const [batch, height, width, channels] = x.shape;
  const halves = method === 1 ? interleavedHalves(x) : alternatingChannels(x);
  const [passed, main] = tf.unstack(halves).map((half) =>
    tf.reshape(half, [batch, height, width, channels / 2])
  );
  return [passed, main];
}

// Both transpose once, so that the two halves lie one after the other in memory and unstacking need not copy. On
// TensorFlow's CPU this is two to ten times as fast as transposing within a pixel and then splitting, stacking
// quarters, or unstacking the last dimension.

/** `[pixels, group, half, channel]` to `[half, pixels, channel, group]`. */
function interleavedHalves(x: Tensor): Tensor {
  const channels = x.shape[3]!;
  return tf.transpose(tf.reshape(x, [-1, 2, 2, channels / 4]), [2, 0, 3, 1]);
}

/** `[pixels, channel, half]` to `[half, pixels, channel]`. */
function alternatingChannels(x: Tensor): Tensor {
  const channels = x.shape[3]!;
  return tf.transpose(tf.reshape(x, [-1, channels / 2, 2]), [2, 0, 1]);
}
