/**
 * The sum of the workers' gradients: of the units on the path and no others, in few large exchanges.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { WorkerGroup } from "../nn/worker_group.ts";
import type { UnitUpdate } from "./unit_runner.ts";

/** Values of one exchange: 4 MiB. */
const bucketSize = 2 ** 20;

/** The last exchange is filled up to a multiple of so many, so that thousands of paths need few different sizes. */
const lastBucketStep = 2 ** 16;

/**
 * Sums each gradient over the workers. The losses were divided by what the whole batch counts, so the sums are the whole
 * batch's gradients.
 *
 * @param updates In the same order on every worker; their gradients are disposed.
 * @returns The same with the sums, the same bytes on every worker.
 */
export function sumGradients(group: WorkerGroup, updates: readonly UnitUpdate[]): readonly UnitUpdate[] {
  if (group.size === 1) return updates;
  const own = updates.flatMap(({ gradients }) => gradients);
  const sums = sumTensors(group, own);
  own.forEach((gradient) => gradient.dispose());
  let next = 0;
  return updates.map((update) => ({
    ...update,
    gradients: sums.slice(next, next += update.gradients.length),
  }));
}

/** All tensors as one vector, cut into buckets, and back. */
function sumTensors(group: WorkerGroup, tensors: readonly Tensor[]): Tensor[] {
  const sizes = tensors.map(({ size }) => size);
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const filling = Math.ceil(count / lastBucketStep) * lastBucketStep - count;
  return tf.tidy(() => {
    const vector = tf.concat([...tensors.map((tensor) => tf.reshape(tensor, [-1])), tf.zeros([filling])]);
    const buckets = tf.split(vector, bucketSizes(vector.size));
    const summed = tf.concat(
      buckets.map((bucket, i) => group.sum(bucket, `gradients ${i} of ${bucket.size}`)),
    );
    return tf.split(summed, [...sizes, filling]).slice(0, -1)
      .map((sum, i) => tf.reshape(sum, tensors[i].shape));
  });
}

function bucketSizes(count: number): number[] {
  const full = Array.from({ length: Math.floor(count / bucketSize) }, () => bucketSize);
  const rest = count % bucketSize;
  return rest === 0 ? full : [...full, rest];
}
