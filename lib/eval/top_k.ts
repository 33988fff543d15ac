/**
 * Classification accuracy: whether the true class is among the k largest logits.
 *
 * @module
 */

/**
 * Counts correct rows, so that the counts of batches add up.
 *
 * @param logits `[N, K]` float32.
 * @param classIndices `[N]` true classes, 0..K-1.
 * @param ks Which k to count for, e.g. `[1, 5]`.
 * @returns For each k, how many rows have their true class among the k largest logits. Of equal logits the lower
 *   class comes first; a row whose true logit is NaN is wrong, and a NaN elsewhere counts as larger.
 * @throws {RangeError} If the lengths disagree or a class is outside 0..K-1.
 */
export function countTopK(logits: Float32Array, classIndices: Int32Array, ks: readonly number[]): number[] {
  const rows = classIndices.length;
  const classCount = rows === 0 ? 0 : logits.length / rows;
  if (!Number.isInteger(classCount) || (rows === 0 && logits.length > 0)) {
    throw new RangeError(
      `Cannot count correct rows as logits must have K entries a row: lengths are ${logits.length} for ${rows} rows`,
    );
  }
  const correct = ks.map(() => 0);
  for (let row = 0; row < rows; row++) {
    if (!(classIndices[row] >= 0 && classIndices[row] < classCount)) {
      throw new RangeError(
        `Cannot count correct rows as classes must be in 0..${classCount - 1}: classIndices[${row}] is ${
          classIndices[row]
        }`,
      );
    }
    const rank = rankOf(logits, row * classCount, classCount, classIndices[row]);
    ks.forEach((k, i) => correct[i] += rank < k ? 1 : 0);
  }
  return correct;
}

/** How many classes come before the true one. */
function rankOf(logits: Float32Array, begin: number, classCount: number, trueClass: number): number {
  const value = logits[begin + trueClass];
  if (Number.isNaN(value)) return Infinity;
  let rank = 0;
  for (let k = 0; k < classCount; k++) {
    const isBehind = logits[begin + k] < value || (logits[begin + k] === value && k >= trueClass);
    if (!isBehind) rank++;
  }
  return rank;
}
