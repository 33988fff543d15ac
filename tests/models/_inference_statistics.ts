import * as tf from "@tensorflow/tfjs-core";
import { batchNormEpsilon, localBatchNorm } from "../../lib/nn/batch_norm.ts";
import type { BatchNormTraining } from "../../lib/nn/unit.ts";

/**
 * Batch norm whose moments are what inference needs to repeat training's output: the biased variance, which it is
 * normalised by, in place of the unbiased one, which running statistics are made of.
 */
export const repeatableBatchNorm: BatchNormTraining = (x, scale, shift) => {
  const { y, mean, variance } = localBatchNorm(batchNormEpsilon)(x, scale, shift);
  const count = x.size / scale.size;
  return { y, mean, variance: tf.mul(variance, (count - 1) / count) };
};
