/**
 * The contract between training and whoever joins several workers into one: each has a part of every batch, and what
 * belongs to the whole batch is added up over the workers. The engine fulfils it with TensorFlow's collectives.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * Workers that train one network together. All call the same methods with the same names and shapes in the same order;
 * a call returns when every worker has made it. Works in compiled functions and outside.
 */
export interface WorkerGroup {
  /** Which worker this is: 0 to size - 1. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /**
   * Sums a tensor over the workers.
   *
   * @param x float32 of at least one dimension.
   * @param name What is summed; names the exchange among all others, so that a call matches its like. It has the same shape
   * on every worker and every time.
   * @returns The same bytes on every worker; the caller's.
   */
  sum(x: Tensor, name: string): Tensor;
  /**
   * Lets the other workers know that this one can't go on: what they wait for fails at once. Nothing can be exchanged
   * afterwards.
   *
   * @param reason Becomes part of their error.
   */
  abort(reason: string): void;
}

/** One worker alone. */
export const loneWorker: WorkerGroup = {
  rank: 0,
  size: 1,
  sum: (x: Tensor): Tensor => tf.clone(x),
  abort(): void {},
};

/**
 * Collects each worker's tensor: a sum in which every worker fills its own row, and which is therefore exact.
 *
 * @param x float32 `[D]`, of the same length on every worker.
 * @param name As for {@linkcode WorkerGroup.sum}.
 * @returns `[W, D]` in rank order, the same bytes on every worker; the caller's.
 */
export function gatherRows(group: WorkerGroup, x: Tensor, name: string): Tensor {
  const ownRow = tf.pad(tf.expandDims(x, 0), [[group.rank, group.size - 1 - group.rank], [0, 0]]);
  return group.sum(ownRow, name);
}

/** Sums numbers over the workers, in float32 (whole numbers are exact up to 2^24). */
export function sumNumbers(group: WorkerGroup, numbers: readonly number[], name: string): number[] {
  return group.size === 1
    ? [...numbers]
    : tf.tidy(() => [...group.sum(tf.tensor1d([...numbers]), name).dataSync()]) as number[];
}

/**
 * What worker 0 says: for decisions that each worker would make differently, such as whether there is time for another
 * step. All must ask.
 */
export function saidByFirst(group: WorkerGroup, answer: boolean, name: string): boolean {
  if (group.size === 1) return answer;
  return sumNumbers(group, [group.rank === 0 && answer ? 1 : 0], name)[0] === 1;
}

/** Collects each worker's numbers, in float32, in rank order. */
export function gatherNumbers(group: WorkerGroup, numbers: readonly number[], name: string): number[][] {
  if (group.size === 1) return [[...numbers]];
  const rows: number[][] = [];
  tf.tidy(() => { // gives nothing back: what it gave would be searched for tensors
    const all = gatherRows(group, tf.tensor1d([...numbers]), name).dataSync();
    for (let i = 0; i < all.length; i += numbers.length) rows.push([...all.subarray(i, i + numbers.length)]);
  });
  return rows;
}
