import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { proposalHeadUnit } from "../../lib/models/proposal_head.ts";
import { localBatchNorm } from "../../lib/nn/batch_norm.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";

await useCpuBackend();

const norm = localBatchNorm(1e-5);
const levels = [normalTensor([2, 3, 2, 4], "P2"), normalTensor([2, 2, 1, 4], "P3")];

function drawn(unit: Unit): Tensor[] {
  return unit.parameters.map(({ name, shape }) => normalTensor([...shape], name));
}

Deno.test("proposalHeadUnit() gives a logit and four deltas for every anchor of every level, in training as in inference", () => {
  const unit = proposalHeadUnit({ levels: 2, channels: 4, anchorsPerCell: 3 });
  const { outputs, moments } = unit.train(levels, drawn(unit), norm);
  assertEquals(outputs.map((y) => y.shape), [[2, 24], [2, 24, 4]]); // (3 * 2 + 2 * 1) cells of 3 anchors
  assertEquals(moments, []);
  unit.infer(levels, drawn(unit), []).forEach((y, i) => assertClose(y, outputs[i].dataSync()));
});

Deno.test("proposalHeadUnit() has one set of parameters for all levels: weights at N(0, 0.01^2), biases at 0", () => {
  const { parameters, batchNorms } = proposalHeadUnit({ levels: 2, channels: 4, anchorsPerCell: 3 });
  assertEquals(parameters.map(({ name, shape }) => [name, ...shape]), [
    ["hidden.weight", 3, 3, 4, 4],
    ["hidden.bias", 4],
    ["object.weight", 1, 1, 4, 3],
    ["object.bias", 3],
    ["box.weight", 1, 1, 4, 12],
    ["box.bias", 12],
  ]);
  for (const { role, init } of parameters) {
    assertEquals(init, role === "bias" ? { kind: "constant", value: 0 } : { kind: "normal", std: 0.01 });
  }
  assertEquals(batchNorms, []);
});

Deno.test("proposalHeadUnit() orders anchors by level, row, column, anchor", () => {
  const unit = proposalHeadUnit({ levels: 2, channels: 1, anchorsPerCell: 2 });
  const middle = tf.tensor([0, 0, 0, 0, 1, 0, 0, 0, 0], [3, 3, 1, 1]);
  const zero = tf.zeros([1]);
  const tenths = (count: number): Tensor => tf.div(tf.range(0, count), 10);
  const parameters = [middle, zero, tf.ones([1, 1, 1, 2]), tenths(2), tf.ones([1, 1, 1, 8]), tenths(8)];
  const cells = [tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), tf.tensor4d([5], [1, 1, 1, 1])];
  const [logits, deltas] = unit.infer(cells, parameters, []);
  assertClose(logits, [1, 2, 3, 4, 5].flatMap((cell) => [cell, cell + 0.1]));
  assertClose(
    deltas,
    [1, 2, 3, 4, 5].flatMap((cell) => [0, 1, 2, 3, 4, 5, 6, 7].map((tenth) => cell + tenth / 10)),
  );
});

Deno.test("proposalHeadUnit()'s gradients reach every level and parameter", () => {
  const unit = proposalHeadUnit({ levels: 2, channels: 4, anchorsPerCell: 1 });
  const gradients = tf.grads((...xs: Tensor[]) =>
    tf.addN(unit.train(xs.slice(0, 2), xs.slice(2), norm).outputs.map((y) => tf.sum(tf.square(y))))
  )([...levels, ...drawn(unit)]);
  gradients.forEach((gradient, i) =>
    assertEquals(tf.sum(tf.abs(gradient)).dataSync()[0] > 0, true, `input ${i}`)
  );
});
