/**
 * The classification head under which the supernet is pre-trained.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { globalAveragePool } from "../nn/pool.ts";
import type { BatchNormTraining, TrainingPass, Unit } from "../nn/unit.ts";
import { lastLayers } from "../space/block_layers.ts";
import { classifierChannels, type SearchSpace } from "../space/search_space.ts";
import { backboneInit } from "./block.ts";
import { normedConv } from "./conv_layer.ts";
import { linear } from "./linear.ts";
import { allOf, chain, parametersOf } from "./part.ts";

/** A classification head, and the width of its dropout. */
export interface Classifier extends Unit {
  /** L: channels that are averaged over the image and go into the linear layer. */
  readonly channels: number;
}

/**
 * 1x1 convolution, batch norm, ReLU (none of these if the space has no `lastChannels`); dropout of whole channels; mean
 * over the image; a linear layer.
 *
 * In training the inputs are x `[N, H, W, C]` and the dropout's mask `[N, L]` float32, with L of
 * {@linkcode Classifier}: 0 for a dropped channel, else 1 / (1 - p), so that the caller's named stream decides and a
 * step can be repeated. A channel is dropped whole (Dropout2d), which commutes with the mean, so the mask is applied
 * to the means. In inference the input is x alone. Output: logits `[N, K]`.
 *
 * @param space Gives the widths.
 * @param classes K.
 */
export function classifierUnit(space: SearchSpace, classes: number): Classifier {
  const last = chain(lastLayers(space).map((layer) => normedConv("last", layer, backboneInit(layer))));
  const channels = classifierChannels(space);
  const logits = linear("linear", { inputs: channels, outputs: classes, std: 0.01 });
  const parts = [last, logits];
  return {
    name: "classifier",
    channels,
    signature: `classifier (${parts.map((part) => part.signature).join("; ")})`,
    ...allOf(parts),
    train([x, mask]: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const [own, ofLogits] = parametersOf(parts, parameters);
      const { y, moments } = last.train(x, own, batchNorm);
      return { outputs: [logits.infer(tf.mul(globalAveragePool(y), mask), ofLogits, [])], moments };
    },
    infer([x]: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      const [own, ofLogits] = parametersOf(parts, parameters);
      return [logits.infer(globalAveragePool(last.infer(x, own, statistics)), ofLogits, [])];
    },
  };
}
