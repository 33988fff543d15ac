/**
 * RetinaNet's head (Lin et al. 2017): one tower of convolutions for classes and one for boxes, shared by all levels.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { batchNormAffine, batchNormEpsilon } from "../nn/batch_norm.ts";
import { convolve } from "../nn/conv.ts";
import { relu } from "../nn/relu.ts";
import type { BatchNormTraining, Unit } from "../nn/unit.ts";
import type { ConvInit, ConvLayerShape } from "./conv_layer.ts";
import { normSpecs, plainConv, weightSpec } from "./conv_layer.ts";
import type { DetectorNorm } from "./fpn.ts";
import {
  headUnit,
  levelsChain,
  type LevelsPart,
  type LevelsPass,
  onAllLevels,
  onAnchors,
} from "./levels_part.ts";

/** What a head is made of. */
export interface RetinaHeadShape {
  /** First and last pyramid level, inclusive. */
  readonly levels: readonly [first: number, last: number];
  /** Channels of the levels and of the towers. */
  readonly channels: number;
  /** K. */
  readonly classes: number;
  /** Anchors a cell, A. */
  readonly anchorsPerCell: number;
  /** Convolutions in each tower, 0 or more. */
  readonly towerConvs: number;
  /** After the towers' convolutions; with "batch" they have no bias, and each level its own batch norm. */
  readonly norm: DetectorNorm;
  /** Probability that a fresh head gives to every class at every anchor; sets the class bias. */
  readonly prior: number;
}

/**
 * The head as a unit, name `head`. Inputs: one `[N, H_l, W_l, channels]` a level. Outputs: class logits `[N, R, K]`
 * and box deltas `[N, R, 4]` over all anchors, in the order level, row, column, anchor. Every convolution starts at
 * N(0, 0.01), every bias at 0, the class bias at -log((1 - prior) / prior).
 *
 * @throws {RangeError} If the prior is not between 0 and 1.
 */
export function retinaHeadUnit(shape: RetinaHeadShape): Unit {
  checkPrior(shape.prior);
  const classes = predictor("class", shape.classes, -Math.log((1 - shape.prior) / shape.prior), shape);
  const boxes = predictor("box", 4, 0, shape);
  const unit = headUnit("head", [classes, boxes]);
  return { ...unit, signature: `${unit.signature} ${shape.levels} ${shape.classes}` };
}

/** A tower and its last convolution, whose `[N, H, W, A D]` is read as `[N, H W A, D]`. */
function predictor(name: string, depth: number, bias: number, shape: RetinaHeadShape): LevelsPart {
  const layer = convLayer(shape.channels, shape.anchorsPerCell * depth);
  const last = onAllLevels(plainConv(`${name}.last`, layer, { ...headInit, shift: bias }));
  const tower = Array.from({ length: shape.towerConvs }, (_, i) => towerConv(`${name}.${i}`, shape));
  return onAnchors(levelsChain([...tower, last]), depth);
}

function towerConv(name: string, shape: RetinaHeadShape): LevelsPart {
  const layer = convLayer(shape.channels, shape.channels);
  if (shape.norm === "batch") return normedOnAllLevels(name, { ...layer, bias: false }, shape.levels);
  return onAllLevels(plainConv(name, { ...layer, relu: true }, headInit));
}

/** One convolution for all levels, and a batch norm for each: levels differ in their statistics. ReLU last. */
function normedOnAllLevels(
  name: string,
  layer: ConvLayerShape,
  [first, last]: readonly [number, number],
): LevelsPart {
  const names = Array.from({ length: last - first + 1 }, (_, i) => `${name}.level${first + i}`);
  const channels = layer.outChannels;
  return {
    signature: `3x3 ${channels} normed by level`,
    parameters: [weightSpec(name, layer, headInit), ...names.flatMap((name) => normSpecs(name, channels, 0))],
    batchNorms: names.map((name) => ({ name, channels })),
    train(xs: Tensor[], [weight, ...norms]: Tensor[], batchNorm: BatchNormTraining): LevelsPass {
      const passes = xs.map((x, i) => batchNorm(convolve(x, weight, layer), norms[2 * i], norms[2 * i + 1]));
      const moments = passes.flatMap(({ mean, variance }) => [mean, variance]);
      return { ys: passes.map(({ y }) => relu(y)), moments };
    },
    infer(xs: Tensor[], [weight, ...norms]: Tensor[], statistics: Tensor[]): Tensor[] {
      return xs.map((x, i) => {
        const [scale, shift] = norms.slice(2 * i);
        const [mean, variance] = statistics.slice(2 * i);
        const { factor, offset } = batchNormAffine(scale, shift, mean, variance, batchNormEpsilon);
        return relu(tf.add(convolve(x, tf.mul(weight, factor), layer), offset));
      });
    },
  };
}

const headInit: ConvInit = { weight: { kind: "normal", std: 0.01 }, shift: 0 };

function convLayer(inChannels: number, outChannels: number): ConvLayerShape {
  return { kind: "conv", kernel: 3, stride: 1, inChannels, outChannels, bias: true, relu: false };
}

function checkPrior(prior: number): void {
  if (prior > 0 && prior < 1) return;
  throw new RangeError(`Cannot build a RetinaNet head as prior must be between 0 and 1: it is ${prior}`);
}
