/**
 * A learning curve of bounded size: however many steps a training has, neighbours share a bin.
 *
 * @module
 */

/** What one step measured; a number that is missing or not finite is left out. */
export interface StepPoint {
  /** From 1. */
  readonly step: number;
  /** The step's loss. */
  readonly loss: number;
  /** The step's learning rate. */
  readonly learningRate: number;
  /** Time of the whole step, ms. */
  readonly elapsedMs: number;
  /** The part of it spent waiting for images, ms. */
  readonly waitMs: number;
  /** Resident memory of the worker after the step, bytes. */
  readonly rssBytes: number;
  /** The same of the command itself, where it was measured. */
  readonly coordinatorRssBytes?: number;
}

/** Mean and range of one number over a bin. */
export interface BinSpread {
  /** Mean. */
  readonly mean: number;
  /** Least. */
  readonly low: number;
  /** Largest. */
  readonly high: number;
}

/** Some neighbouring steps. A number that none of them has is null. */
export interface StepBin {
  /** Mean step. */
  readonly step: number;
  /** Loss. */
  readonly loss: BinSpread | null;
  /** Learning rate. */
  readonly learningRate: BinSpread | null;
  /** Time of a step, ms. */
  readonly elapsedMs: BinSpread | null;
  /** Time that a step waited for images, ms. */
  readonly waitMs: BinSpread | null;
  /** Resident memory of the worker, bytes. */
  readonly rssBytes: BinSpread | null;
  /** Resident memory of the command itself, bytes. */
  readonly coordinatorRssBytes: BinSpread | null;
}

const measures = ["loss", "learningRate", "elapsedMs", "waitMs", "rssBytes", "coordinatorRssBytes"] as const;
type Measure = typeof measures[number];

interface Sums {
  count: number;
  sum: number;
  low: number;
  high: number;
}

type OpenBin = Record<Measure | "step", Sums>;

/** Gathers steps, in order, into at most so many bins of equal width: when they are full, each two become one. */
export class StepBins {
  readonly #most: number;
  #bins: OpenBin[] = [];
  #width = 1;
  #last = 0;

  /**
   * Without a step yet.
   *
   * @param most At most so many bins, at least 2.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** Steps in a full bin. */
  get width(): number {
    return this.#width;
  }

  /** The last step; 0 before the first. */
  get lastStep(): number {
    return this.#last;
  }

  /** Adds a step after those before it. */
  add(point: StepPoint): void {
    while (point.step > this.#most * this.#width) this.#halve();
    const place = Math.floor((point.step - 1) / this.#width);
    const bin = this.#bins[place] ??= emptyBin();
    take(bin.step, point.step);
    for (const measure of measures) take(bin[measure], point[measure] ?? NaN);
    this.#last = point.step;
  }

  /** The bins that have a step, in order. */
  bins(): StepBin[] {
    return this.#bins.filter((bin) => bin !== undefined).map((bin) => ({
      step: bin.step.sum / bin.step.count,
      loss: spread(bin.loss),
      learningRate: spread(bin.learningRate),
      elapsedMs: spread(bin.elapsedMs),
      waitMs: spread(bin.waitMs),
      rssBytes: spread(bin.rssBytes),
      coordinatorRssBytes: spread(bin.coordinatorRssBytes),
    }));
  }

  #halve(): void {
    const merged: OpenBin[] = [];
    this.#bins.forEach((bin, place) => {
      const target = merged[place >> 1];
      if (target === undefined) merged[place >> 1] = bin;
      else for (const measure of ["step", ...measures] as const) join(target[measure], bin[measure]);
    });
    this.#bins = merged;
    this.#width *= 2;
  }
}

function emptyBin(): OpenBin {
  const sums = (): Sums => ({ count: 0, sum: 0, low: Infinity, high: -Infinity });
  return {
    step: sums(),
    loss: sums(),
    learningRate: sums(),
    elapsedMs: sums(),
    waitMs: sums(),
    rssBytes: sums(),
    coordinatorRssBytes: sums(),
  };
}

function take(sums: Sums, value: number): void {
  if (Number.isFinite(value)) join(sums, { count: 1, sum: value, low: value, high: value });
}

function join(sums: Sums, other: Sums): void {
  sums.count += other.count;
  sums.sum += other.sum;
  sums.low = Math.min(sums.low, other.low);
  sums.high = Math.max(sums.high, other.high);
}

function spread({ count, sum, low, high }: Sums): BinSpread | null {
  return count === 0 ? null : { mean: sum / count, low, high };
}
