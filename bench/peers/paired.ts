/**
 * What two series of measurements that were made in turn say about each other.
 *
 * @module
 */

import { timingOf } from "../../lib/space/latency_validation.ts";

/** The middle half of some values. */
export interface Spread {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

/**
 * Median and quartiles, interpolated between neighbours.
 *
 * @throws {RangeError} If there are no values.
 */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("Cannot take the median of no values");
  const { medianMs, lowerQuartileMs, upperQuartileMs } = timingOf(values); // whatever their unit is
  return { median: medianMs, lowerQuartile: lowerQuartileMs, upperQuartile: upperQuartileMs };
}

/**
 * The spread of first over second, round by round: what slows the machine down for a round cancels.
 *
 * @throws {RangeError} If their lengths differ or are 0.
 */
export function pairedRatio(first: readonly number[], second: readonly number[]): Spread {
  if (first.length !== second.length) {
    throw new RangeError(`Cannot pair ${first.length} measurements with ${second.length}`);
  }
  return spreadOf(first.map((value, round) => value / second[round]));
}

/** The geometric mean; of no values, 1. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / Math.max(1, values.length));
}
