/**
 * The linear layer of classifiers and box heads.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { Part } from "./part.ts";

/** A linear layer's sizes, and how it starts. */
export interface LinearShape {
  /** I. */
  readonly inputs: number;
  /** O. */
  readonly outputs: number;
  /** Weights start at N(0, std^2), biases at 0. */
  readonly std: number;
}

/**
 * y = x W + b: from `[N, I]` to `[N, O]`.
 *
 * @param name Prefix of the parameters' names: `name.weight`, `name.bias`.
 */
export function linear(name: string, { inputs, outputs, std }: LinearShape): Part {
  const run = (x: Tensor, [weight, bias]: Tensor[]): Tensor =>
    tf.add(tf.matMul(x as Tensor2D, weight as Tensor2D), bias);
  return {
    signature: `linear ${inputs}-${outputs}`,
    parameters: [
      { name: `${name}.weight`, shape: [inputs, outputs], role: "weight", init: { kind: "normal", std } },
      { name: `${name}.bias`, shape: [outputs], role: "bias", init: { kind: "constant", value: 0 } },
    ],
    batchNorms: [],
    train: (x, parameters) => ({ y: run(x, parameters), moments: [] }),
    infer: (x, parameters) => run(x, parameters),
  };
}
