/**
 * Faster R-CNN's second stage as the authors have it: some convolutions with batch norm and one linear layer over
 * each region's features, then its class and, for each class, its box.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { relu } from "../nn/relu.ts";
import type { BatchNormTraining, TrainingPass, Unit } from "../nn/unit.ts";
import type { ConvInit, ConvLayerShape } from "./conv_layer.ts";
import { normedConv, plainConv } from "./conv_layer.ts";
import type { DetectorNorm } from "./fpn.ts";
import { linear } from "./linear.ts";
import type { Part } from "./part.ts";
import { allOf, chain, parametersOf } from "./part.ts";

/** What the head is made of. */
export interface BoxHeadShape {
  /** S: a region's features are S x S. */
  readonly poolSide: number;
  /** Channels of the features and of the convolutions. */
  readonly channels: number;
  /** 3x3 convolutions, 0 or more; the authors: 4. */
  readonly convs: number;
  /** After each of them; with "batch" they have no bias. */
  readonly norm: DetectorNorm;
  /** Outputs of the linear layer; the authors: 1,024. */
  readonly hidden: number;
  /** K. */
  readonly classes: number;
}

/**
 * The head as a unit, name `boxHead`. Input: features `[M, S, S, channels]`. Outputs: logits `[M, K + 1]`, the last one
 * background's, and deltas `[M, 4 K]`, four for each class. Weights start at N(0, 0.01^2), those of the linear layer
 * at N(0, 1 / fan-in), those of the boxes at N(0, 0.001^2), biases at 0.
 */
export function boxHeadUnit(shape: BoxHeadShape): Unit {
  const { poolSide, channels, hidden, classes } = shape;
  const inputs = poolSide * poolSide * channels;
  const convs = chain(Array.from({ length: shape.convs }, (_, i) => roiConv(`conv.${i}`, shape)));
  const tail = [
    linear("hidden", { inputs, outputs: hidden, std: 1 / Math.sqrt(inputs) }),
    linear("class", { inputs: hidden, outputs: classes + 1, std: 0.01 }),
    linear("box", { inputs: hidden, outputs: 4 * classes, std: 0.001 }),
  ];
  const parts = [convs, ...tail];
  const predict = (features: Tensor, [own, ...last]: Tensor[][]): Tensor[] => {
    const flat = tf.reshape(features, [-1, inputs]);
    const common = relu(tail[0].infer(flat, own, []));
    return [tail[1].infer(common, last[0], []), tail[2].infer(common, last[1], [])];
  };
  return {
    name: "boxHead",
    signature: `boxHead (${parts.map((part) => part.signature).join("; ")})`,
    ...allOf(parts),
    train([x]: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const [first, ...rest] = parametersOf(parts, parameters);
      const { y, moments } = convs.train(x, first, batchNorm);
      return { outputs: predict(y, rest), moments };
    },
    infer([x]: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      const [first, ...rest] = parametersOf(parts, parameters);
      return predict(convs.infer(x, first, statistics), rest);
    },
  };
}

const init: ConvInit = { weight: { kind: "normal", std: 0.01 }, shift: 0 };

function roiConv(name: string, { channels, norm }: BoxHeadShape): Part {
  const size = { kind: "conv", kernel: 3, stride: 1, inChannels: channels, outChannels: channels } as const;
  const layer: ConvLayerShape = { ...size, bias: norm === "none", relu: true };
  return norm === "batch" ? normedConv(name, layer, init) : plainConv(name, layer, init);
}
