/**
 * How far two scorings agree on an order: whether a supernet ranks architectures as training them does.
 *
 * @module
 */
import type { RandomStream } from "../base/random.ts";

/** A correlation of paired scores, such as {@linkcode kendallTau}; NaN where it is undefined. */
export type Correlation = (x: readonly number[], y: readonly number[]) => number;

/**
 * Kendall's tau-b (Kendall 1945): concordant less discordant pairs, corrected for ties.
 *
 * @param x Scores.
 * @param y Scores of the same things.
 * @returns -1..1; NaN where it is undefined, which is when all of x or all of y are equal.
 * @throws {RangeError} If lengths disagree or a score is not finite.
 */
export function kendallTau(x: ArrayLike<number>, y: ArrayLike<number>): number {
  checkPairs(x, y);
  let agreement = 0; // concordant less discordant pairs
  let untiedX = 0;
  let untiedY = 0;
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const signX = Math.sign(x[i] - x[j]);
      const signY = Math.sign(y[i] - y[j]);
      agreement += signX * signY;
      untiedX += signX * signX;
      untiedY += signY * signY;
    }
  }
  return agreement / Math.sqrt(untiedX * untiedY);
}

/**
 * Spearman's rho: Pearson's correlation of ranks, where ties share their mean rank.
 *
 * @param x Scores.
 * @param y Scores of the same things.
 * @returns -1..1; NaN where it is undefined, which is when all of x or all of y are equal.
 * @throws {RangeError} If lengths disagree or a score is not finite.
 */
export function spearmanRho(x: ArrayLike<number>, y: ArrayLike<number>): number {
  checkPairs(x, y);
  const a = centredRanks(x);
  const b = centredRanks(y);
  const dot = (u: Float64Array, v: Float64Array): number =>
    u.reduce((sum, value, i) => sum + value * v[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/**
 * How sure a correlation of few pairs is: the percentile interval of the bootstrap (Efron 1979), which draws as many
 * pairs with replacement, again and again. Draws without any order (one pair drawn throughout) are left out.
 *
 * @param x Scores.
 * @param y Scores of the same things.
 * @param correlation What is measured.
 * @param random Where the draws come from.
 * @param options.resamples How often pairs are drawn.
 * @param options.level Share of the draws that the interval holds.
 * @returns [low, high]; NaN where no draw has an order.
 * @throws {RangeError} If lengths disagree or a score is not finite.
 */
export function bootstrapInterval(
  x: readonly number[],
  y: readonly number[],
  correlation: Correlation,
  random: RandomStream,
  options: { readonly resamples?: number; readonly level?: number } = {},
): [low: number, high: number] {
  checkPairs(x, y);
  const { resamples = 2000, level = 0.95 } = options;
  const values: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const drawn = x.map(() => random.integer(x.length));
    const value = correlation(drawn.map((pair) => x[pair]), drawn.map((pair) => y[pair]));
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return [quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)];
}

/** Of ascending values, linear between two of them; NaN if there are none. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return NaN;
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Ranks less their mean. */
function centredRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(values.length);
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    while (end < order.length && values[order[end]] === values[order[begin]]) end++;
    for (let i = begin; i < end; i++) ranks[order[i]] = (begin + end - order.length) / 2;
  }
  return ranks;
}

function checkPairs(x: ArrayLike<number>, y: ArrayLike<number>): void {
  if (x.length !== y.length) {
    throw new RangeError(
      `Cannot correlate ranks as x and y must be equally long: lengths are ${x.length} and ${y.length}`,
    );
  }
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i])) {
      throw new RangeError(`Cannot correlate ranks as scores must be finite: pair ${i} is ${x[i]}, ${y[i]}`);
    }
  }
}
