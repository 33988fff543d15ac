/**
 * Faster R-CNN's losses, one a stage, each as a function of tensors for the compiler. What anchors and regions are to
 * learn is decided before, outside the graph.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { foreground } from "../boxes/matcher.ts";
import type { InputSpec, TensorFunction } from "../nn/compiled.ts";
import { sigmoidCrossEntropy, smoothL1Loss, softmaxCrossEntropyLoss } from "../nn/losses.ts";
import { oneHotOf, takesPart } from "./label_masks.ts";

/**
 * The inputs of {@linkcode proposalLoss}; the first two are the differentiable ones.
 *
 * @param images N.
 * @param anchors R, over all levels.
 */
export function proposalLossInputs(images: number, anchors: number): InputSpec[] {
  return [
    { shape: [images, anchors], dtype: "float32" }, //    logits
    { shape: [images, anchors, 4], dtype: "float32" }, // deltas
    { shape: [images, anchors], dtype: "int32" }, //      labels
    { shape: [images, anchors, 4], dtype: "float32" }, // targets
    { shape: [], dtype: "float32" }, //                   sampled
  ];
}

/**
 * The first stage's loss (Ren et al. 2015, eq. 1, averaged as in the authors' code). Inputs: logits of an object
 * `[N, R]`; deltas `[N, R, 4]`; labels `[N, R]` int32: foreground, background or ignored; targets `[N, R, 4]`, read at
 * foreground anchors; a scalar float32 above 0, how many anchors are not ignored. Outputs, scalars: binary cross
 * entropy and smooth L1 loss of the foreground's deltas, both over the number sampled, and their sum.
 *
 * @param smoothL1Beta Where the box loss bends; the authors: 1/9.
 */
export function proposalLoss(smoothL1Beta: number): TensorFunction {
  return ([logits, deltas, labels, targets, sampled]: Tensor[]): Tensor[] => {
    const isObject = tf.cast(tf.equal(labels, foreground), "float32");
    const entropy = sigmoidCrossEntropy(logits, isObject, takesPart(labels));
    const distance = smoothL1Loss(deltas, targets, tf.expandDims(isObject, 2), smoothL1Beta);
    const [objectnessLoss, boxLoss] = [tf.div(entropy, sampled), tf.div(distance, sampled)];
    return [objectnessLoss, boxLoss, tf.add(objectnessLoss, boxLoss)];
  };
}

/**
 * The inputs of {@linkcode roiLoss}; the first two are the differentiable ones.
 *
 * @param rois M.
 * @param classes K.
 */
export function roiLossInputs(rois: number, classes: number): InputSpec[] {
  return [
    { shape: [rois, classes + 1], dtype: "float32" }, // logits
    { shape: [rois, 4 * classes], dtype: "float32" }, // deltas
    { shape: [rois], dtype: "int32" }, //                labels
    { shape: [rois, 4], dtype: "float32" }, //           targets
    { shape: [], dtype: "float32" }, //                     sampled
  ];
}

/**
 * The second stage's loss (Girshick 2015, eq. 1). Inputs: logits `[M, K + 1]`; deltas `[M, 4 K]`; labels `[M]` int32:
 * the class, K for background, or ignored; targets `[M, 4]`, read at foreground regions; a scalar float32 above 0, how
 * many regions are not ignored. Outputs, scalars: cross entropy of the classes and smooth L1 loss of the foreground's
 * deltas for their own class, both over the number sampled, and their sum.
 *
 * @param settings K, and where the box loss bends (the authors: 1).
 */
export function roiLoss(
  { classes, smoothL1Beta }: { readonly classes: number; readonly smoothL1Beta: number },
): TensorFunction {
  return ([logits, deltas, labels, targets, sampled]: Tensor[]): Tensor[] => {
    const entropy = softmaxCrossEntropyLoss(logits, oneHotOf(labels, classes + 1), takesPart(labels));
    const byClass = tf.reshape(deltas, [-1, classes, 4]);
    const ownClass = tf.expandDims(oneHotOf(labels, classes), 2);
    const wanted = tf.mul(tf.expandDims(targets, 1), ownClass); // [M, K, 4], as the deltas
    const distance = smoothL1Loss(byClass, wanted, ownClass, smoothL1Beta);
    const [classLoss, boxLoss] = [tf.div(entropy, sampled), tf.div(distance, sampled)];
    return [classLoss, boxLoss, tf.add(classLoss, boxLoss)];
  };
}
