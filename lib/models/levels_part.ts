/**
 * Parts of heads that run on every level of a pyramid.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BatchNormTraining, TrainingPass, Unit } from "../nn/unit.ts";
import type { Holder, Part } from "./part.ts";
import { allOf, parametersOf, statisticsOf } from "./part.ts";

/** What a part gives over all levels. */
export interface LevelsPass {
  /** One output a level, `[N, H_l, W_l, C]` float32. */
  readonly ys: Tensor[];
  /** mean0, variance0, mean1, …, `[C]` float32 each, in the order of the part's batch norms. */
  readonly moments: Tensor[];
}

/** As a `Part`, over all levels at once. */
export interface LevelsPart extends Holder {
  /** Equal for parts that compute the same function of inputs, parameters and statistics. */
  readonly signature: string;
  /** Forward pass in training: xs are `[N, H_l, W_l, C]` float32, one a level. */
  train(xs: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): LevelsPass;
  /** Forward pass in inference, as in training; statistics are mean0, variance0, mean1, …, `[C]` float32 each. */
  infer(xs: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[];
}

/** The same part with the same parameters on every level. */
export function onAllLevels(part: Part): LevelsPart {
  return {
    signature: part.signature,
    parameters: part.parameters,
    batchNorms: part.batchNorms,
    train(xs: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): LevelsPass {
      return { ys: xs.map((x) => part.train(x, parameters, batchNorm).y), moments: [] };
    },
    infer: (xs, parameters, statistics) => xs.map((x) => part.infer(x, parameters, statistics)),
  };
}

/** Parts one after the other, as one part. */
export function levelsChain(parts: readonly LevelsPart[]): LevelsPart {
  return {
    signature: parts.map((part) => part.signature).join(", "),
    ...allOf(parts),
    train(xs: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): LevelsPass {
      const own = parametersOf(parts, parameters);
      const moments: Tensor[] = [];
      const ys = parts.reduce((xs, part, i) => {
        const pass = part.train(xs, own[i], batchNorm);
        moments.push(...pass.moments);
        return pass.ys;
      }, xs);
      return { ys, moments };
    },
    infer(xs: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      const own = parametersOf(parts, parameters);
      const ownStatistics = statisticsOf(parts, statistics);
      return parts.reduce((xs, part, i) => part.infer(xs, own[i], ownStatistics[i]), xs);
    },
  };
}

/**
 * A part whose outputs are read by anchor: of each level `[N, H, W, A D]` becomes `[N, H W A, D]`, in the order row, column,
 * anchor.
 *
 * @param part Gives A D channels.
 * @param depth D: numbers an anchor.
 */
export function onAnchors(part: LevelsPart, depth: number): LevelsPart {
  return {
    ...part,
    train(xs: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): LevelsPass {
      const { ys, moments } = part.train(xs, parameters, batchNorm);
      return { ys: ys.map((y) => byAnchor(y, depth)), moments };
    },
    infer: (xs, parameters, statistics) =>
      part.infer(xs, parameters, statistics).map((y) => byAnchor(y, depth)),
  };
}

/**
 * A head as a unit: parts side by side on all levels. Inputs: one `[N, H_l, W_l, C]` a level. Outputs: one `[N, R, D]` a
 * part, over all anchors in the order level, row, column, anchor.
 *
 * @param name The unit's name.
 * @param parts Of {@linkcode onAnchors}.
 */
export function headUnit(name: string, parts: readonly LevelsPart[]): Unit {
  return {
    name,
    signature: `${name} (${parts.map((part) => part.signature).join("; ")})`,
    ...allOf(parts),
    train(inputs: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const own = parametersOf(parts, parameters);
      const passes = parts.map((part, i) => part.train(inputs, own[i], batchNorm));
      const outputs = passes.map((pass) => tf.concat(pass.ys, 1));
      return { outputs, moments: passes.flatMap((pass) => pass.moments) };
    },
    infer(inputs: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[] {
      const own = parametersOf(parts, parameters);
      const ownStatistics = statisticsOf(parts, statistics);
      return parts.map((part, i) => tf.concat(part.infer(inputs, own[i], ownStatistics[i]), 1));
    },
  };
}

/** A prediction `[N, H, W, A D]` read as `[N, H W A, D]`: D numbers for each of a cell's A anchors. */
export function byAnchor(y: Tensor, depth: number): Tensor {
  return tf.reshape(y, [y.shape[0], -1, depth]);
}
