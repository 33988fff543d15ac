import { assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import {
  labelSmoothedCrossEntropy,
  sigmoidCrossEntropy,
  sigmoidFocalLoss,
  smoothL1Loss,
  softmaxCrossEntropyLoss,
} from "../../lib/nn/losses.ts";
import { assertClose, assertTensorClose, readFixture, type StoredTensor } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { assertGradients, normalTensor } from "../helpers/gradients.ts";

interface Golden {
  sigmoidFocalLoss: {
    logits: StoredTensor;
    targets: StoredTensor;
    alpha: number;
    gamma: number;
    sum: number;
    dLogits: StoredTensor;
  };
  smoothL1: { input: StoredTensor; target: StoredTensor; beta: number; sum: number; dInput: StoredTensor };
  labelSmoothedCrossEntropy: {
    logits: StoredTensor;
    labels: number[];
    smoothing: number;
    mean: number;
    dLogits: StoredTensor;
  };
}

await useCpuBackend();
const golden = await readFixture<Golden>("ops_losses.json");

function stored({ data, shape }: StoredTensor): Tensor {
  return tf.tensor([...data], shape, "float32");
}

function scalarValue(x: Tensor): number {
  return x.dataSync()[0];
}

Deno.test("sigmoidFocalLoss() gives PyTorch's sum and gradient", () => {
  const { logits, targets, sum, dLogits, ...settings } = golden.sigmoidFocalLoss;
  const loss = (x: Tensor): Tensor => sigmoidFocalLoss(x, stored(targets), tf.scalar(1), settings);
  assertClose([scalarValue(loss(stored(logits)))], [sum], "sum");
  assertTensorClose(tf.grad(loss)(stored(logits)), dLogits, "dLogits");
});

Deno.test("sigmoidFocalLoss() with gamma 0 and alpha 1/2 is half the binary cross entropy", () => {
  const logits = [-3, -0.5, 0, 2];
  const targets = [1, 0, 1, 0];
  const loss = sigmoidFocalLoss(tf.tensor1d(logits), tf.tensor1d(targets), tf.scalar(1), {
    alpha: 0.5,
    gamma: 0,
  });
  const wanted = logits.reduce((sum, x, i) => sum + Math.log1p(Math.exp(targets[i] === 1 ? -x : x)) / 2, 0);
  assertAlmostEquals(scalarValue(loss), wanted, 1e-5);
});

Deno.test("sigmoidFocalLoss()'s gradient agrees with differences, fractional gamma and weights included", () => {
  const targets = tf.tensor2d([[1, 0, 0], [0, 1, 0]]);
  const weights = tf.tensor2d([[1], [0.5]]);
  const settings = { alpha: 0.3, gamma: 1.5 };
  assertGradients((x) => sigmoidFocalLoss(x, targets, weights, settings), [normalTensor([2, 3], "focal")]);
});

Deno.test("sigmoidFocalLoss() stays finite at logits of a thousand, right or wrong", () => {
  const logits = tf.tensor1d([1000, -1000, 1000, -1000]);
  const targets = tf.tensor1d([1, 0, 0, 1]);
  const loss = (x: Tensor): Tensor => sigmoidFocalLoss(x, targets, tf.scalar(1), { alpha: 0.25, gamma: 2 });
  assertClose([scalarValue(loss(logits))], [750 + 250], "sum");
  assertClose(tf.grad(loss)(logits), [0, 0, 0.75, -0.25], "gradient");
});

Deno.test("sigmoidFocalLoss() leaves out what has weight 0", () => {
  const weights = tf.tensor2d([[1], [0]]);
  const targets = tf.tensor2d([[1, 0], [0, 0]]);
  const loss = (x: Tensor): Tensor => sigmoidFocalLoss(x, targets, weights, { alpha: 0.25, gamma: 2 });
  const alone = sigmoidFocalLoss(tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 0]]), tf.scalar(1), {
    alpha: 0.25,
    gamma: 2,
  });
  const logits = tf.tensor2d([[1, 2], [3, 4]]);
  assertAlmostEquals(scalarValue(loss(logits)), scalarValue(alone), 1e-6);
  assertEquals([...tf.grad(loss)(logits).dataSync()].slice(2).map(Math.abs), [0, 0]);
});

Deno.test("smoothL1Loss() gives PyTorch's sum and gradient", () => {
  const { input, target, beta, sum, dInput } = golden.smoothL1;
  const loss = (x: Tensor): Tensor => smoothL1Loss(x, stored(target), tf.scalar(1), beta);
  assertClose([scalarValue(loss(stored(input)))], [sum], "sum");
  assertTensorClose(tf.grad(loss)(stored(input)), dInput, "dInput");
});

Deno.test("smoothL1Loss() is quadratic below beta, linear above, and smooth in between", () => {
  const at = (d: number, beta: number): number =>
    scalarValue(smoothL1Loss(tf.tensor1d([d]), tf.tensor1d([0]), tf.scalar(1), beta));
  assertAlmostEquals(at(0.5, 2), 0.0625, 1e-6);
  assertAlmostEquals(at(-3, 2), 2, 1e-6);
  assertAlmostEquals(at(2, 2), 1, 1e-6);
  assertAlmostEquals(at(-0.3, 1e-4), 0.3, 1e-3); // nearly L1
});

