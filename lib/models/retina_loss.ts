/**
 * RetinaNet's loss over all anchors of a batch, as one function of tensors for the compiler. Which anchor stands
 * for which object is decided before, outside the graph.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { TensorFunction } from "../nn/compiled.ts";
import type { FocalLossSettings } from "../nn/losses.ts";
import { sigmoidFocalLoss, smoothL1Loss } from "../nn/losses.ts";
import { isForeground, oneHotOf, takesPart } from "./label_masks.ts";

/** The losses' numbers, and K. */
export interface RetinaLossSettings extends FocalLossSettings {
  /** K; also the label of background. */
  readonly classes: number;
  /** Where the box loss bends from quadratic to linear. */
  readonly smoothL1Beta: number;
}

/**
 * The detector's loss. Inputs: logits `[N, R, K]`; deltas `[N, R, 4]`; labels `[N, R]` int32, the class index of a
 * foreground anchor, K for background, or ignored; targets `[N, R, 4]`, read at foreground anchors;
 * the normaliser, a scalar float32 above 0: the number of foreground anchors, or 1. Outputs, scalars, all
 * differentiable in logits and deltas: focal loss of the classes over the normaliser, smooth L1 loss of the
 * foreground's four deltas over the normaliser, and their sum.
 *
 * The box loss is the mean over the four deltas, as the authors' (maskrcnn-benchmark divides by four times the
 * foreground): with deltas scaled by the box coder's weights, their sum would drown the classes' loss.
 *
 * @param settings The losses' numbers.
 * @returns A function that throws a {@linkcode TypeError} where logits and labels, or deltas and targets, differ in shape,
 * and a {@linkcode RangeError} where `smoothL1Beta` is not above 0.
 */
export function retinaLoss(settings: RetinaLossSettings): TensorFunction {
  const { classes, smoothL1Beta } = settings;
  return ([logits, deltas, labels, targets, normaliser]: Tensor[]): Tensor[] => {
    const oneHot = oneHotOf(labels, classes);
    const counts = tf.expandDims(takesPart(labels), 2); // broadcast over classes
    const isPositive = tf.expandDims(isForeground(labels, classes), 2); // broadcast over deltas
    const classLoss = tf.div(sigmoidFocalLoss(logits, oneHot, counts, settings), normaliser);
    const boxLoss = tf.div(smoothL1Loss(deltas, targets, isPositive, smoothL1Beta), tf.mul(normaliser, 4));
    return [classLoss, boxLoss, tf.add(classLoss, boxLoss)];
  };
}
