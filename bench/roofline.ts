/**
 * How much this machine can do at best, by TensorFlow on the same threads as everything else: arithmetic and memory.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** A machine's two limits. */
export interface Roofline {
  /** Of a large product of float32 matrices; a multiply and an add are two. */
  readonly flopsPerSecond: number;
  /** Of adding two large tensors: what is read and what is written, each once. */
  readonly bytesPerSecond: number;
}

const matrixSide = 1536;
const tensorNumbers = 1 << 24; // 64 MiB: far larger than caches
const repeats = 12;

/** Measures; the best of some repeats, as everything else that runs only takes away. Half a second or so. */
export function measureRoofline(): Roofline {
  const [a, b] = [randomTensor([matrixSide, matrixSide]), randomTensor([matrixSide, matrixSide])];
  const [x, y] = [randomTensor([tensorNumbers]), randomTensor([tensorNumbers])];
  const productSeconds = leastSeconds(() => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D));
  const sumSeconds = leastSeconds(() => tf.add(x, y));
  tf.dispose([a, b, x, y]);
  return {
    flopsPerSecond: 2 * matrixSide ** 3 / productSeconds,
    bytesPerSecond: 3 * 4 * tensorNumbers / sumSeconds,
  };
}

/** e.g. `214.0 GFLOP/s and 42.8 GB/s`. */
export function rooflineText({ flopsPerSecond, bytesPerSecond }: Roofline): string {
  return `${(flopsPerSecond / 1e9).toFixed(1)} GFLOP/s and ${(bytesPerSecond / 1e9).toFixed(1)} GB/s`;
}

function leastSeconds(run: () => Tensor): number {
  let least = Infinity;
  for (let i = 0; i < repeats; i++) {
    const startMs = performance.now();
    const result = run();
    waitFor(result);
    least = Math.min(least, (performance.now() - startMs) / 1000);
    result.dispose();
  }
  return least;
}

function randomTensor(shape: number[]): Tensor {
  return tf.randomUniform(shape, 0, 1, "float32", 0);
}

/** A GPU works on after the call has returned; reading one number waits for it. */
export function waitFor(tensor: Tensor): void {
  const first = tf.slice(tensor, tensor.shape.map(() => 0), tensor.shape.map(() => 1));
  first.dataSync();
  first.dispose();
}
