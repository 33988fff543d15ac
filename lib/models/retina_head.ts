/**
 * RetinaNet's head (Lin et al. 2017): one tower of convolutions for classes and one for boxes, shared by all levels.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { batchNormAffine, batchNormEpsilon } from "../nn/batch_norm.ts";
import { convolve } from "../nn/conv.ts";
import type { MapLayer } from "../nn/map_network.ts";
import { relu } from "../nn/relu.ts";
import type { BatchNormTraining, Unit } from "../nn/unit.ts";
import type { ConvInit, ConvLayerShape } from "./conv_layer.ts";
import { normSpecs, plainConv, weightSpec } from "./conv_layer.ts";
import type { DetectorNorm } from "./fpn.ts";
import { headMaps } from "./head_maps.ts";
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
  const [classes, boxes] = [shape.classes, 4].map((depth) => predictorLayers(depth, shape));
  const classBias = -Math.log((1 - shape.prior) / shape.prior);
  const unit = headUnit("head", [
    onAnchors(predictor("class", classes, classBias, shape), shape.classes),
    onAnchors(predictor("box", boxes, 0, shape), 4),
  ]);
  const predictors = [{ layers: classes, row: [shape.classes] }, { layers: boxes, row: [4] }];
  return {
    ...unit,
    signature: `${unit.signature} ${shape.levels} ${shape.classes}`,
    maps: headMaps(levelCount(shape), [], predictors),
  };
}

/** A tower and its last convolution, whose `[N, H, W, A D]` is read as `[N, H W A, D]`. */
function predictorLayers(depth: number, shape: RetinaHeadShape): MapLayer[] {
  const { channels, anchorsPerCell, towerConvs, norm } = shape;
  const plain = convLayer(channels, channels);
  const tower = norm === "batch"
    ? { ...plain, bias: false, relu: true, norms: levelCount(shape) }
    : { ...plain, relu: true };
  return [...Array.from({ length: towerConvs }, () => tower), convLayer(channels, anchorsPerCell * depth)];
}

/** The layers as a part; the last one's bias starts as given. */
function predictor(
  name: string,
  layers: readonly MapLayer[],
  bias: number,
  { levels }: RetinaHeadShape,
): LevelsPart {
  return levelsChain(layers.map((layer, i) => {
    if (i === layers.length - 1) {
      return onAllLevels(plainConv(`${name}.last`, layer, { ...headInit, shift: bias }));
    }
    if (layer.norms > 0) return normedOnAllLevels(`${name}.${i}`, layer, levels);
    return onAllLevels(plainConv(`${name}.${i}`, layer, headInit));
  }));
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

function convLayer(inChannels: number, outChannels: number): MapLayer {
  return { kind: "conv", kernel: 3, stride: 1, inChannels, outChannels, bias: true, relu: false, norms: 0 };
}

function levelCount({ levels: [first, last] }: RetinaHeadShape): number {
  return last - first + 1;
}

function checkPrior(prior: number): void {
  if (prior > 0 && prior < 1) return;
  throw new RangeError(`Cannot build a RetinaNet head as prior must be between 0 and 1: it is ${prior}`);
}
