import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { batchNormInference, localBatchNorm, updateStatistics } from "../../lib/nn/batch_norm.ts";
import { identityReducer, syncBatchNorm } from "../../lib/nn/sync_batch_norm.ts";
import { assertClose, assertTensorClose, readFixture, type StoredTensor } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { assertGradients, normalTensor } from "../helpers/gradients.ts";
import { type BatchNormResult, runBatchNorm, runWorkers } from "../helpers/lockstep_workers.ts";

await useCpuBackend();

const epsilon = 1e-5;

Deno.test("localBatchNorm()'s gradients agree with differences", () => {
  const weights = normalTensor([2, 3, 2, 2], "weights");
  assertGradients(
    (x, scale, shift) => tf.sum(tf.mul(localBatchNorm(epsilon)(x, scale, shift).y, weights)),
    [normalTensor([2, 3, 2, 2], "x"), tf.tensor1d([1.5, 0.5]), tf.tensor1d([0.1, -0.2])],
  );
});

Deno.test("localBatchNorm() gives zero mean, unit variance, and the unbiased variance as moment", () => {
  const x = tf.tensor4d([1, 3, 5, 7], [1, 2, 2, 1]);
  const { y, mean, variance } = localBatchNorm(0)(x, tf.ones([1]), tf.zeros([1]));
  assertClose(mean, [4]);
  assertClose(variance, [20 / 3]);
  assertClose(y, [-3, -1, 1, 3].map((value) => value / Math.sqrt(5)));
});

Deno.test("localBatchNorm() refuses one value a channel", () => {
  const error = assertThrows(
    () => localBatchNorm(epsilon)(tf.zeros([1, 1, 1, 3]), tf.ones([3]), tf.zeros([3])),
    RangeError,
  );
  assertStringIncludes(error.message, "each channel must have more than one value: x is [1,1,1,3]");
});

Deno.test("syncBatchNorm() with one worker is localBatchNorm()", () => {
  const inputs = [
    normalTensor([2, 3, 2, 2], "x"),
    tf.tensor1d([1.5, 0.5]),
    tf.tensor1d([0.1, -0.2]),
  ] as const;
  const dy = normalTensor([2, 3, 2, 2], "dy");
  const local = runBatchNorm(localBatchNorm(epsilon), ...inputs, dy);
  const sync = runBatchNorm(syncBatchNorm(epsilon, identityReducer), ...inputs, dy);
  for (const key of Object.keys(local) as (keyof BatchNormResult)[]) {
    assertTensorClose(sync[key], { shape: local[key].shape, data: [...local[key].dataSync()] }, key);
  }
});

interface Golden {
  syncBatchNorm: {
    counts: number[];
    x: StoredTensor;
    gamma: number[];
    beta: number[];
    y: StoredTensor;
    dy: StoredTensor;
    dx: StoredTensor;
    dGamma: number[];
    dBeta: number[];
    runningMean: number[];
    runningVariance: number[];
  };
}

Deno.test("syncBatchNorm() over four unequal workers, one empty, is PyTorch's over all images", async () => {
  const golden = (await readFixture<Golden>("ops_losses.json")).syncBatchNorm;
  const { counts } = golden;
  const rows = (stored: StoredTensor): Tensor[] =>
    tf.split(tf.tensor(stored.data as number[], stored.shape), counts, 0);
  const workers = runWorkers(
    (reducer) => syncBatchNorm(epsilon, reducer),
    rows(golden.x),
    tf.tensor1d(golden.gamma),
    tf.tensor1d(golden.beta),
    rows(golden.dy),
  );
  const joined = (key: keyof BatchNormResult): Tensor => tf.concat(workers.map((worker) => worker[key]), 0);
  assertTensorClose(joined("y"), golden.y, "y");
  assertTensorClose(joined("dx"), golden.dx, "dx");
  assertClose(tf.addN(workers.map(({ dScale }) => dScale)), golden.dGamma, "dGamma");
  assertClose(tf.addN(workers.map(({ dShift }) => dShift)), golden.dBeta, "dBeta");
  for (const { mean, variance } of workers) {
    const [runningMean, runningVariance] = updateStatistics(
      [tf.zeros([4]), tf.ones([4])],
      [mean, variance],
      0.1,
    );
    assertClose(runningMean, golden.runningMean, "running mean");
    assertClose(runningVariance, golden.runningVariance, "running variance");
    assertEquals(mean.dataSync(), workers[0].mean.dataSync());
  }
});

Deno.test("batchNormInference() with the batch's own moments is batch norm in training", () => {
  const [x, scale, shift] = [
    normalTensor([2, 3, 2, 2], "x"),
    tf.tensor1d([1.5, 0.5]),
    tf.tensor1d([0.1, -0.2]),
  ];
  const { y, mean, variance } = localBatchNorm(epsilon)(x, scale, shift);
  const biased = tf.mul(variance, 11 / 12);
  assertClose(batchNormInference(x, scale, shift, mean, biased, epsilon), y.dataSync());
});

Deno.test("updateStatistics() with momenta 1, 1/2, 1/3 is the average", () => {
  let running: Tensor[] = [tf.tensor1d([9])];
  for (const [k, value] of [2, 4, 9].entries()) {
    running = updateStatistics(running, [tf.tensor1d([value])], tf.scalar(1 / (k + 1)));
  }
  assertClose(running[0], [5]);
});
