/**
 * From labels to the weights that losses multiply by. What compiled functions can't do is index by a label: they
 * multiply by a mask.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { ignored } from "../boxes/matcher.ts";

/**
 * 1 at a label's class, 0 elsewhere, and everywhere for a label that is none of the classes. (tfjs's own refuses a
 * single class.)
 *
 * @param labels `[...]` int32.
 * @param classes K.
 * @returns `[..., K]` float32.
 */
export function oneHotOf(labels: Tensor, classes: number): Tensor {
  return tf.cast(tf.equal(tf.expandDims(labels, -1), tf.range(0, classes, 1, "int32")), "float32");
}

/** 1 where a label is not {@linkcode ignored}, else 0: float32 of the labels' shape. */
export function takesPart(labels: Tensor): Tensor {
  return tf.cast(tf.greater(labels, ignored), "float32");
}

/** 1 where a label is one of the K classes, else 0: float32 of the labels' shape. */
export function isForeground(labels: Tensor, classes: number): Tensor {
  return tf.cast(tf.logicalAnd(tf.greater(labels, ignored), tf.less(labels, classes)), "float32");
}
