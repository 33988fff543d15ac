import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { fpnUnit, type PyramidShape, pyramidTaps } from "../../lib/models/fpn.ts";
import { localBatchNorm } from "../../lib/nn/batch_norm.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { repeatableBatchNorm } from "./_inference_statistics.ts";

await useCpuBackend();

const shape: PyramidShape = {
  stageChannels: [2, 3, 4, 5],
  levels: [3, 7],
  extraLevels: "convolved",
  channels: 2,
  norm: "none",
};
const norm = localBatchNorm(1e-5);

function drawn(unit: Unit): Tensor[] {
  return unit.parameters.map(({ name, shape }) => normalTensor([...shape], name));
}

function taps(sizes: [number, number][], channels: number[]): Tensor[] {
  return sizes.map(([height, width], i) => normalTensor([2, height, width, channels[i]], `tap ${i}`));
}

Deno.test("pyramidTaps() takes the stages of the levels, up to the backbone's last", () => {
  assertEquals(pyramidTaps(shape), [1, 2, 3]);
  assertEquals(pyramidTaps({ ...shape, levels: [2, 4] }), [0, 1, 2]);
});

Deno.test("fpnUnit() gives one map a level, half as large each, rounded up", () => {
  const unit = fpnUnit(shape);
  const { outputs, moments } = unit.train(taps([[9, 5], [5, 3], [3, 2]], [3, 4, 5]), drawn(unit), norm);
  assertEquals(outputs.map((y) => y.shape), [[2, 9, 5, 2], [2, 5, 3, 2], [2, 3, 2, 2], [2, 2, 1, 2], [
    2,
    1,
    1,
    2,
  ]]);
  assertEquals(moments, []);
});

Deno.test("fpnUnit() adds each level above enlarged twice, cropped at odd sizes", () => {
  const unit = fpnUnit({ ...shape, stageChannels: [1, 1], levels: [2, 3], channels: 1 });
  // Laterals and outputs that pass their input: 1x1 of 1, and 3x3 with 1 in the middle.
  const middle = tf.tensor([0, 0, 0, 0, 1, 0, 0, 0, 0], [3, 3, 1, 1]);
  const parameters = unit.parameters.map(({ shape }) =>
    shape.length === 1 ? tf.zeros([1]) : shape[0] === 1 ? tf.ones([1, 1, 1, 1]) : middle
  );
  const low = tf.zeros([1, 3, 3, 1]);
  const high = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
  const [p2, p3] = unit.infer([low, high], parameters, []);
  assertEquals([...p2.dataSync()], [1, 1, 2, 1, 1, 2, 3, 3, 4]);
  assertEquals([...p3.dataSync()], [1, 2, 3, 4]);
});

Deno.test("fpnUnit() puts a ReLU before level 7, not before level 6", () => {
  const unit = fpnUnit({ ...shape, stageChannels: [1, 1, 1, 1], channels: 1, levels: [5, 7] });
  const [lateral, , output, , extra6, , extra7] = drawn(unit);
  const zero = tf.zeros([1]);
  const parameters = [
    tf.abs(lateral),
    zero,
    tf.abs(output),
    zero,
    tf.abs(extra6),
    zero,
    extra7,
    tf.ones([1]),
  ];
  const [p5, p6, p7] = unit.infer([tf.neg(tf.ones([1, 3, 3, 1]))], parameters, []);
  assertEquals([...p5.dataSync(), ...p6.dataSync()].every((value) => value < 0), true);
  assertEquals([...p7.dataSync()], [1]); // of ReLU's zeros, only the bias is left
});

Deno.test("fpnUnit() subsamples its extra levels: every other row and column of the one below, without parameters", () => {
  const unit = fpnUnit({ ...shape, levels: [4, 7], extraLevels: "subsampled" });
  const parameters = drawn(unit);
  assertEquals(parameters.length, 2 * 2 * 2); // two laterals and two outputs, each with weight and bias
  const inputs = taps([[9, 6], [5, 3]], [4, 5]);
  const [, p5, p6, p7] = unit.infer(inputs, parameters, []);
  assertEquals([p5, p6, p7].map((y) => y.shape), [[2, 5, 3, 2], [2, 3, 2, 2], [2, 2, 1, 2]]);
  const everyOther = tf.stridedSlice(p5, [0, 0, 0, 0], [2, 5, 3, 2], [1, 2, 2, 1]);
  assertEquals([...p6.dataSync()], [...everyOther.dataSync()]);
  const p7Sum = (c5: Tensor): Tensor => tf.sum(unit.infer([inputs[0], c5], parameters, [])[3]);
  const [gradient] = tf.grads(p7Sum)([inputs[1]]);
  assertEquals(tf.sum(tf.abs(gradient)).dataSync()[0] > 0, true);
});

Deno.test("fpnUnit() with batch norm: inference by the batch's own statistics is training's output", () => {
  const unit = fpnUnit({ ...shape, levels: [3, 4], norm: "batch" });
  const inputs = taps([[4, 3], [2, 2]], [3, 4]);
  const parameters = drawn(unit);
  const { outputs, moments } = unit.train(inputs, parameters, repeatableBatchNorm);
  assertEquals(unit.batchNorms.map(({ name }) => name), ["lateral3", "lateral4", "output3", "output4"]);
  const tolerance = { relative: 1e-3, absolute: 1e-4 };
  unit.infer(inputs, parameters, moments).forEach((y, i) =>
    assertClose(y, outputs[i].dataSync(), `P${i + 3}`, tolerance)
  );
});

Deno.test("fpnUnit()'s gradients reach every tap and parameter", () => {
  const unit = fpnUnit(shape);
  const inputs = [...taps([[5, 3], [3, 2], [2, 1]], [3, 4, 5]), ...drawn(unit)];
  const gradients = tf.grads((...xs: Tensor[]) =>
    tf.addN(unit.train(xs.slice(0, 3), xs.slice(3), norm).outputs.map((y) => tf.sum(tf.square(y))))
  )(inputs);
  gradients.forEach((gradient, i) => {
    assertEquals(gradient.shape, inputs[i].shape);
    assertEquals(tf.sum(tf.abs(gradient)).dataSync()[0] > 0, true, `input ${i}`);
  });
});

Deno.test("fpnUnit() refuses levels that the backbone can't feed", () => {
  for (const levels of [[1, 3], [6, 7], [4, 3], [3, 8]] as const) {
    assertThrows(() => fpnUnit({ ...shape, levels }), RangeError, `they are [${levels[0]}, ${levels[1]}]`);
  }
});
