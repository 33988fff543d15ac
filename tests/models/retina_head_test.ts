import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type RetinaHeadShape, retinaHeadUnit } from "../../lib/models/retina_head.ts";
import { localBatchNorm } from "../../lib/nn/batch_norm.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { repeatableBatchNorm } from "./_inference_statistics.ts";

await useCpuBackend();

const shape: RetinaHeadShape = {
  levels: [3, 4],
  channels: 2,
  classes: 3,
  anchorsPerCell: 2,
  towerConvs: 1,
  norm: "batch",
  prior: 0.01,
};
const norm = localBatchNorm(1e-5);
const levels = [normalTensor([2, 3, 2, 2], "P3"), normalTensor([2, 2, 1, 2], "P4")];

function drawn(unit: Unit): Tensor[] {
  return unit.parameters.map(({ name, shape }) => normalTensor([...shape], name));
}

Deno.test("retinaHeadUnit() gives logits and deltas for every anchor of every level", () => {
  const unit = retinaHeadUnit(shape);
  const { outputs: [logits, deltas], moments } = unit.train(levels, drawn(unit), norm);
  assertEquals([logits.shape, deltas.shape], [[2, 16, 3], [2, 16, 4]]); // (3 * 2 + 2 * 1) cells of 2 anchors
  assertEquals(moments.length, 2 * unit.batchNorms.length);
});

Deno.test("retinaHeadUnit()'s parameters: shared convolutions, a batch norm a level", () => {
  const names = (norm: "batch" | "none"): string[] =>
    retinaHeadUnit({ ...shape, norm }).parameters.map(({ name }) => name).filter((name) =>
      name.startsWith("class")
    );
  const last = ["class.last.weight", "class.last.bias"];
  const norms = [
    "class.0.level3.scale",
    "class.0.level3.shift",
    "class.0.level4.scale",
    "class.0.level4.shift",
  ];
  assertEquals(names("batch"), ["class.0.weight", ...norms, ...last]);
  assertEquals(names("none"), ["class.0.weight", "class.0.bias", ...last]);
});

Deno.test("retinaHeadUnit() without tower orders anchors by level, row, column, anchor", () => {
  const unit = retinaHeadUnit({ ...shape, channels: 1, towerConvs: 0 });
  // A 3x3 convolution that passes the cell's value to every output, and a bias of a tenth of the output's number.
  const passing = (outputs: number): Tensor =>
    tf.tensor(Array.from({ length: 9 * outputs }, (_, i) => Math.floor(i / outputs) === 4 ? 1 : 0), [
      3,
      3,
      1,
      outputs,
    ]);
  const tenths = (outputs: number): Tensor => tf.div(tf.range(0, outputs), 10);
  const cells = [tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), tf.tensor4d([5], [1, 1, 1, 1])];
  const [logits] = unit.infer(cells, [passing(6), tenths(6), passing(8), tenths(8)], []);
  const wanted = [1, 2, 3, 4, 5].flatMap((cell) => [0, 0.1, 0.2, 0.3, 0.4, 0.5].map((tenth) => cell + tenth));
  assertClose(logits, wanted);
});

Deno.test("retinaHeadUnit() starts at the prior's probability for every class", () => {
  const unit = retinaHeadUnit(shape);
  const bias = unit.parameters.find(({ name }) => name === "class.last.bias")!.init;
  assertAlmostEquals(1 / (1 + Math.exp(bias.kind === "constant" ? -bias.value : NaN)), 0.01, 1e-9);
});

Deno.test("retinaHeadUnit() normalises each level by its own statistics, in inference as in training", () => {
  const unit = retinaHeadUnit({ ...shape, towerConvs: 2 });
  const parameters = drawn(unit);
  const { outputs, moments } = unit.train(levels, parameters, repeatableBatchNorm);
  const tolerance = { relative: 1e-3, absolute: 1e-3 };
  unit.infer(levels, parameters, moments).forEach((y, i) =>
    assertClose(y, outputs[i].dataSync(), `${i}`, tolerance)
  );
});

Deno.test("retinaHeadUnit()'s gradients reach every level and parameter", () => {
  for (const kind of ["batch", "none"] as const) {
    const unit = retinaHeadUnit({ ...shape, norm: kind });
    const inputs = [...levels, ...drawn(unit)];
    const gradients = tf.grads((...xs: Tensor[]) =>
      tf.addN(unit.train(xs.slice(0, 2), xs.slice(2), norm).outputs.map((y) => tf.sum(tf.square(y))))
    )(inputs);
    gradients.forEach((gradient, i) => {
      assertEquals(tf.sum(tf.abs(gradient)).dataSync()[0] > 0, true, `${kind}, input ${i}`);
    });
  }
});

Deno.test("retinaHeadUnit() refuses a prior of 0", () => {
  assertThrows(
    () => retinaHeadUnit({ ...shape, prior: 0 }),
    RangeError,
    "prior must be between 0 and 1: it is 0",
  );
});
