import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { retinaLoss } from "../../lib/models/retina_loss.ts";
import { eagerCompiler, type InputSpec } from "../../lib/nn/compiled.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { assertGradients, normalTensor } from "../helpers/gradients.ts";

await useCpuBackend();

const settings = { classes: 2, alpha: 0.25, gamma: 2, smoothL1Beta: 0.1 };
const loss = retinaLoss(settings);
/** One image, four anchors: class 0, class 1, background, ignored. */
const labels = tf.tensor2d([[0, 1, 2, -1]], [1, 4], "int32");
const logits = normalTensor([1, 4, 2], "logits");
const deltas = normalTensor([1, 4, 4], "deltas");
const targets = normalTensor([1, 4, 4], "targets");

Deno.test("retinaLoss()'s total is the sum of its losses, each over the normaliser", () => {
  const values = (normaliser: number): number[] =>
    loss([logits, deltas, labels, targets, tf.scalar(normaliser)]).map((x) => x.dataSync()[0]);
  const [classLoss, boxLoss, total] = values(1);
  assertAlmostEquals(total, classLoss + boxLoss, 1e-5);
  assertClose(values(4), [classLoss / 4, boxLoss / 4, total / 4]);
});

Deno.test("retinaLoss() is nearly 0 for a perfect detector, and ignored anchors don't matter", () => {
  const perfect = tf.tensor3d([[[20, -20], [-20, 20], [-20, -20], [20, 20]]]);
  const offWhereFree = tf.add(targets, tf.tensor3d([0, 0, 9, 9], [1, 4, 1]));
  const [classLoss, boxLoss] = loss([perfect, offWhereFree, labels, targets, tf.scalar(1)]);
  assertClose([classLoss.dataSync()[0], boxLoss.dataSync()[0]], [0, 0]);
});

Deno.test("retinaLoss() gives background and ignored anchors no box gradient, ignored ones no class gradient", () => {
  const all = [logits, deltas, labels, targets, tf.scalar(2)];
  using compiled = eagerCompiler.differentiable({
    name: "loss",
    inputs: all.map(({ shape, dtype }) => ({ shape, dtype: dtype as InputSpec["dtype"] })),
    differentiableInputs: 2,
  }, loss);
  const { residuals } = compiled.forward(all);
  const gradients = compiled.backward([tf.scalar(0), tf.scalar(0), tf.scalar(1)], residuals);
  const isZero = gradients.map((gradient) =>
    tf.split(gradient, 4, 1).map((anchor) => tf.sum(tf.abs(anchor)).dataSync()[0] === 0)
  );
  assertEquals(isZero, [[false, false, false, true], [false, false, true, true]]);
});

Deno.test("retinaLoss()'s gradients agree with differences", () => {
  const total = (logits: Tensor, deltas: Tensor): Tensor =>
    loss([logits, deltas, labels, targets, tf.scalar(3)])[2];
  assertGradients(total, [logits, deltas]);
});

Deno.test("retinaLoss() without any foreground anchor is finite", () => {
  const background = tf.fill([1, 4], 2, "int32");
  const values = loss([logits, deltas, background, targets, tf.scalar(1)]).map((x) => x.dataSync()[0]);
  assertEquals(values.every(Number.isFinite), true);
  assertEquals(values[1], 0);
});
