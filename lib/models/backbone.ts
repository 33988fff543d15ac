/**
 * The supernet's backbone: the stem, and every choice of every block as a unit of its own. An architecture's
 * subnet is the stem and one choice a block; nothing is copied.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { maxPool } from "../nn/pool.ts";
import type { BatchNormTraining, TrainingPass, Unit } from "../nn/unit.ts";
import { blockLayers, type ConvLayer, stemLayers } from "../space/block_layers.ts";
import type { BlockChoice, BlockShape, SearchSpace } from "../space/search_space.ts";
import { blockShapes } from "../space/search_space.ts";
import { backboneShift, blockUnit, resNetInit } from "./block.ts";
import type { ShuffleMethod } from "./channel_shuffle.ts";
import { type ConvInit, normedConv } from "./conv_layer.ts";
import { isCustomBlock } from "./custom_block.ts";
import { chain, type Part, unitOf } from "./part.ts";

/** All units of a supernet's backbone. */
export interface Supernet {
  /** Takes images `[N, H, W, 3]`: RGB, float32, 0 to 255. */
  readonly stem: Unit;
  /** `blocks[i][choice]`, in the order of an architecture. */
  readonly blocks: readonly (readonly Unit[])[];
  /** Index of each stage's last block: where a detector takes C2, C3, C4 and C5. */
  readonly stageEnds: readonly number[];
}

/**
 * Builds the backbone of a space, names `stem` and `blocks.I.C` (block and choice from 0).
 *
 * @param space How deep and wide.
 * @param shuffleMethod Which shuffle starts a stride-1 block.
 * @throws {TypeError} If a custom choice is not a `customBlock`, and so can't be built.
 */
export function supernet(space: SearchSpace, shuffleMethod: ShuffleMethod): Supernet {
  const shapes = blockShapes(space);
  return {
    stem: stemUnit(space),
    blocks: shapes.map((shape, i) =>
      space.choices.map((choice, c) => choiceUnit(`blocks.${i}.${c}`, choice, shape, shuffleMethod))
    ),
    stageEnds: shapes.flatMap(({ stage }, i) => shapes[i + 1]?.stage === stage ? [] : [i]),
  };
}

function choiceUnit(
  name: string,
  choice: BlockChoice,
  shape: BlockShape,
  shuffleMethod: ShuffleMethod,
): Unit {
  if (choice.kind !== "custom") return blockUnit(name, blockLayers(choice, shape), shuffleMethod);
  if (isCustomBlock(choice)) return choice.unit(name, shape);
  throw new TypeError(
    `Cannot build ${name} as choice "${choice.name}" must be made by customBlock(): it has no unit`,
  );
}

/**
 * The stem: convolution of stride 2, batch norm, ReLU and, for ResNet, a max-pool. Images come as RGB in 0 to 255, not
 * normalised. The authors' networks take BGR: rather than the image, the weight is reversed, so that weights mean the
 * same.
 */
export function stemUnit(space: SearchSpace): Unit {
  const { conv, maxPool } = stemLayers(space);
  const part = normedConv("conv", conv, stemInit(space, conv));
  const unit = unitOf("stem", maxPool ? chain([part, maxPoolPart]) : part);
  return {
    ...unit,
    ...(maxPool ? {} : { block: { main: [conv], projection: [], shuffle: null, ofImages: true } }),
    signature: `stem (${unit.signature})`,
    train: (images: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass =>
      unit.train(images, forRgb(parameters), batchNorm),
    infer: (images: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] =>
      unit.infer(images, forRgb(parameters), statistics),
  };
}

/** The weight's input channels from BGR to RGB. */
function forRgb([weight, ...rest]: Tensor[]): Tensor[] {
  return [tf.reverse(weight, 2), ...rest];
}

function stemInit({ stem }: SearchSpace, conv: ConvLayer): ConvInit {
  return stem === "resnet"
    ? resNetInit(conv)
    : { weight: { kind: "normal", std: 0.01 }, shift: backboneShift };
}

const maxPoolPart: Part = {
  signature: "max-pool",
  parameters: [],
  batchNorms: [],
  train: (x) => ({ y: maxPool(x), moments: [] }),
  infer: (x) => maxPool(x),
};
