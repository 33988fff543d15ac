import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type BoxHeadShape, boxHeadUnit } from "../../lib/models/box_head.ts";
import { localBatchNorm } from "../../lib/nn/batch_norm.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { repeatableBatchNorm } from "./_inference_statistics.ts";

await useCpuBackend();

const shape: BoxHeadShape = { poolSide: 3, channels: 2, convs: 2, norm: "batch", hidden: 5, classes: 4 };
const norm = localBatchNorm(1e-5);
const features = normalTensor([6, 3, 3, 2], "features");

function drawn(unit: Unit): Tensor[] {
  return unit.parameters.map(({ name, shape }) => normalTensor([...shape], name));
}

Deno.test("boxHeadUnit() gives a logit for each class and background, and four deltas for each class", () => {
  for (const more of [{}, { norm: "none" }, { convs: 0 }] as const) {
    const unit = boxHeadUnit({ ...shape, ...more });
    const { outputs, moments } = unit.train([features], drawn(unit), norm);
    assertEquals(outputs.map((y) => y.shape), [[6, 5], [6, 16]]);
    assertEquals(moments.length, 2 * unit.batchNorms.length);
  }
});

Deno.test("boxHeadUnit()'s parameters: convolutions with batch norm or bias, then three linear layers", () => {
  const names = (norm: "batch" | "none"): string[] =>
    boxHeadUnit({ ...shape, norm, convs: 1 }).parameters.map(({ name }) => name);
  const linear = ["hidden", "class", "box"].flatMap((name) => [`${name}.weight`, `${name}.bias`]);
  assertEquals(names("batch"), ["conv.0.weight", "conv.0.scale", "conv.0.shift", ...linear]);
  assertEquals(names("none"), ["conv.0.weight", "conv.0.bias", ...linear]);
  const stds = boxHeadUnit({ ...shape, convs: 1 }).parameters.flatMap(({ init }) =>
    init.kind === "normal" ? [init.std] : []
  );
  [0.01, 1 / Math.sqrt(18), 0.01, 0.001].forEach((std, i) => assertAlmostEquals(stds[i], std, 1e-12));
});

Deno.test("boxHeadUnit() normalises in inference as in training", () => {
  const unit = boxHeadUnit(shape);
  const { outputs, moments } = unit.train([features], drawn(unit), repeatableBatchNorm);
  const tolerance = { relative: 1e-3, absolute: 1e-3 };
  unit.infer([features], drawn(unit), moments).forEach((y, i) =>
    assertClose(y, outputs[i].dataSync(), `${i}`, tolerance)
  );
});

Deno.test("boxHeadUnit() without batch norm looks at each region alone", () => {
  const unit = boxHeadUnit({ ...shape, norm: "none" });
  const whole = unit.infer([features], drawn(unit), []);
  const part = unit.infer([tf.slice(features, [4, 0, 0, 0], [1, 3, 3, 2])], drawn(unit), []);
  part.forEach((y, i) => assertClose(y, tf.slice(whole[i], [4, 0], [1, -1]).dataSync(), `${i}`));
});

Deno.test("boxHeadUnit()'s gradients reach the features and every parameter", () => {
  const unit = boxHeadUnit(shape);
  const gradients = tf.grads((...xs: Tensor[]) =>
    tf.addN(unit.train([xs[0]], xs.slice(1), norm).outputs.map((y) => tf.sum(tf.square(y))))
  )([features, ...drawn(unit)]);
  gradients.forEach((gradient, i) =>
    assertEquals(tf.sum(tf.abs(gradient)).dataSync()[0] > 0, true, `input ${i}`)
  );
});
