import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { stemUnit, supernet } from "../../lib/models/backbone.ts";
import { classifierUnit } from "../../lib/models/classifier.ts";
import { localBatchNorm, updateStatistics } from "../../lib/nn/batch_norm.ts";
import { parameterCount } from "../../lib/nn/init.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { countClassifierParameters, countParameters } from "../../lib/space/cost.ts";
import { authorsChoices, type SearchSpace, searchSpaces } from "../../lib/space/search_space.ts";
import { assertClose, assertTensorClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { assertGradients, normalTensor } from "../helpers/gradients.ts";
import { goldenParameters, goldenStems, stored } from "./_golden_blocks.ts";
import { repeatableBatchNorm } from "./_inference_statistics.ts";

await useCpuBackend();

/** A ResNet as small as one gets. */
const tinyResNet: SearchSpace = {
  name: "tiny-resnet",
  choices: [{ kind: "bottleneck" }],
  stem: "resnet",
  stageRepeats: [2, 1],
  stemChannels: 4,
  stageChannels: [8, 16],
  lastChannels: null,
  resolution: 16,
};

const tiny: SearchSpace = {
  name: "tiny",
  choices: authorsChoices,
  stem: "shufflenet",
  stageRepeats: [1, 2],
  stemChannels: 4,
  stageChannels: [8, 16],
  lastChannels: 6,
  resolution: 16,
};

function unitParameters(unit: Unit): number {
  return unit.parameters.reduce((sum, spec) => sum + parameterCount(spec), 0);
}

function drawn(unit: Unit): Tensor[] {
  return unit.parameters.map(({ name, shape }) => normalTensor([...shape], `${unit.name}.${name}`));
}

Deno.test("the units of an architecture have as many parameters as the cost model counts", () => {
  for (const space of [...Object.values(searchSpaces), tiny, tinyResNet]) {
    const { stem, blocks } = supernet(space, 1);
    for (const choice of space.choices.keys()) {
      const units = [stem, ...blocks.map((choices) => choices[choice])];
      const count = units.reduce((sum, unit) => sum + unitParameters(unit), 0);
      const choices = blocks.map(() => choice);
      assertEquals(count, countParameters(space, choices));
      const head = unitParameters(classifierUnit(space, 1000));
      assertEquals(count + head, countClassifierParameters(space, choices));
    }
  }
});

Deno.test("supernet() names every unit and parameter once, and finds the stages' ends", () => {
  const { stem, blocks, stageEnds } = supernet(searchSpaces.small, 1);
  const units = [stem, ...blocks.flat()];
  assertEquals(new Set(units.map((unit) => unit.name)).size, 81);
  for (const unit of units) {
    assertEquals(new Set(unit.parameters.map((spec) => spec.name)).size, unit.parameters.length);
  }
  assertEquals(stageEnds, [3, 7, 15, 19]);
  assertEquals(blocks[4][2].name, "blocks.4.2");
});

Deno.test("supernet() starts its parameters as the authors do", () => {
  const { stem, blocks } = supernet(searchSpaces.small, 1);
  const init = (unit: Unit, name: string): unknown =>
    unit.parameters.find((spec) => spec.name === name)!.init;
  assertEquals(init(stem, "conv.weight"), { kind: "normal", std: 0.01 });
  assertEquals(init(blocks[1][0], "main.0.weight"), { kind: "normal", std: 1 / 32 });
  assertEquals(init(blocks[1][0], "main.1.weight"), { kind: "normal", std: 1 });
  assertEquals(init(blocks[1][0], "main.1.scale"), { kind: "constant", value: 1 });
  assertEquals(init(blocks[1][0], "main.1.shift"), { kind: "constant", value: 0.0001 });
});

Deno.test("stemUnit() reads RGB images with a weight over BGR", () => {
  const stem = stemUnit(tiny);
  const [weight, ...rest] = drawn(stem);
  const images = normalTensor([2, 6, 6, 3], "images");
  const norm = localBatchNorm(1e-5);
  const [rgb] = stem.train([images], [weight, ...rest], norm).outputs;
  const [bgr] = stem.train([tf.reverse(images, 3)], [tf.reverse(weight, 2), ...rest], norm).outputs;
  assertClose(rgb, bgr.dataSync());
  const onlyRed = tf.mul(images, tf.tensor1d([1, 0, 0]));
  const onlyLastPlane = tf.mul(weight, tf.tensor([0, 0, 1], [1, 1, 3, 1]));
  const [full] = stem.train([onlyRed], [weight, ...rest], norm).outputs;
  const [plane] = stem.train([onlyRed], [onlyLastPlane, ...rest], norm).outputs;
  assertClose(full, plane.dataSync());
});

Deno.test("stemUnit()'s bias moves the running mean alone, gets no gradient, and counts in inference", () => {
  const stem = stemUnit(tiny);
  const images = normalTensor([2, 6, 6, 3], "images");
  const [weight, bias, scale, shift] = drawn(stem);
  const norm = localBatchNorm(1e-5);
  const withBias = stem.train([images], [weight, bias, scale, shift], norm);
  const without = stem.train([images], [weight, tf.zerosLike(bias), scale, shift], norm);
  assertClose(withBias.outputs[0], without.outputs[0].dataSync());
  assertClose(withBias.moments[0], tf.add(without.moments[0], bias).dataSync());
  const gradient = tf.grad((bias: Tensor) =>
    stem.train([images], [weight, bias, scale, shift], norm).outputs[0]
  )(bias);
  assertEquals([...gradient.dataSync()], [0, 0, 0, 0]);
  const inferred = stem.infer([images], [weight, bias, scale, shift], withBias.moments);
  const inferredWithout = stem.infer([images], [weight, tf.zerosLike(bias), scale, shift], without.moments);
  assertClose(inferred[0], inferredWithout[0].dataSync());
});

Deno.test("a path through the supernet gives maps at strides 4 and 8, rounded up", () => {
  const { stem, blocks, stageEnds } = supernet(tiny, 1);
  const norm = localBatchNorm(1e-5);
  let [x] = stem.train([normalTensor([1, 21, 15, 3], "images")], drawn(stem), norm).outputs;
  const shapes = blocks.map(([, unit]) => {
    [x] = unit.train([x], drawn(unit), norm).outputs;
    return x.shape;
  });
  assertEquals(stageEnds.map((i) => shapes[i]), [[1, 6, 4, 8], [1, 3, 2, 16]]);
});

for (const { conv, ...pass } of await goldenStems()) {
  Deno.test(`ResNet's stem gives PyTorch's output, gradients and statistics on ${pass.x.shape.join("x")}`, () => {
    const unit = stemUnit({ ...tinyResNet, stemChannels: 2 });
    const rgb = tf.reverse(stored(pass.x), 3);
    const parameters = goldenParameters([conv]);
    const run = (...own: Tensor[]): Tensor =>
      unit.train([own[0]], own.slice(1), localBatchNorm(1e-5)).outputs[0];
    assertTensorClose(run(rgb, ...parameters), pass.y, "y");
    const [dx, dWeight, dGamma, dBeta] = tf.grads(run)([rgb, ...parameters], stored(pass.dy));
    assertTensorClose(tf.reverse(dx, 3), pass.dx, "dx");
    assertTensorClose(dWeight, conv.dWeight, "dWeight");
    assertClose(dGamma, conv.dGamma, "dGamma");
    assertClose(dBeta, conv.dBeta, "dBeta");
    const { moments } = unit.train([rgb], parameters, localBatchNorm(1e-5));
    const [mean, variance] = updateStatistics([tf.zeros([2]), tf.ones([2])], moments, 0.1);
    assertClose(mean, conv.runningMean, "running mean");
    assertClose(variance, conv.runningVariance, "running variance");
  });
}

Deno.test("a ResNet's stages are at strides 4 and 8 too, its stem repeating training's output in inference", () => {
  const { stem, blocks, stageEnds } = supernet(tinyResNet, 1);
  const images = normalTensor([2, 21, 16, 3], "images");
  const { outputs: [first], moments } = stem.train([images], drawn(stem), repeatableBatchNorm);
  assertClose(stem.infer([images], drawn(stem), moments)[0], first.dataSync());
  let x = first;
  const shapes = blocks.map(([unit]) => {
    [x] = unit.train([x], drawn(unit), localBatchNorm(1e-5)).outputs;
    return x.shape;
  });
  assertEquals(stageEnds.map((i) => shapes[i]), [[2, 6, 4, 8], [2, 3, 2, 16]]);
});

Deno.test("a ResNet's classifier is a linear layer on the mean, with a channel dropped where its mask says so", () => {
  const unit = classifierUnit(tinyResNet, 3);
  assertEquals(unit.parameters.map(({ name, shape }) => [name, shape]), [
    ["linear.weight", [16, 3]],
    ["linear.bias", [3]],
  ]);
  assertEquals([unit.channels, unit.batchNorms.length], [16, 0]);
  const [weight, bias] = drawn(unit);
  const x = normalTensor([2, 3, 2, 16], "x");
  const wanted = tf.add(tf.matMul(tf.mean(x, [1, 2]) as Tensor2D, weight as Tensor2D), bias);
  assertClose(unit.infer([x], [weight, bias], [])[0], wanted.dataSync());
  const { outputs, moments } = unit.train([x, tf.ones([2, 16])], [weight, bias], repeatableBatchNorm);
  assertClose(outputs[0], wanted.dataSync());
  assertEquals(moments, []);
});

Deno.test("classifierUnit() drops whole channels by its mask, and in inference none", () => {
  const unit = classifierUnit(tiny, 3);
  assertEquals(unit.channels, 6);
  const parameters = drawn(unit);
  const x = normalTensor([2, 3, 2, 16], "x");
  const train = (mask: Tensor): Tensor => unit.train([x, mask], parameters, repeatableBatchNorm).outputs[0];
  assertClose(train(tf.zeros([2, 6])), [...parameters[4].dataSync(), ...parameters[4].dataSync()]);
  const { moments } = unit.train([x, tf.ones([2, 6])], parameters, repeatableBatchNorm);
  assertClose(unit.infer([x], parameters, moments)[0], train(tf.ones([2, 6])).dataSync());
});

Deno.test("classifierUnit()'s gradients agree with differences", () => {
  const unit = classifierUnit({ ...tiny, stageChannels: [4, 4], lastChannels: 3 }, 2);
  const mask = tf.tensor2d([[0, 1.25, 1.25], [1.25, 1.25, 0]]);
  const weights = normalTensor([2, 2], "weights");
  const run = (x: Tensor, ...parameters: Tensor[]): Tensor =>
    tf.sum(tf.mul(unit.train([x, mask], parameters, localBatchNorm(1e-5)).outputs[0], weights));
  assertGradients(run, [normalTensor([2, 3, 2, 4], "x"), ...drawn(unit)], 1e-3);
});
