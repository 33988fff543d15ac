/**
 * A worker's part of a step: which images of the batch are its own, and how the workers leave a step together.
 *
 * @module
 */
import { gatherNumbers, type WorkerGroup } from "../nn/worker_group.ts";

/** Which images of a batch a worker has. */
export interface BatchShare {
  /** Images on the workers before this one. */
  readonly first: number;
  /** Images of this worker. */
  readonly images: number;
  /** Images of all workers. */
  readonly total: number;
}

/**
 * Asks the workers for their numbers of images.
 *
 * @param images This worker's.
 */
export function batchShare(group: WorkerGroup, images: number): BatchShare {
  const counts = gatherNumbers(group, [images], "images").map(([count]) => count);
  const sumOf = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
  return { first: sumOf(counts.slice(0, group.rank)), images, total: sumOf(counts) };
}

/**
 * Runs one worker's part of a step. If it fails, the others fail with it, at once and with its reason: nobody waits for
 * what will never come.
 *
 * @throws Whatever the step throws.
 */
export async function leaveTogether<T>(group: WorkerGroup, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    group.abort(error instanceof Error ? error.message : String(error));
    throw error;
  }
}
