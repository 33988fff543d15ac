/**
 * Gradients by finite differences, and draws for them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { stream } from "../../lib/base/random.ts";
import { assertClose, type Tolerance } from "./close.ts";

/** Central differences in float32 keep about three digits. */
export const differenceTolerance: Tolerance = { relative: 2e-2, absolute: 2e-3 };

/** A tensor of normal numbers, the same for the same name. */
export function normalTensor(shape: number[], name: string): Tensor {
  const random = stream(1, name);
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()), shape);
}

/**
 * Asserts that a scalar function's gradients agree with central differences, for every input and every element.
 *
 * @param f Its derivatives must exist within `step` of the inputs.
 */
export function assertGradients(f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[], step = 1e-2): void {
  const gradients = tf.grads((...xs: Tensor[]) => tf.reshape(f(...xs), []))(inputs);
  inputs.forEach((input, i) => {
    const at = (values: Float32Array): number =>
      tf.tidy(() => f(...inputs.map((x, j) => j === i ? tf.tensor(values, x.shape) : x)).dataSync()[0]);
    const values = Float32Array.from(input.dataSync());
    const slopes = Array.from(
      values,
      (_, k) => (at(moved(values, k, step)) - at(moved(values, k, -step))) / (2 * step),
    );
    assertClose(gradients[i], slopes, `gradient of input ${i}`, differenceTolerance);
  });
}

function moved(values: Float32Array, index: number, step: number): Float32Array {
  const copy = values.slice();
  copy[index] += step;
  return copy;
}
