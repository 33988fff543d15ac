/**
 * Batch-norm statistics of one path. In a supernet the running statistics mix all paths that came by; before a
 * candidate is scored, its own are measured, and forgotten with it.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { initialStatistics } from "../nn/init.ts";
import type { Unit } from "../nn/unit.ts";

/** Batch norm statistics (mean0, variance0, …, `[C]` float32 each) of each unit on a path; whoever made them disposes them. */
export type PathStatistics = ReadonlyMap<Unit, readonly Tensor[]>;

/** Collects the moments of batches, all of one size. */
export interface StatisticsCollector {
  /** Takes one batch's mean0, variance0, mean1, …, `[C]` each, of every unit; the variances unbiased. */
  add(moments: ReadonlyMap<Unit, readonly Float32Array[]>): void;
  /** The statistics so far, as tensors; the caller disposes them. */
  statistics(): PathStatistics;
}

/**
 * The true average over all batches (Wu and Johnson 2021, "precise" batch norm): the mean of the means, and by the
 * law of total variance the mean of the variances plus the variance of the means. Nothing is carried over from
 * before.
 */
export function trueAverage(): StatisticsCollector {
  const sums = new Map<Unit, { mean: Float64Array; square: Float64Array; variance: Float64Array }[]>();
  let batches = 0;
  return {
    add(moments): void {
      batches++;
      for (const [unit, values] of moments) {
        if (!sums.has(unit)) sums.set(unit, unit.batchNorms.map(({ channels }) => zeroSums(channels)));
        sums.get(unit)!.forEach((sum, i) => addMoments(sum, values[2 * i], values[2 * i + 1]));
      }
    },
    statistics: () =>
      toTensors(sums, ({ mean, square, variance }) => {
        const average = mean.map((sum) => sum / batches);
        return [
          average,
          variance.map((sum, c) => sum / batches + Math.max(0, square[c] / batches - average[c] ** 2)),
        ];
      }),
  };
}

/**
 * The authors' way: running statistics start at mean 0 and variance 1 and move towards each batch.
 *
 * @param momentum The newest batch's share, 0 to 1; 0.1 is PyTorch's.
 */
export function movingAverage(momentum: number): StatisticsCollector {
  const running = new Map<Unit, Float32Array[][]>();
  return {
    add(moments): void {
      for (const [unit, values] of moments) {
        if (!running.has(unit)) running.set(unit, unit.batchNorms.map(initialStatistics));
        running.get(unit)!.flat().forEach((old, i) =>
          old.forEach((value, c) => old[c] = (1 - momentum) * value + momentum * values[i][c])
        );
      }
    },
    statistics: () => toTensors(running, (pair) => pair),
  };
}

function zeroSums(channels: number): { mean: Float64Array; square: Float64Array; variance: Float64Array } {
  return {
    mean: new Float64Array(channels),
    square: new Float64Array(channels),
    variance: new Float64Array(channels),
  };
}

function addMoments(
  sum: { mean: Float64Array; square: Float64Array; variance: Float64Array },
  mean: Float32Array,
  variance: Float32Array,
): void {
  for (let c = 0; c < mean.length; c++) {
    sum.mean[c] += mean[c];
    sum.square[c] += mean[c] ** 2;
    sum.variance[c] += variance[c];
  }
}

function toTensors<T>(
  values: ReadonlyMap<Unit, readonly T[]>,
  pair: (value: T) => readonly (Float32Array | Float64Array)[],
): PathStatistics {
  return new Map(
    [...values].map(([unit, norms]) => [
      unit,
      norms.flatMap((norm) => pair(norm).map((vector) => tf.tensor1d(Float32Array.from(vector)))),
    ]),
  );
}
