/**
 * Feature pyramid network (Lin et al. 2017), with the extra levels of RetinaNet or of Faster R-CNN: from the
 * backbone's taps to maps of one width, each half as large as the one before.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { ConvShape } from "../nn/conv.ts";
import { convFanIn } from "../nn/conv.ts";
import type { MapLayer } from "../nn/map_network.ts";
import { relu } from "../nn/relu.ts";
import type { BatchNormTraining, TrainingPass, Unit } from "../nn/unit.ts";
import type { ConvInit } from "./conv_layer.ts";
import { normedConv, plainConv } from "./conv_layer.ts";
import type { Part } from "./part.ts";
import { allOf, parametersOf, statisticsOf } from "./part.ts";
import { type PyramidLayers, pyramidMaps } from "./pyramid_maps.ts";

/** How a detector's layers are normalised: batch norm (over one or all workers), or not at all. */
export type DetectorNorm = "batch" | "none";

/**
 * How levels above the backbone's last are made, each from the one below: by a 3x3 convolution of stride 2 (from the
 * second on after a ReLU), as RetinaNet does, or by leaving out every other row and column, as Faster R-CNN does.
 */
export type ExtraLevels = "convolved" | "subsampled";

/** What a pyramid is made of. */
export interface PyramidShape {
  /** Channels after each of the backbone's stages; the first is level 2 (C2). */
  readonly stageChannels: readonly number[];
  /** First and last level, inclusive: [3, 7] is RetinaNet's, [2, 6] Faster R-CNN's. */
  readonly levels: readonly [first: number, last: number];
  /** How the levels above the backbone's last are made. */
  readonly extraLevels: ExtraLevels;
  /** Channels of every level. */
  readonly channels: number;
  /** After the lateral and output convolutions. */
  readonly norm: DetectorNorm;
}

/** The level of the first stage's output: its stride is 2^2. */
const firstStageLevel = 2;

/** The stages (from 0) whose outputs a pyramid takes, in order: its unit's inputs. */
export function pyramidTaps({ stageChannels, levels: [first, last] }: PyramidShape): number[] {
  const lastTap = Math.min(last, lastStageLevel(stageChannels)) - firstStageLevel;
  return Array.from(
    { length: lastTap - (first - firstStageLevel) + 1 },
    (_, i) => first - firstStageLevel + i,
  );
}

/**
 * The pyramid as a unit, name `fpn`. Inputs: the taps of {@linkcode pyramidTaps}, `[N, H_l, W_l, C_l]`, each half as
 * large (rounded up) as the one before. Outputs: one `[N, H_l, W_l, channels]` a level. A lateral 1x1 convolution
 * a tap; from the top down, the level above is enlarged twice (nearest; cropped where a size is odd) and added; a 3x3
 * convolution makes the output. All convolutions have a bias. Weights start at N(0, 1 / fan-in).
 *
 * Differs: maskrcnn-benchmark draws uniformly, of the same variance.
 *
 * @throws {RangeError} If the levels are not among the backbone's and at most two more.
 */
export function fpnUnit(shape: PyramidShape): Unit {
  checkLevels(shape);
  const taps = pyramidTaps(shape);
  const layers = pyramidLayers(taps, shape);
  const parts = pyramidParts(taps, layers, shape);
  const extra = extraCount(shape);
  return {
    name: "fpn",
    signature: `fpn ${shape.levels} ${shape.extraLevels} (${parts.map((part) => part.signature).join(", ")})`,
    ...allOf(parts),
    maps: pyramidMaps(layers, extra),
    train(inputs: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const own = parametersOf(parts, parameters);
      const moments: Tensor[][] = [];
      const outputs = pyramid(inputs, extra, shape, (x, index) => {
        const pass = parts[index].train(x, own[index], batchNorm);
        moments[index] = pass.moments;
        return pass.y;
      });
      return { outputs, moments: moments.flat() };
    },
    infer(inputs: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      const own = parametersOf(parts, parameters);
      const ownStatistics = statisticsOf(parts, statistics);
      return pyramid(
        inputs,
        extra,
        shape,
        (x, index) => parts[index].infer(x, own[index], ownStatistics[index]),
      );
    },
  };
}

