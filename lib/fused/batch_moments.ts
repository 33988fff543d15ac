/**
 * What lies between the passes: from a batch's moments to batch norm's mean, factor and shift, and from its sums of
 * gradients to the slope; over one worker's images, or all workers'.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { batchNormEpsilon } from "../nn/batch_norm.ts";
import type { MomentReducer } from "../nn/sync_batch_norm.ts";

/** A batch's statistics, a channel each. */
export interface Moments {
  /** Values a channel, over all workers. */
  readonly count: number;
  readonly means: Float64Array;
  /** Sums of squared deviations from the mean. */
  readonly squares: Float64Array;
}

/**
 * The moments of all workers, merged by count (Chan, Golub and LeVeque 1979).
 *
 * @param own This worker's, whose arrays are not kept.
 * @param reducer Exchanges moments; null for a worker alone.
 */
export function mergedMoments(own: Moments, reducer: MomentReducer | null): Moments {
  if (reducer === null) return own;
  const means = new Float64Array(own.means.length), squares = new Float64Array(own.means.length);
  let count = 0;
  for (const [n, ...row] of gathered(reducer, [own.count, ...own.means, ...own.squares])) {
    if (n === 0) continue;
    const total = count + n;
    for (let c = 0; c < means.length; c++) {
      const delta = row[c] - means[c];
      means[c] += delta * n / total;
      squares[c] += row[means.length + c] + delta * delta * count * n / total;
    }
    count = total;
  }
  return { count, means, squares };
}

/** Rows of a layer's norm: mean, factor, shift, and the inverse deviation, each filled up to whole vectors. */
export const normRows = 4;

/** What a batch norm normalises by, a channel each. */
export interface NormStatistics {
  readonly means: Float64Array | Float32Array;
  readonly variances: Float64Array | Float32Array;
}

/** A batch's own, with the biased variance. */
export function ownStatistics({ count, means, squares }: Moments): NormStatistics {
  return { means, variances: squares.map((square) => square / count) };
}

/**
 * Writes a layer's norm: y = (z - mean) factor + shift with factor = scale / sqrt(variance + epsilon).
 *
 * @param to `[4, padded]`, all of it written.
 */
export function writeNorm(
  { means, variances }: NormStatistics,
  scale: Float32Array,
  shift: Float32Array,
  to: Float32Array,
): void {
  const padded = to.length / normRows;
  to.fill(0);
  for (let c = 0; c < means.length; c++) {
    const inverseDeviation = 1 / Math.sqrt(variances[c] + batchNormEpsilon);
    to[c] = means[c];
    to[padded + c] = scale[c] * inverseDeviation;
    to[2 * padded + c] = shift[c];
    to[3 * padded + c] = inverseDeviation;
  }
}

/**
 * Writes what stands for the norm of a layer without: y = z + bias.
 *
 * @param bias Null for none.
 * @param to As of {@linkcode writeNorm}.
 */
export function writeBias(channels: number, bias: Float32Array | null, to: Float32Array): void {
  const padded = to.length / normRows;
  to.fill(0);
  to.fill(1, padded, padded + channels);
  if (bias !== null) to.set(bias, 2 * padded);
}

/** The batch's mean, with the convolution's bias if it has one, and unbiased variance, as running statistics take them. */
export function toStatistics(
  { count, means, squares }: Moments,
  bias: Float32Array | null,
): [mean: Float32Array, variance: Float32Array] {
  const biased = bias === null ? means : means.map((mean, c) => mean + bias[c]);
  return [Float32Array.from(biased), Float32Array.from(squares, (square) => square / Math.max(count - 1, 1))];
}

/** A layer's sums of g and of g (z - mean), a channel each. */
export interface GradientSums {
  readonly g: Float64Array;
  readonly gz: Float64Array;
}

/** The sums over all workers. */
export function mergedSums(own: GradientSums, reducer: MomentReducer | null): GradientSums {
  if (reducer === null) return own;
  const sums = tf.tidy(() => reducer.sum(tf.tensor1d([...own.g, ...own.gz])).dataSync());
  return {
    g: Float64Array.from(sums.slice(0, own.g.length)),
    gz: Float64Array.from(sums.slice(own.g.length)),
  };
}

/**
 * The slope of batch norm's gradient, dz = slope0 g + slope1 (z - mean) + slope2: with s the inverse deviation, dz = factor (g -
 * sum g / n - (z - mean) s^2 sum g (z - mean) / n).
 *
 * @param sums Over all workers.
 * @param norm Of {@linkcode writeNorm}.
 * @param count Values a channel, over all workers.
 * @returns `[3, padded]`.
 */
export function slopeOf(sums: GradientSums, norm: Float32Array, count: number): Float32Array<ArrayBuffer> {
  const padded = norm.length / normRows;
  const slope = new Float32Array(new ArrayBuffer(12 * padded)); // a pass reads it: it must not move
  for (let c = 0; c < sums.g.length; c++) {
    const factor = norm[padded + c], inverseDeviation = norm[3 * padded + c];
    slope[c] = factor;
    slope[padded + c] = -factor * inverseDeviation ** 2 * sums.gz[c] / count;
    slope[2 * padded + c] = -factor * sums.g[c] / count;
  }
  return slope;
}

/** The slope of a layer without a norm: dz = g. */
export function biasSlope(padded: number, channels: number): Float32Array<ArrayBuffer> {
  return new Float32Array(new ArrayBuffer(12 * padded)).fill(1, 0, channels);
}

function gathered(reducer: MomentReducer, own: number[]): number[][] {
  const rows: number[][] = [];
  tf.tidy(() => {
    const all = reducer.gather(tf.tensor1d(own)).dataSync();
    for (let i = 0; i < all.length; i += own.length) rows.push([...all.subarray(i, i + own.length)]);
  });
  return rows;
}

/**
 * As in `localBatchNorm`.
 *
 * @throws {RangeError} If there is one value a channel, which has no variance.
 */
export function checkCount(count: number): void {
  if (count > 1) return;
  throw new RangeError(
    `Cannot normalise a batch as each channel must have more than one value: got ${count}; use a larger batch or larger images`,
  );
}
