/**
 * How far two scorings agree on an order: whether a supernet ranks architectures as training them does.
 *
 * @module
 */

/**
 * Kendall's tau-b (Kendall 1945): concordant less discordant pairs, corrected for ties.
 *
 * @param x Scores.
 * @param y Scores of the same things.
 * @returns -1..1; NaN where it is undefined, which is when all of x or all of y are equal.
 * @throws RangeError if lengths disagree or a score is not finite.
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
 * @throws RangeError if lengths disagree or a score is not finite.
 */
export function spearmanRho(x: ArrayLike<number>, y: ArrayLike<number>): number {
  checkPairs(x, y);
  const a = centredRanks(x);
  const b = centredRanks(y);
  const dot = (u: Float64Array, v: Float64Array): number =>
    u.reduce((sum, value, i) => sum + value * v[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
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
