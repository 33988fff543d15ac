/**
 * Which samples make which batch: a pure function of seed and step, so a run that resumes at any step draws the
 * same data as one that never stopped.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";

/** One use of a sample. */
export interface SampleDraw {
  /** Index into the set's samples. */
  readonly index: number;
  /** How often the sample was used before: keys its augmentation. */
  readonly epoch: number;
}

/** One batch's samples, all of one group. */
export interface BatchDraw {
  /** Index into the groups. */
  readonly group: number;
  /** As many as the batch size. */
  readonly draws: readonly SampleDraw[];
}

/**
 * The order of a group's samples in one epoch.
 *
 * @param seed The run's seed.
 * @param epoch 0, 1, …
 * @param count How many samples.
 * @param group Which group of samples; the only one is 0.
 * @returns A permutation of 0..count-1.
 */
export function epochOrder(seed: number, epoch: number, count: number, group = 0): Uint32Array {
  return permutation(stream(seed, "epoch order", group, epoch), count);
}

/**
 * The batches of a training run. Every batch is full and comes from one group (a canvas; classification has one
 * group). A group's epochs follow each other without a gap: a batch may hold the end of one and the start of the
 * next, nothing is dropped and every sample of a group is used equally often. Groups take turns in random order,
 * each with as many batches a round as hold its samples once, rounded up.
 */
export class TrainingBatches {
  /** Batches in which every sample is used at least once. */
  readonly batchesPerRound: number;
  readonly #seed: number;
  readonly #batchSize: number;
  readonly #groups: readonly ArrayLike<number>[];
  /** Group of each batch of a round before shuffling, and which of the group's it is. */
  readonly #round: readonly { readonly group: number; readonly turn: number }[];
  readonly #batchesOf: readonly number[];
  /** The last two orders of each group: a cache, a batch needs no more. */
  readonly #orders: readonly Map<number, Uint32Array>[];

  /**
   * Plans the batches.
   *
   * @param seed The run's seed.
   * @param groups Sample indices of each group; empty groups are allowed.
   * @param batchSize Samples a batch.
   * @throws {RangeError} If there is no sample, or the batch size is not a whole number above 0.
   */
  constructor(seed: number, groups: readonly ArrayLike<number>[], batchSize: number) {
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`Cannot make batches: batchSize is ${batchSize}, wanted a whole number above 0`);
    }
    if (groups.every((group) => group.length === 0)) {
      throw new RangeError("Cannot make batches: the set has no samples, wanted at least one");
    }
    this.#seed = seed;
    this.#batchSize = batchSize;
    this.#groups = groups;
    this.#batchesOf = groups.map(({ length }) => Math.ceil(length / batchSize));
    this.#round = this.#batchesOf.flatMap((count, group) =>
      Array.from({ length: count }, (_, turn) => ({ group, turn }))
    );
    this.batchesPerRound = this.#round.length;
    this.#orders = groups.map(() => new Map());
  }

  /** The batch of a step (0, 1, …): the same for the same seed, whatever was asked for before. */
  batch(step: number): BatchDraw {
    const round = Math.floor(step / this.batchesPerRound);
    const shuffled = permutation(stream(this.#seed, "batch order", round), this.batchesPerRound);
    const { group, turn } = this.#round[shuffled[step % this.batchesPerRound]];
    const first = (round * this.#batchesOf[group] + turn) * this.#batchSize;
    const draws = Array.from({ length: this.#batchSize }, (_, i) => this.#draw(group, first + i));
    return { group, draws };
  }

  #draw(group: number, position: number): SampleDraw {
    const samples = this.#groups[group];
    const epoch = Math.floor(position / samples.length);
    return { index: samples[this.#order(group, epoch)[position % samples.length]], epoch };
  }

  #order(group: number, epoch: number): Uint32Array {
    const known = this.#orders[group];
    const order = known.get(epoch) ?? epochOrder(this.#seed, epoch, this.#groups[group].length, group);
    known.set(epoch, order);
    for (const old of known.keys()) if (known.size > 2 && old !== epoch) known.delete(old);
    return order;
  }
}
