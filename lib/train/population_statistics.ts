/**
 * Batch-norm statistics of a whole population (Wu and Johnson 2021, "Rethinking Batch in BatchNorm", section 3): those
 * that one batch of all its images would have, measured unit by unit over batches that fit.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Unit } from "../nn/unit.ts";
import { gatherNumbers, type WorkerGroup } from "../nn/worker_group.ts";
import type { RunUnit } from "./detector.ts";
import type { UnitRunner } from "./unit_runner.ts";

/** Count, mean and sum of squared deviations, by channel. */
interface Moments {
  readonly count: number;
  readonly mean: Float64Array;
  readonly squares: Float64Array;
}

/** A unit that was measured; to be disposed. */
export interface MeasuredUnit extends Disposable {
  /** Mean0, variance0, mean1, … as the unit's moments in training. */
  readonly statistics: readonly Tensor[];
  /** Runs the unit on any part of the population as in one batch of it all. */
  readonly run: RunUnit;
}

/** Runs a unit, as it is told to, on every batch of this worker; stops after each. */
export type PopulationPass = (run: RunUnit) => Iterable<void>;

/**
 * Measures a unit's batch norms, each as it is where the ones before it have all images' statistics. The whole population
 * passes the unit again and again, normalised by the moments that the pass before has found: the first pass finds those
 * of the batch norms that no other comes before, the next one those that follow, and once nothing changes all are found.
 *
 * @param parameters The unit's; they stay the caller's.
 * @param pass The last call's outputs are those with all statistics.
 * @param group The workers that the population is divided among: all measure the same unit.
 * @returns Goes on with each batch; gives what was measured, the caller's.
 * @throws {RangeError} If no batch passes the unit.
 */
export function* measureUnit(
  runner: UnitRunner,
  unit: Unit,
  parameters: readonly Tensor[],
  pass: PopulationPass,
  group: WorkerGroup,
): Generator<void, MeasuredUnit> {
  let known = unit.batchNorms.map(({ channels }) => standardMoments(channels));
  for (let passes = 0;; passes++) {
    // Not `using`: the package's compiler leaves it as it is in a generator, and Node 20 does not know it.
    const batchNorms = new KnownBatchNorms(runner, unit, parameters, known);
    try {
      yield* pass(batchNorms.run);
      const found = mergedOverWorkers(batchNorms.found(), group);
      // Each pass finds one more at least.
      if (passes === known.length || areEqual(found, known)) return batchNorms.measured();
      known = found;
    } finally {
      batchNorms[Symbol.dispose]();
    }
  }
}

/** A unit's batch norms as far as they are known, and what its batches say of them. */
class KnownBatchNorms implements Disposable {
  readonly #runner: UnitRunner;
  readonly #unit: Unit;
  readonly #parameters: readonly Tensor[];
  readonly #given: readonly Tensor[];
  readonly #batches: Moments[][] = [];
  #statistics: Tensor[] = [];
  #isHandedOver = false;

  constructor(runner: UnitRunner, unit: Unit, parameters: readonly Tensor[], known: readonly Moments[]) {
    this.#runner = runner;
    this.#unit = unit;
    this.#parameters = parameters;
    this.#given = known.map(({ count, mean, squares }) => tf.keep(tf.tensor1d([count, ...mean, ...squares])));
  }

  /** Takes note of a batch's moments. */
  readonly run: RunUnit = (_, inputs) => {
    const { outputs, statistics, moments } = this.#normalise(inputs);
    this.#batches.push(moments.map((packed) => unpacked([...packed.dataSync()])));
    if (this.#batches.length === 1) this.#statistics = statistics.map((values) => tf.keep(tf.clone(values)));
    tf.dispose([...statistics, ...moments]);
    return outputs;
  };

  /**
   * By batch norm, the moments of all batches.
   *
   * @throws {RangeError} If there was none.
   */
  found(): Moments[] {
    if (this.#batches.length === 0) {
      throw new RangeError(
        `Cannot measure batch-norm statistics of ${this.#unit.name} as no batch has passed it: wanted at least one`,
      );
    }
    return this.#given.map((_, i) => merged(this.#batches.map((batch) => batch[i])));
  }

  /** What this has, which is disposed with that from here on. */
  measured(): MeasuredUnit {
    this.#isHandedOver = true;
    return {
      statistics: this.#statistics,
      run: (_, inputs) => {
        const { outputs, statistics, moments } = this.#normalise(inputs);
        tf.dispose([...statistics, ...moments]);
        return outputs;
      },
      [Symbol.dispose]: () => tf.dispose([...this.#given, ...this.#statistics]),
    };
  }

  [Symbol.dispose](): void {
    if (!this.#isHandedOver) tf.dispose([...this.#given, ...this.#statistics]);
  }

  #normalise(inputs: readonly Tensor[]): ReturnType<UnitRunner["normaliseByMoments"]> {
    return this.#runner.normaliseByMoments(this.#unit, this.#parameters, this.#given, inputs);
  }
}

/** Of mean 0 and variance 1. */
function standardMoments(channels: number): Moments {
  return { count: 1, mean: new Float64Array(channels), squares: new Float64Array(channels).fill(1) };
}

function areEqual(some: readonly Moments[], others: readonly Moments[]): boolean {
  const areSame = (a: Float64Array, b: Float64Array): boolean => a.every((value, c) => value === b[c]);
  return some.every(({ count, mean, squares }, i) =>
    count === others[i].count && areSame(mean, others[i].mean) && areSame(squares, others[i].squares)
  );
}

/** Chan, Golub and LeVeque 1979: n = sum n_i, M2 = sum M2_i + n_i (mean_i - mean)^2. */
function merged(parts: readonly Moments[]): Moments {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const mean = new Float64Array(parts[0].mean.length);
  const squares = new Float64Array(mean.length);
  for (const part of parts) part.mean.forEach((value, c) => mean[c] += value * part.count / count);
  for (const part of parts) {
    part.squares.forEach((value, c) => squares[c] += value + part.count * (part.mean[c] - mean[c]) ** 2);
  }
  return { count, mean, squares };
}

/** What all workers have of each batch norm; the same bytes on each. */
function mergedOverWorkers(own: readonly Moments[], group: WorkerGroup): Moments[] {
  if (group.size === 1) return [...own];
  // The count in two numbers, as float32 holds whole ones up to 2^24 only.
  const packed = own.map(({ count, mean, squares }) => [
    Math.floor(count / 4096),
    count % 4096,
    ...mean,
    ...squares,
  ]);
  const name = `population moments ${packed.map(({ length }) => length).join(" ")}`;
  const rows = gatherNumbers(group, packed.flat(), name);
  let start = 0;
  return packed.map(({ length }) => {
    const [from, to] = [start, start += length];
    const ofWorkers = rows.map((row) => row.slice(from, to));
    return merged(ofWorkers.map(([high, low, ...values]) => unpacked([high * 4096 + low, ...values])));
  });
}

function unpacked([count, ...values]: readonly number[]): Moments {
  const channels = values.length / 2;
  return {
    count,
    mean: Float64Array.from(values.slice(0, channels)),
    squares: Float64Array.from(values.slice(channels)),
  };
}
