/**
 * First values of parameters and slots, drawn from a named stream: the same run draws the same network.
 *
 * @module
 */
import type { RandomStream } from "../base/random.ts";
import type { BatchNormSpec, ParameterSpec } from "./unit.ts";

/**
 * Draws a parameter's first values.
 *
 * @param spec The parameter.
 * @param random Where the draws come from; open one stream a parameter, so that none depends on its neighbours.
 * @returns As many numbers as the shape holds.
 */
export function initialValues(spec: ParameterSpec, random: RandomStream): Float32Array {
  const { init } = spec;
  const values = new Float32Array(parameterCount(spec));
  if (init.kind === "constant") return values.fill(init.value);
  return values.map(() => init.std * random.normal());
}

/** Running statistics before any batch: mean 0 and variance 1, as two arrays. */
export function initialStatistics({ channels }: BatchNormSpec): [mean: Float32Array, variance: Float32Array] {
  return [new Float32Array(channels), new Float32Array(channels).fill(1)];
}

/** How many numbers a parameter holds. */
export function parameterCount({ shape }: ParameterSpec): number {
  return shape.reduce((product, size) => product * size, 1);
}
