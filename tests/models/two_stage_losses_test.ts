import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { proposalLoss, roiLoss } from "../../lib/models/two_stage_losses.ts";
import type { TensorFunction } from "../../lib/nn/compiled.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { assertGradients, normalTensor } from "../helpers/gradients.ts";

await useCpuBackend();

const beta = 1 / 9;

function valuesOf(loss: TensorFunction, inputs: Tensor[]): number[] {
  return loss(inputs).map((x) => x.dataSync()[0]);
}

/** Smooth L1 of one number, as Girshick's equation 3 has it, with its bend at beta. */
function smoothL1(difference: number, beta: number): number {
  const size = Math.abs(difference);
  return size < beta ? size ** 2 / (2 * beta) : size - beta / 2;
}

Deno.test("proposalLoss() is the mean cross entropy of the drawn, and the positives' distance over their number", () => {
  const [x0, x1] = [0.3, -0.8];
  const logits = tf.tensor2d([[x0, x1, 50]]); // positive, negative, ignored
  const deltas = tf.tensor3d([[[0.02, 1, 0, 0], [9, 9, 9, 9], [9, 9, 9, 9]]]);
  const labels = tf.tensor2d([[1, 0, -1]], [1, 3], "int32");
  const [objectness, box, sum] = valuesOf(proposalLoss(beta), [
    logits,
    deltas,
    labels,
    tf.zeros([1, 3, 4]),
    tf.scalar(2),
  ]);
  assertAlmostEquals(objectness, (Math.log(1 + Math.exp(-x0)) + Math.log(1 + Math.exp(x1))) / 2, 1e-5);
  assertAlmostEquals(box, (smoothL1(0.02, beta) + smoothL1(1, beta)) / 2, 1e-5);
  assertAlmostEquals(sum, objectness + box, 1e-5);
});

Deno.test("proposalLoss()'s gradients agree with differences", () => {
  const labels = tf.tensor2d([[1, 0, -1], [0, 1, 1]], [2, 3], "int32");
  const targets = normalTensor([2, 3, 4], "targets");
  const total = (logits: Tensor, deltas: Tensor): Tensor =>
    proposalLoss(beta)([logits, deltas, labels, targets, tf.scalar(5)])[2];
  assertGradients(total, [normalTensor([2, 3], "logits"), normalTensor([2, 3, 4], "deltas")], 3e-3);
});

/** Two classes; one region of class 1, one of background, one ignored. */
const labels = tf.tensor1d([1, 2, -1], "int32");
const targets = normalTensor([3, 4], "region targets");

Deno.test("roiLoss() is the mean cross entropy of the drawn, and the distance of the own class's deltas", () => {
  const logits = tf.log(tf.tensor2d([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4], [1, 1, 1]])) as Tensor;
  const deltas = tf.tensor2d([[9, 9, 9, 9, 0.5, 3, 0, 0], [...new Array(8).fill(9)], [
    ...new Array(8).fill(9),
  ]]);
  const inputs = [logits, deltas, labels, tf.zeros([3, 4]), tf.scalar(2)];
  const [classLoss, box, sum] = valuesOf(roiLoss({ classes: 2, smoothL1Beta: 1 }), inputs);
  assertAlmostEquals(classLoss, (-Math.log(0.7) - Math.log(0.4)) / 2, 1e-5);
  assertAlmostEquals(box, (smoothL1(0.5, 1) + smoothL1(3, 1)) / 2, 1e-5);
  assertAlmostEquals(sum, classLoss + box, 1e-5);
});

Deno.test("roiLoss() gives no gradient to ignored regions, to background's deltas, nor to other classes'", () => {
  const total = (logits: Tensor, deltas: Tensor): Tensor =>
    roiLoss({ classes: 2, smoothL1Beta: 1 })([logits, deltas, labels, targets, tf.scalar(2)])[2];
  const inputs = [normalTensor([3, 3], "region logits"), normalTensor([3, 8], "region deltas")];
  assertGradients(total, inputs);
  const [ofLogits, ofDeltas] = tf.grads((...xs: Tensor[]) => total(xs[0], xs[1]))(inputs);
  const isZero = (x: Tensor): boolean[] =>
    tf.unstack(x).map((row) => tf.sum(tf.abs(row)).dataSync()[0] === 0);
  assertEquals(isZero(ofLogits), [false, false, true]);
  assertEquals(isZero(tf.reshape(ofDeltas, [6, 4])), [true, false, true, true, true, true]);
});

Deno.test("roiLoss() of a single class, and of nothing but ignored regions, is finite", () => {
  const single = valuesOf(roiLoss({ classes: 1, smoothL1Beta: 1 }), [
    normalTensor([2, 2], "single logits"),
    normalTensor([2, 4], "single deltas"),
    tf.tensor1d([0, 1], "int32"),
    tf.zeros([2, 4]),
    tf.scalar(2),
  ]);
  assertEquals(single.every((value) => Number.isFinite(value) && value > 0), true);
  const none = tf.fill([3], -1, "int32");
  const inputs = [
    normalTensor([3, 3], "logits"),
    normalTensor([3, 8], "deltas"),
    none,
    targets,
    tf.scalar(1),
  ];
  assertClose(valuesOf(roiLoss({ classes: 2, smoothL1Beta: 1 }), inputs), [0, 0, 0]);
});