Deno.test("smoothL1Loss()'s gradient agrees with differences on both sides of beta", () => {
  const input = tf.tensor2d([[0.2, -0.3], [1.5, -2.5]]);
  const weights = tf.tensor2d([[1], [0.5]]);
  assertGradients((x) => smoothL1Loss(x, tf.zeros([2, 2]), weights, 1), [input]);
});

Deno.test("smoothL1Loss() refuses a beta of 0", () => {
  const x = tf.tensor1d([1]);
  const error = assertThrows(() => smoothL1Loss(x, x, x, 0), RangeError);
  assertStringIncludes(error.message, "Cannot take the smooth L1 loss as beta must be above 0: it is 0");
});

Deno.test("the losses refuse targets of another shape", () => {
  const x = tf.zeros([2, 3]);
  const focal = assertThrows(
    () => sigmoidFocalLoss(x, tf.zeros([2, 1]), tf.scalar(1), { alpha: 0.25, gamma: 2 }),
    TypeError,
  );
  assertStringIncludes(focal.message, "must have the same shape: they are [2,3] and [2,1]");
  assertThrows(() => smoothL1Loss(x, tf.zeros([3]), tf.scalar(1), 1), TypeError, "same shape");
});

Deno.test("labelSmoothedCrossEntropy() gives PyTorch's mean and gradient", () => {
  const { logits, labels, smoothing, mean, dLogits } = golden.labelSmoothedCrossEntropy;
  const classIndices = tf.tensor1d(labels, "int32");
  const loss = (x: Tensor): Tensor => labelSmoothedCrossEntropy(x, classIndices, smoothing);
  assertClose([scalarValue(loss(stored(logits)))], [mean], "mean");
  assertTensorClose(tf.grad(loss)(stored(logits)), dLogits, "dLogits");
});

Deno.test("labelSmoothedCrossEntropy() of equal logits is log K, whatever the smoothing", () => {
  for (const smoothing of [0, 0.1, 0.5]) {
    const loss = labelSmoothedCrossEntropy(tf.zeros([2, 5]), tf.tensor1d([0, 4], "int32"), smoothing);
    assertAlmostEquals(scalarValue(loss), Math.log(5), 1e-5);
  }
});

Deno.test("labelSmoothedCrossEntropy()'s gradient scales with the output's", () => {
  const logits = normalTensor([2, 3], "cross entropy");
  const labels = tf.tensor1d([2, 0], "int32");
  assertGradients((x) => tf.mul(labelSmoothedCrossEntropy(x, labels, 0.1), 3), [logits]);
});

Deno.test("sigmoidCrossEntropy() is twice the focal loss without focus and balance, weights included", () => {
  const [logits, weights] = [normalTensor([3, 5], "logits"), tf.tensor1d([1, 0, 2, 0.5, 1])];
  const targets = tf.cast(tf.greater(normalTensor([3, 5], "targets"), 0), "float32");
  const focal = sigmoidFocalLoss(logits, targets, weights, { alpha: 0.5, gamma: 0 });
  assertAlmostEquals(
    scalarValue(sigmoidCrossEntropy(logits, targets, weights)),
    2 * scalarValue(focal),
    1e-4,
  );
  assertGradients((logits) => sigmoidCrossEntropy(logits, targets, weights), [logits]);
});

Deno.test("sigmoidCrossEntropy() of extreme logits is finite: nothing, or the logit", () => {
  const loss = sigmoidCrossEntropy(tf.tensor1d([200, 200, -200]), tf.tensor1d([1, 0, 0]), tf.ones([3]));
  assertAlmostEquals(scalarValue(loss), 200, 1e-4);
});

Deno.test("softmaxCrossEntropyLoss() sums over rows what labelSmoothedCrossEntropy() averages", () => {
  const logits = normalTensor([4, 3], "logits");
  const labels = [2, 0, 1, 2];
  const oneHot = tf.oneHot(tf.tensor1d(labels, "int32"), 3, 1, 0, "float32");
  const mean = scalarValue(labelSmoothedCrossEntropy(logits, tf.tensor1d(labels, "int32"), 0));
  assertAlmostEquals(scalarValue(softmaxCrossEntropyLoss(logits, oneHot, tf.ones([4]))), 4 * mean, 1e-4);
});

Deno.test("softmaxCrossEntropyLoss() leaves out rows of weight 0, whatever their label", () => {
  const logits = normalTensor([3, 2], "logits");
  const weights = tf.tensor1d([1, 0, 3]);
  const loss = (second: number[]) => (logits: Tensor): Tensor =>
    softmaxCrossEntropyLoss(logits, tf.tensor2d([[1, 0], second, [0, 1]]), weights);
  assertEquals(scalarValue(loss([0, 0])(logits)), scalarValue(loss([1, 0])(logits)));
  assertGradients(loss([0, 0]), [logits]);
});
