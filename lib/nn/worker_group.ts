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
   * @param x float32 or int32 of any shape of at least one dimension, `[D, ...]`.
   * @param name What is summed; names the exchange among all others, so that a call matches its like. It has the same shape
   * on every worker and every time.
   * @returns Of x's shape and dtype, the same bytes on every worker; the caller's.
   * @throws {TensorFlowError} If another worker has ended or given up: nothing can be exchanged any more.
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

/**
 * Sums numbers over the workers, in float32 (whole numbers are exact up to 2^24).
 *
 * @param numbers This worker's, as many as the others'.
 * @param name As for {@linkcode WorkerGroup.sum}.
 */
export function sumNumbers(group: WorkerGroup, numbers: readonly number[], name: string): number[] {
  return group.size === 1
    ? [...numbers]
    : tf.tidy(() => [...group.sum(tf.tensor1d([...numbers]), name).dataSync()]) as number[];
}

/**
 * What worker 0 says: for decisions that each worker would make differently, such as whether there is time for another
 * step. All must ask.
 *
 * @param answer Worker 0's; the others' are not read.
 * @param name As for {@linkcode WorkerGroup.sum}.
 */
export function saidByFirst(group: WorkerGroup, answer: boolean, name: string): boolean {
  if (group.size === 1) return answer;
  return sumNumbers(group, [group.rank === 0 && answer ? 1 : 0], name)[0] === 1;
}

/**
 * Gives every worker the bytes that worker 0 has.
 *
 * @param bytes Worker 0's; the others' are not read.
 * @param name As for {@linkcode WorkerGroup.sum}.
 */
export function shareBytes(group: WorkerGroup, bytes: Uint8Array, name: string): Uint8Array {
  return gatherBytes(group, group.rank === 0 ? bytes : new Uint8Array(), name)[0];
}

/**
 * Gives every worker the bytes of all, in rank order: a sum in which every worker fills its own part.
 *
 * @param bytes This worker's, however many.
 * @param name As for {@linkcode WorkerGroup.sum}.
 */
export function gatherBytes(group: WorkerGroup, bytes: Uint8Array, name: string): Uint8Array[] {
  if (group.size === 1) return [bytes];
  const ownLength = new Int32Array(group.size);
  ownLength[group.rank] = bytes.length;
  const lengths = sumWords(group, ownLength, `lengths of ${name}`);
  const starts = [0];
  for (const length of lengths) starts.push(starts[starts.length - 1] + 4 * Math.ceil(length / 4));
  const count = 2 ** Math.ceil(Math.log2(Math.max(1, starts[group.size] / 4))); // few different sizes
  const own = new Int32Array(count);
  new Uint8Array(own.buffer).set(bytes, starts[group.rank]);
  const { buffer } = sumWords(group, own, `${name} of ${count}`);
  return Array.from(lengths, (length, rank) => new Uint8Array(buffer, starts[rank], length));
}

/** Sums over the workers; exact, whatever the bits stand for, where all but one worker have zeros. */
function sumWords(group: WorkerGroup, words: Int32Array<ArrayBuffer>, name: string): Int32Array<ArrayBuffer> {
  const x = tf.tensor1d(words, "int32");
  const sum = group.sum(x, name);
  const result = sum.dataSync<"int32">().slice();
  tf.dispose([x, sum]);
  return result;
}

/**
 * Collects each worker's numbers, in float32, in rank order.
 *
 * @param numbers This worker's, as many as the others'.
 * @param name As for {@linkcode WorkerGroup.sum}.
 */
export function gatherNumbers(group: WorkerGroup, numbers: readonly number[], name: string): number[][] {
  if (group.size === 1) return [[...numbers]];
  const rows: number[][] = [];
  tf.tidy(() => { // gives nothing back: what it gave would be searched for tensors
    const all = gatherRows(group, tf.tensor1d([...numbers]), name).dataSync();
    for (let i = 0; i < all.length; i += numbers.length) rows.push([...all.subarray(i, i + numbers.length)]);
  });
  return rows;
}
