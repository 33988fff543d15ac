import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { authorsSyncBatchNorm } from "../../lib/nn/authors_sync_batch_norm.ts";
import { type MomentReducer, syncBatchNorm } from "../../lib/nn/sync_batch_norm.ts";
import type { BatchNormTraining } from "../../lib/nn/unit.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { differenceTolerance, normalTensor } from "../helpers/gradients.ts";
import { type BatchNormResult, runWorkers } from "../helpers/lockstep_workers.ts";

await useCpuBackend();

type Make = (reducer: MomentReducer) => BatchNormTraining;
const sync: Make = (reducer) => syncBatchNorm(1e-5, reducer);
const authors: Make = (reducer) => authorsSyncBatchNorm(1e-5, reducer);

const [scale, shift] = [tf.tensor1d([1.5, 0.5]), tf.tensor1d([0.1, -0.2])];

/** Images of workers with so many each, `[N, 1, 2, 2]`. */
function imagesOf(counts: readonly number[], name: string): Tensor[] {
  return counts.map((count, worker) => normalTensor([count, 1, 2, 2], `${name} ${worker}`));
}

/** The sum over workers of <y, dy>, whose derivatives the gradients are. */
function total(results: readonly BatchNormResult[], dys: readonly Tensor[]): number {
  return results.reduce((sum, { y }, worker) => sum + tf.sum(tf.mul(y, dys[worker])).dataSync()[0], 0);
}

function assertDifferences(make: Make, counts: readonly number[]): void {
  const [xs, dys] = [imagesOf(counts, "x"), imagesOf(counts, "dy")];
  const results = runWorkers(make, xs, scale, shift, dys);
  const step = 1e-2;
  xs.forEach((x, worker) => {
    const values = Float32Array.from(x.dataSync());
    const at = (index: number, by: number): number => {
      const moved = tf.tensor(values.map((value, i) => i === index ? value + by : value), x.shape);
      return total(runWorkers(make, xs.with(worker, moved), scale, shift, dys), dys);
    };
    const slopes = Array.from(values, (_, i) => (at(i, step) - at(i, -step)) / (2 * step));
    assertClose(results[worker].dx, slopes, `dx of worker ${worker}`, differenceTolerance);
  });
}

Deno.test("syncBatchNorm()'s gradients agree with differences of all workers' loss, one of them empty", () => {
  assertDifferences(sync, [3, 1, 0]);
});

Deno.test("authorsSyncBatchNorm()'s gradients agree with differences of all workers' loss", () => {
  assertDifferences(authors, [2, 2]);
});

Deno.test("the authors' definition is syncBatchNorm()'s on equal workers, but for normalising by the unbiased variance", () => {
  const [xs, dys] = [imagesOf([2, 2], "x"), imagesOf([2, 2], "dy")];
  const ours = runWorkers(sync, xs, scale, shift, dys);
  const theirs = runWorkers(authors, xs, scale, shift, dys);
  ours.forEach(({ mean, variance, y }, worker) => {
    assertClose(theirs[worker].mean, mean.dataSync(), "mean");
    assertClose(theirs[worker].variance, variance.dataSync(), "variance");
    const ofUnbiased = tf.add(tf.mul(tf.sub(y, shift), Math.sqrt(7 / 8)), shift);
    assertClose(theirs[worker].y, ofUnbiased.dataSync(), "y");
  });
});

Deno.test("the authors' definition weighs workers equally, and sums the gradients of scale and shift", () => {
  const xs = [tf.tensor4d([1, 1, 1, 1], [4, 1, 1, 1]), tf.tensor4d([4], [1, 1, 1, 1])];
  const dys = [tf.ones([4, 1, 1, 1]), tf.ones([1, 1, 1, 1])];
  const [one, two] = runWorkers(authors, xs, tf.ones([1]), tf.zeros([1]), dys);
  assertClose(one.mean, [2.5]);
  assertClose(two.mean, [2.5]);
  assertEquals([...one.dShift.dataSync()], [5]);
  assertEquals([...two.dShift.dataSync()], [5]);
});
