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
  const [passed, main] = method === 1 ? interleavedHalves(x) : alternatingChannels(x);
  return [passed, main];
}

function interleavedHalves(x: Tensor): Tensor[] {
  const [batch, height, width, channels] = x.shape;
  const pixels = batch * height * width;
  const interleaved = tf.transpose(tf.reshape(x, [pixels, 2, channels / 2]), [0, 2, 1]);
  return tf.split(tf.reshape(interleaved, [batch, height, width, channels]), 2, 3);
}

function alternatingChannels(x: Tensor): Tensor[] {
  const [batch, height, width, channels] = x.shape;
  return tf.unstack(tf.reshape(x, [batch, height, width, channels / 2, 2]), 4);
}
