/**
 * The choice blocks of the backbone: ShuffleNetV2's (3x3, 5x5, 7x7) and the xception variant, exactly as the
 * authors'. Their layers come from `lib/space`, where the cost model counts them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BatchNormTraining, TrainingPass, Unit } from "../nn/unit.ts";
import type { BlockLayers, ConvLayer } from "../space/block_layers.ts";
import type { ShuffleMethod } from "./channel_shuffle.ts";
import { channelShuffle } from "./channel_shuffle.ts";
import type { ConvInit } from "./conv_layer.ts";
import { normedConv } from "./conv_layer.ts";
import type { Part } from "./part.ts";
import { allOf, chain, parametersOf, statisticsOf, unitOf } from "./part.ts";

/** The authors' first value of batch norm's shift in the backbone: not quite 0, so that no ReLU starts at its bend. */
export const backboneShift = 0.0001;

/**
 * One choice of one block as a unit: `[N, H, W, I]` in, `[N, ceil(H / s), ceil(W / s), O]` out. At stride 1 half
 * the channels pass and half go through the main branch; at stride 2 all go through the projection and the main
 * branch. The output is the concatenation, main branch last. Parameters: `main.0.weight`, `main.0.scale`,
 * `main.0.shift`, `main.1.weight`, …, then `projection.0.weight`, ….
 *
 * @param name The unit's name.
 * @param layers The block's layers, of `blockLayers`; an empty projection means stride 1.
 * @param shuffleMethod Which shuffle starts a stride-1 block; no matter at stride 2.
 */
export function blockUnit(name: string, layers: BlockLayers, shuffleMethod: ShuffleMethod): Unit {
  const main = branch("main", layers.main);
  if (layers.projection.length === 0) return shuffledUnit(name, main, shuffleMethod);
  return twoBranchUnit(name, main, branch("projection", layers.projection));
}

/** How a backbone layer after the stem starts: N(0, 1 / inputs), as the authors write it, where a depthwise layer has one input. */
export function backboneInit(layer: ConvLayer): ConvInit {
  const std = layer.kind === "depthwise" ? 1 : 1 / layer.inChannels;
  return { weight: { kind: "normal", std }, shift: backboneShift };
}

function branch(prefix: string, layers: readonly ConvLayer[]): Part {
  return chain(layers.map((layer, i) => normedConv(`${prefix}.${i}`, layer, backboneInit(layer))));
}

function shuffledUnit(name: string, main: Part, shuffleMethod: ShuffleMethod): Unit {
  return {
    ...unitOf(name, main),
    signature: `shuffle ${shuffleMethod} (${main.signature})`,
    train([x]: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const [passed, rest] = channelShuffle(x, shuffleMethod);
      const { y, moments } = main.train(rest, parameters, batchNorm);
      return { outputs: [tf.concat([passed, y], 3)], moments };
    },
    infer([x]: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      const [passed, rest] = channelShuffle(x, shuffleMethod);
      return [tf.concat([passed, main.infer(rest, parameters, statistics)], 3)];
    },
  };
}

function twoBranchUnit(name: string, main: Part, projection: Part): Unit {
  const parts = [main, projection];
  return {
    name,
    signature: `projection (${projection.signature}) main (${main.signature})`,
    ...allOf(parts),
    train([x]: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const own = parametersOf(parts, parameters);
      const [mainPass, projectionPass] = parts.map((part, i) => part.train(x, own[i], batchNorm));
      const y = tf.concat([projectionPass.y, mainPass.y], 3);
      return { outputs: [y], moments: [...mainPass.moments, ...projectionPass.moments] };
    },
    infer([x]: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      const own = parametersOf(parts, parameters);
      const ownStatistics = statisticsOf(parts, statistics);
      const [mainOutput, projected] = parts.map((part, i) => part.infer(x, own[i], ownStatistics[i]));
      return [tf.concat([projected, mainOutput], 3)];
    },
  };
}
