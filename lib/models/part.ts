/**
 * Parts that units are put together from: pieces of a network with one tensor in and one out. A unit's parameters
 * and statistics are its parts', one part after the other.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BatchNormSpec, BatchNormTraining, ParameterSpec, TrainingPass, Unit } from "../nn/unit.ts";

/** What a part's training pass gives. */
export interface PartPass {
  /** The output, e.g. `[N, H, W, C]` float32. */
  readonly y: Tensor;
  /** mean0, variance0, mean1, …, `[C]` float32 each, in the order of the part's batch norms. */
  readonly moments: Tensor[];
}

/** A piece of a network with its own parameters; as a `Unit`, but with one input and one output. */
export interface Part {
  /** Equal for parts that compute the same function of input, parameters and statistics. */
  readonly signature: string;
  /** In the order that the functions take them. */
  readonly parameters: readonly ParameterSpec[];
  /** In the order of the moments and statistics. */
  readonly batchNorms: readonly BatchNormSpec[];
  /** Forward pass in training: x, mostly `[N, H, W, C]` float32, and parameters as {@linkcode Part.parameters} says. */
  train(x: Tensor, parameters: Tensor[], batchNorm: BatchNormTraining): PartPass;
  /** Forward pass in inference, as in training; statistics are mean0, variance0, mean1, …, `[C]` float32 each. */
  infer(x: Tensor, parameters: Tensor[], statistics: Tensor[]): Tensor;
}

/** Whatever holds parameters and batch norms. */
export type Holder = Pick<Part, "parameters" | "batchNorms">;

/** All parameters and batch norms of several holders, in order. */
export function allOf(holders: readonly Holder[]): Holder {
  return {
    parameters: holders.flatMap((holder) => holder.parameters),
    batchNorms: holders.flatMap((holder) => holder.batchNorms),
  };
}

/** Cuts a unit's parameters, of the shapes of `Unit.parameters`, into its parts': the inverse of {@linkcode allOf}. */
export function parametersOf(holders: readonly Holder[], parameters: readonly Tensor[]): Tensor[][] {
  return cut(parameters, holders.map((holder) => holder.parameters.length));
}

/** Cuts a unit's statistics into its parts': two tensors a batch norm, mean `[C]` and variance `[C]`. */
export function statisticsOf(holders: readonly Holder[], statistics: readonly Tensor[]): Tensor[][] {
  return cut(statistics, holders.map((holder) => 2 * holder.batchNorms.length));
}

/** Parts one after the other, as one part. */
export function chain(parts: readonly Part[]): Part {
  return {
    signature: parts.map((part) => part.signature).join(", "),
    ...allOf(parts),
    train(x: Tensor, parameters: Tensor[], batchNorm: BatchNormTraining): PartPass {
      const moments: Tensor[] = [];
      const own = parametersOf(parts, parameters);
      const y = parts.reduce((x, part, i) => {
        const pass = part.train(x, own[i], batchNorm);
        moments.push(...pass.moments);
        return pass.y;
      }, x);
      return { y, moments };
    },
    infer(x: Tensor, parameters: Tensor[], statistics: Tensor[]): Tensor {
      const own = parametersOf(parts, parameters);
      const ownStatistics = statisticsOf(parts, statistics);
      return parts.reduce((x, part, i) => part.infer(x, own[i], ownStatistics[i]), x);
    },
  };
}

/** A unit of one part: one tensor in, one out. */
export function unitOf(name: string, part: Part): Unit {
  return {
    name,
    signature: part.signature,
    parameters: part.parameters,
    batchNorms: part.batchNorms,
    train([x]: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass {
      const { y, moments } = part.train(x, parameters, batchNorm);
      return { outputs: [y], moments };
    },
    infer: ([x], parameters, statistics) => [part.infer(x, parameters, statistics)],
  };
}

function cut(items: readonly Tensor[], lengths: readonly number[]): Tensor[][] {
  let end = 0;
  return lengths.map((length) => items.slice(end, end += length));
}
