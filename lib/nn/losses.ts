/**
 * The losses, each summed or averaged to a scalar and each with its analytic gradient, made together with the
 * value: both need the same exponentials, and a training step always wants both.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { softmaxCrossEntropy } from "./custom_kernels.ts";
import { withOwnGradient } from "./own_gradient.ts";

/** The two numbers of the focal loss. */
export interface FocalLossSettings {
  /** Weight of the positives; the negatives have 1 - alpha. */
  readonly alpha: number;
  /** How much well-classified examples are discounted; 0 is weighted binary cross entropy. */
  readonly gamma: number;
}

/**
 * Sigmoid focal loss (Lin et al. 2017, eq. 5), summed: -alpha_t (1 - p_t)^gamma log(p_t), in log space. With
 * z = logit for a positive and -logit for a negative, log p_t = -softplus(-z) and (1 - p_t)^gamma =
 * exp(-gamma softplus(z)), so no logit over- or underflows.
 *
 * @param logits `[..., K]` float32, before the sigmoid; gets a gradient.
 * @param targets Same shape, float32 in {0, 1}.
 * @param weights Broadcast against logits, float32: 0 leaves an element out.
 * @returns Scalar, the caller's.
 * @throws {TypeError} If logits and targets differ in shape.
 */
export function sigmoidFocalLoss(
  logits: Tensor,
  targets: Tensor,
  weights: Tensor,
  { alpha, gamma }: FocalLossSettings,
): Tensor {
  checkSameShape("sigmoid focal loss", logits, targets);
  return sumWithSlope(logits, (logits) => {
    const sign = tf.sub(tf.mul(targets, 2), 1);
    const z = tf.mul(sign, logits);
    const softplusMinusZ = tf.softplus(tf.neg(z)); //     -log p_t
    const softplusZ = tf.add(softplusMinusZ, z); //       -log(1 - p_t)
    const balance = tf.add(tf.mul(targets, 2 * alpha - 1), 1 - alpha);
    const factor = tf.mul(tf.mul(balance, weights), tf.exp(tf.mul(softplusZ, -gamma)));
    // d/dz = -alpha_t (1 - p_t)^gamma (gamma p_t softplus(-z) + 1 - p_t)
    const inner = tf.add(tf.mul(tf.mul(tf.sigmoid(z), softplusMinusZ), gamma), tf.sigmoid(tf.neg(z)));
    return { loss: tf.mul(factor, softplusMinusZ), slope: tf.neg(tf.mul(tf.mul(sign, factor), inner)) };
  });
}

/**
 * Binary cross entropy of sigmoid(logits), summed: softplus(x) - x y, in which no logit over- or underflows.
 *
 * @param logits Any shape, float32, before the sigmoid; gets a gradient.
 * @param targets Same shape, float32 in 0..1.
 * @param weights Broadcast against logits, float32: 0 leaves an element out.
 * @returns Scalar, the caller's.
 * @throws {TypeError} If logits and targets differ in shape.
 */
export function sigmoidCrossEntropy(logits: Tensor, targets: Tensor, weights: Tensor): Tensor {
  checkSameShape("sigmoid cross entropy", logits, targets);
  return sumWithSlope(logits, (logits) => ({
    loss: tf.mul(tf.sub(tf.softplus(logits), tf.mul(logits, targets)), weights),
    slope: tf.mul(tf.sub(tf.sigmoid(logits), targets), weights),
  }));
}

/**
 * Smooth L1 loss (Girshick 2015, eq. 3, with the bend at beta), summed: d^2 / (2 beta) where |d| < beta, else
 * |d| - beta / 2. With c = d clipped to [-beta, beta] both are c (d - c / 2) / beta.
 *
 * @param input `[..., D]` float32; gets a gradient.
 * @param target Same shape.
 * @param weights Broadcast against input, float32: 0 leaves an element out.
 * @param beta Where the loss goes from quadratic to linear, above 0.
 * @returns Scalar, the caller's.
 * @throws {TypeError} If input and target differ in shape.
 * @throws {RangeError} If beta is not above 0.
 */
export function smoothL1Loss(input: Tensor, target: Tensor, weights: Tensor, beta: number): Tensor {
  checkSameShape("smooth L1 loss", input, target);
  if (!(beta > 0)) {
    throw new RangeError(`Cannot take the smooth L1 loss as beta must be above 0: it is ${beta}`);
  }
  return sumWithSlope(input, (input) => {
    const difference = tf.sub(input, target);
    const slope = tf.div(tf.clipByValue(difference, -beta, beta), beta);
    const loss = tf.mul(slope, tf.sub(difference, tf.mul(slope, beta / 2)));
    return { loss: tf.mul(loss, weights), slope: tf.mul(slope, weights) };
  });
}

/**
 * Cross entropy against smoothed labels (Szegedy et al. 2016, section 7), averaged over images: the label's class
 * has 1 - s + s / K, the others s / K.
 *
 * @param logits `[N, K]` float32; gets a gradient.
 * @param labels `[N]` int32 in 0..K-1.
 * @param smoothing s in [0, 1); 0 is plain cross entropy.
 * @returns Scalar, the caller's.
 */
export function labelSmoothedCrossEntropy(logits: Tensor, labels: Tensor, smoothing: number): Tensor {
  const [images, classes] = logits.shape;
  const rest = smoothing / classes;
  return withOwnGradient([logits], ([logits]) => {
    const distribution = tf.oneHot(labels, classes, 1 - smoothing + rest, rest, "float32");
    const { loss, dLogits } = softmaxCrossEntropy(logits, distribution);
    const gradient = (dy: Tensor, [dLogits]: Tensor[]): Tensor[] => [tf.mul(dLogits, tf.div(dy, images))];
    return { value: tf.mean(loss), saved: [dLogits], gradient };
  });
}

/**
 * Cross entropy of softmax(logits) against label distributions, summed over rows.
 *
 * @param logits `[N, K]` float32; gets a gradient.
 * @param labels `[N, K]` float32, rows that sum to 1 (where their weight is not 0).
 * @param weights `[N]` float32: 0 leaves a row out.
 * @returns Scalar, the caller's.
 * @throws {TypeError} If logits and labels differ in shape.
 */
export function softmaxCrossEntropyLoss(logits: Tensor, labels: Tensor, weights: Tensor): Tensor {
  checkSameShape("softmax cross entropy", logits, labels);
  return withOwnGradient([logits], ([logits]) => {
    const { loss, dLogits } = softmaxCrossEntropy(logits, labels);
    const slope = tf.mul(dLogits, tf.expandDims(weights, 1));
    const gradient = (dy: Tensor, [slope]: Tensor[]): Tensor[] => [tf.mul(slope, dy)];
    return { value: tf.sum(tf.mul(loss, weights)), saved: [slope], gradient };
  });
}

/** Sums an element-wise loss; its gradient is the loss's slope, made in the same pass. */
function sumWithSlope(input: Tensor, f: (input: Tensor) => { loss: Tensor; slope: Tensor }): Tensor {
  return withOwnGradient([input], ([input]) => {
    const { loss, slope } = f(input);
    return { value: tf.sum(loss), saved: [slope], gradient: (dy, [slope]) => [tf.mul(slope, dy)] };
  });
}

function checkSameShape(name: string, actual: Tensor, wanted: Tensor): void {
  if (String(actual.shape) === String(wanted.shape)) return;
  throw new TypeError(
    `Cannot take the ${name} as predictions and targets must have the same shape: ` +
      `they are [${actual.shape}] and [${wanted.shape}]`,
  );
}
