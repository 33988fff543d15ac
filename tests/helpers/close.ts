/**
 * Comparison of numbers made in float32 with numbers made in float64.
 *
 * @module
 */
import { assertEquals, fail } from "@std/assert";
import type { Tensor } from "@tensorflow/tfjs-core";

/** How far off a number may be: `absolute + relative * |wanted|`. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Float32 against float64 over a few hundred additions: the absolute part is for sums that cancel to nothing. */
export const float32Tolerance: Tolerance = { relative: 1e-4, absolute: 2e-5 };

/** A tensor as stored in a fixture. */
export interface StoredTensor {
  readonly shape: number[];
  readonly data: readonly number[];
}

/** Asserts that numbers are close, and says which is not. */
export function assertClose(
  actual: Tensor | ArrayLike<number>,
  wanted: ArrayLike<number>,
  name = "values",
  { relative, absolute }: Tolerance = float32Tolerance,
): void {
  const values = "dataSync" in actual ? actual.dataSync() : actual;
  assertEquals(values.length, wanted.length, `${name}: number of values`);
  for (let i = 0; i < wanted.length; i++) {
    if (Math.abs(values[i] - wanted[i]) <= absolute + relative * Math.abs(wanted[i])) continue;
    fail(`${name}[${i}] is ${values[i]}, should be ${wanted[i]}`);
  }
}

/** Asserts a tensor's shape and that its values are close. */
export function assertTensorClose(actual: Tensor, wanted: StoredTensor, name: string): void {
  assertEquals(actual.shape, wanted.shape, `${name}: shape`);
  assertClose(actual, wanted.data, name);
}

/** Reads a fixture. */
export async function readFixture<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(new URL(`../fixtures/${name}`, import.meta.url))) as T;
}
