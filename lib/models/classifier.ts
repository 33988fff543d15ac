/**
 * The classification head under which the supernet is pre-trained.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { globalAveragePool } from "../nn/pool.ts";
import type { BatchNormTraining, ParameterSpec, TrainingPass, Unit } from "../nn/unit.ts";
import { lastLayer } from "../space/block_layers.ts";
import type { SearchSpace } from "../space/search_space.ts";
import { backboneInit } from "./block.ts";
import { normedConv } from "./conv_layer.ts";

/**
 * 1x1 convolution, batch norm, ReLU; dropout of whole channels; mean over the image; a linear layer.
 *
 * In training the inputs are x `[N, H, W, C]` and the dropout's mask `[N, L]` float32, L the space's
 * `lastChannels`: 0 for a dropped channel, else 1 / (1 - p), so that the caller's named stream decides and a step
 * can be repeated. A channel is dropped whole (Dropout2d), which commutes with the mean, so the mask is applied to
 * the means. In inference the input is x alone. Output: logits `[N, K]`.
 *
 * @param space Gives the widths.
 * @param classes K.
 */
export function classifierUnit(space: SearchSpace, classes: number): Unit {
  const layer = lastLayer(space);
  const last = normedConv("last", layer, backboneInit(layer));
  return {
    name: "classifier",
    signature: `classifier (${last.signature}) ${classes}`,
    parameters: [...last.parameters, ...linearSpecs(space.lastChannels, classes)],
    batchNorms: last.batchNorms,
    train([x, mask]: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const { y, moments } = last.train(x, parameters, batchNorm);
      return { outputs: [linear(tf.mul(globalAveragePool(y), mask), parameters)], moments };
    },
    infer([x]: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      return [linear(globalAveragePool(last.infer(x, parameters, statistics)), parameters)];
    },
  };
}

function linearSpecs(inputs: number, classes: number): ParameterSpec[] {
  return [
    { name: "linear.weight", shape: [inputs, classes], role: "weight", init: { kind: "normal", std: 0.01 } },
    { name: "linear.bias", shape: [classes], role: "bias", init: { kind: "constant", value: 0 } },
  ];
}

/** The linear layer's are the unit's last two parameters. */
function linear(x: Tensor, parameters: Tensor[]): Tensor {
  const [weight, bias] = parameters.slice(-2);
  return tf.add(tf.matMul(x as Tensor2D, weight as Tensor2D), bias);
}