/** The pyramid's data flow; `run` applies the part of an index: laterals, then outputs, then extra levels. */
function pyramid(
  taps: Tensor[],
  extra: number,
  { extraLevels }: PyramidShape,
  run: (x: Tensor, index: number) => Tensor,
): Tensor[] {
  const merged = taps.map((x, i) => run(x, i));
  for (let i = merged.length - 2; i >= 0; i--) {
    merged[i] = tf.add(merged[i], enlarged(merged[i + 1], merged[i]));
  }
  const outputs = merged.map((x, i) => run(x, taps.length + i));
  for (let i = 0; i < extra; i++) {
    const below = outputs[outputs.length - 1];
    const convolved = (): Tensor => run(i === 0 ? below : relu(below), 2 * taps.length + i);
    outputs.push(extraLevels === "convolved" ? convolved() : everyOther(below));
  }
  return outputs;
}

/** Every other row and column, from the first: max-pooling of 1x1 windows, which has the gradient that slicing lacks. */
function everyOther(x: Tensor): Tensor {
  return tf.maxPool(x as Tensor4D, 1, 2, "same");
}

/** Nearest-neighbour enlargement by two, cropped to the size of the map it is added to. */
function enlarged(x: Tensor, like: Tensor): Tensor {
  const [batch, height, width, channels] = like.shape;
  const [, smallHeight, smallWidth] = x.shape;
  const twice = tf.image.resizeNearestNeighbor(x as Tensor4D, [2 * smallHeight, 2 * smallWidth]);
  if (twice.shape[1] === height && twice.shape[2] === width) return twice;
  return tf.slice(twice, [0, 0, 0, 0], [batch, height, width, channels]);
}

function pyramidLayers(taps: readonly number[], shape: PyramidShape): PyramidLayers {
  const { stageChannels, channels, extraLevels } = shape;
  const norms = shape.norm === "batch" ? 1 : 0;
  const fixed = { outChannels: channels, bias: true, relu: false } as const;
  const output = { kind: "conv", kernel: 3, stride: 1, inChannels: channels, ...fixed } as const;
  return {
    lateral: taps.map((stage) => {
      return { kind: "pointwise", kernel: 1, stride: 1, inChannels: stageChannels[stage], ...fixed, norms };
    }),
    output: taps.map(() => ({ ...output, norms })),
    extra: extraLevels === "subsampled"
      ? []
      : Array.from({ length: extraCount(shape) }, () => ({ ...output, stride: 2, norms: 0 })),
  };
}

function pyramidParts(
  taps: readonly number[],
  { lateral, output, extra }: PyramidLayers,
  { stageChannels }: PyramidShape,
): Part[] {
  const top = lastStageLevel(stageChannels);
  return [
    ...lateral.map((layer, i) => pyramidConv(`lateral${taps[i] + firstStageLevel}`, layer)),
    ...output.map((layer, i) => pyramidConv(`output${taps[i] + firstStageLevel}`, layer)),
    ...extra.map((layer, i) => pyramidConv(`extra${top + 1 + i}`, layer)),
  ];
}

function pyramidConv(name: string, layer: MapLayer): Part {
  return (layer.norms > 0 ? normedConv : plainConv)(name, layer, init(layer));
}

function extraCount({ stageChannels, levels: [, last] }: PyramidShape): number {
  return Math.max(0, last - lastStageLevel(stageChannels));
}

function init(layer: ConvShape): ConvInit {
  return { weight: { kind: "normal", std: 1 / Math.sqrt(convFanIn(layer)) }, shift: 0 };
}

function lastStageLevel(stageChannels: readonly number[]): number {
  return firstStageLevel + stageChannels.length - 1;
}

function checkLevels({ stageChannels, levels: [first, last] }: PyramidShape): void {
  const top = lastStageLevel(stageChannels);
  if (first >= firstStageLevel && first <= top && last >= first && last <= top + 2) return;
  throw new RangeError(
    `Cannot build a pyramid as its levels must start in ${firstStageLevel}..${top} and end at or after the start, ` +
      `at most at ${top + 2}: they are [${first}, ${last}]`,
  );
}
