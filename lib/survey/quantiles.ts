/**
 * Quantiles of what is measured on a data set.
 *
 * @module
 */

/** Smallest, tenth percentile, median, ninetieth percentile, largest. */
export interface Quantiles {
  readonly min: number;
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
  readonly max: number;
}

/**
 * Quantiles of some numbers; each is one of them (nearest rank).
 *
 * @param values In any order; not changed.
 * @returns Null if there are none.
 */
export function quantilesOf(values: ArrayLike<number>): Quantiles | null {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return null;
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))];
  return { min: at(0), p10: at(0.1), median: at(0.5), p90: at(0.9), max: at(1) };
}
