import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import {
  batchNormTraining,
  batchNormTrainingGradient,
  reluGradient,
  softmaxCrossEntropy,
  sparseMatMul,
  type SparseMatrix,
} from "../../lib/nn/custom_kernels.ts";
import { assertClose } from "../helpers/close.ts";
import { onCpu, onHost, useEngine } from "../helpers/engine.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";

const engine = await useEngine();

const kernels: Record<string, () => Tensor[]> = {
  "batchNormTraining() and its gradient": () => {
    const [x, dy] = [normalTensor([3, 5, 4, 6], "x"), normalTensor([3, 5, 4, 6], "dy")];
    const [scale, shift] = [normalTensor([6], "scale"), normalTensor([6], "shift")];
    const { y, mean, variance, reserved } = batchNormTraining(x, scale, shift, 1e-5);
    return [y, mean, variance, ...batchNormTrainingGradient(dy, x, scale, reserved, 1e-5)];
  },
  "batchNormTraining() of two values a channel, far from zero": () => {
    const x = tf.add(normalTensor([2, 1, 1, 3], "x"), 100);
    const { y, mean, variance } = batchNormTraining(x, tf.ones([3]), tf.zeros([3]), 1e-3);
    return [mean, variance, tf.sign(y)];
  },
  "reluGradient(), zero at zero":
    () => [reluGradient(normalTensor([4], "dy"), tf.tensor1d([0, 1, 0, 1e-30]))],
  "softmaxCrossEntropy() and its gradient": () => {
    const { loss, dLogits } = softmaxCrossEntropy(
      normalTensor([4, 5], "logits"),
      tf.softmax(normalTensor([4, 5], "labels")),
    );
    return [loss, dLogits];
  },
  "sparseMatMul() and its transpose, with a place named twice and a row without entries": () => {
    const matrix: SparseMatrix = {
      indices: tf.tensor2d([[0, 3], [0, 1], [0, 3], [2, 0]], [4, 2], "int32"),
      values: tf.tensor1d([0.5, -1, 2, 3]),
      rows: 3,
      columns: 4,
    };
    return [
      sparseMatMul(matrix, normalTensor([4, 40], "dense"), false),
      sparseMatMul(matrix, normalTensor([3, 2], "gradient"), true),
    ];
  },
  "softmaxCrossEntropy() of extreme logits": () => {
    const { loss, dLogits } = softmaxCrossEntropy(
      tf.tensor2d([[1000, -1000], [-80, 80]]),
      tf.tensor2d([[0, 1], [0, 1]]),
    );
    return [loss, dLogits];
  },
};

for (const [name, run] of Object.entries(kernels)) {
  Deno.test(`tensorflow gives what the definition gives: ${name}`, async () => {
    const actual = onHost(run);
    const wanted = await onCpu(run);
    assertEquals(actual.map(({ shape }) => shape), wanted.map(({ shape }) => shape));
    actual.forEach(({ values }, i) => assertClose(values, wanted[i].values, `tensor ${i}`));
  });

  Deno.test(`the kernel leaves nothing alive: ${name}`, () => {
    assertNoLeaks(engine, () => tf.dispose(tf.tidy(run)));
  });
}

Deno.test("batchNormTraining() outside of a tidy makes six tensors and no more", () => {
  const [x, ones, zeros] = [normalTensor([2, 2, 2, 3], "x"), tf.ones([3]), tf.zeros([3])];
  assertNoLeaks(engine, () => {
    const { y, mean, variance, reserved } = batchNormTraining(x, ones, zeros, 1e-5);
    tf.dispose([y, mean, variance, ...reserved]);
  });
  tf.dispose([x, ones, zeros]);
});
