/**
 * The choice blocks of the backbone: ShuffleNetV2's and the xception variant, exactly as the authors', and ResNet's
 * bottleneck. Their layers come from `lib/space`, where the cost model counts them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { NormedBlock } from "../nn/normed_block.ts";
import { relu } from "../nn/relu.ts";
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
 * One choice of one block as a unit: `[N, H, W, I]` in, `[N, ceil(H / s), ceil(W / s), O]` out; how its branches join,
 * see {@linkcode BlockLayers}. Parameters: `main.0.weight`, `main.0.scale`, `main.0.shift`, `main.1.weight`, …, then
 * `projection.0.weight`, ….
 *
 * @param name The unit's name.
 * @param layers The block's layers, of `blockLayers`.
 * @param shuffleMethod Which shuffle starts a block that passes half its channels; no matter in others.
 */
export function blockUnit(name: string, layers: BlockLayers, shuffleMethod: ShuffleMethod): Unit {
  const init = layers.join === "sum" ? resNetInit : backboneInit;
  const main = branch("main", layers.main, init);
  const projected = layers.projection.length > 0;
  const block = normedBlock(layers, projected ? null : shuffleMethod);
  if (layers.join === "concat" && !projected) return { ...shuffledUnit(name, main, shuffleMethod), ...block };
  const parts = projected ? [main, branch("projection", layers.projection, init)] : [main];
  return { ...twoBranchUnit(name, parts, layers.join), ...block };
}

/** The block for kernels that run it whole; none has a kernel for sums, or for dense k x k convolutions within a block. */
function normedBlock(
  { join, main, projection }: BlockLayers,
  shuffle: ShuffleMethod | null,
): { block?: NormedBlock } {
  if (join !== "concat" || [...main, ...projection].some(({ kind }) => kind === "conv")) return {};
  return { block: { main, projection, shuffle, ofImages: false } };
}

/** How a backbone layer after the stem starts: N(0, 1 / inputs), as the authors write it, where a depthwise layer has one input. */
export function backboneInit(layer: ConvLayer): ConvInit {
  const std = layer.kind === "depthwise" ? 1 : 1 / layer.inChannels;
  return { weight: { kind: "normal", std }, shift: backboneShift };
}

/** How ResNet's layers start: N(0, sqrt(2 / outputs)) with the outputs that an input goes into (He et al. 2015, eq. 14). */
export function resNetInit({ kernel, outChannels }: ConvLayer): ConvInit {
  return { weight: { kind: "normal", std: Math.sqrt(2 / (kernel * kernel * outChannels)) }, shift: 0 };
}

function branch(
  prefix: string,
  layers: readonly ConvLayer[],
  init: (layer: ConvLayer) => ConvInit,
): Part {
  return chain(layers.map((layer, i) => normedConv(`${prefix}.${i}`, layer, init(layer))));
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

/** Parts: main, and the projection if there is one. */
function twoBranchUnit(name: string, parts: readonly Part[], join: BlockLayers["join"]): Unit {
  return {
    name,
    signature: `${join} ${parts.map((part) => `(${part.signature})`).join(" ")}`,
    ...allOf(parts),
    train([x]: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const own = parametersOf(parts, parameters);
      const passes = parts.map((part, i) => part.train(x, own[i], batchNorm));
      const y = joined(join, x, passes.map((pass) => pass.y));
      return { outputs: [y], moments: passes.flatMap(({ moments }) => moments) };
    },
    infer([x]: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      const own = parametersOf(parts, parameters);
      const ownStatistics = statisticsOf(parts, statistics);
      return [joined(join, x, parts.map((part, i) => part.infer(x, own[i], ownStatistics[i])))];
    },
  };
}

function joined(join: BlockLayers["join"], x: Tensor, [main, projected = x]: Tensor[]): Tensor {
  return join === "sum" ? relu(tf.add(main, projected)) : tf.concat([projected, main], 3);
}
