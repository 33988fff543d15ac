import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { clipFactor, parameterRule, type SgdSettings, sgdUpdate, squaredNorm } from "../../lib/nn/sgd.ts";
import type { ParameterSpec } from "../../lib/nn/unit.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";

await useCpuBackend();

const init = { kind: "constant", value: 0 } as const;
const weight: ParameterSpec = { name: "weight", shape: [1, 2], role: "weight", init };
const bias: ParameterSpec = { name: "bias", shape: [2], role: "bias", init };
const scale: ParameterSpec = { name: "scale", shape: [2], role: "bnScale", init };
const shift: ParameterSpec = { name: "shift", shape: [2], role: "bnShift", init };

const imagenet: SgdSettings = {
  momentum: 0.9,
  weightDecay: 0.1,
  decayOn: "matrices",
  biasLearningRateFactor: 1,
};
const detection: SgdSettings = { ...imagenet, decayOn: "weights", biasLearningRateFactor: 2 };

Deno.test("parameterRule() decays by dimensions for ImageNet, by role for detection", () => {
  const rules = (settings: SgdSettings): [number, number][] =>
    [weight, bias, scale, shift].map((spec) => {
      const { weightDecay, learningRateFactor } = parameterRule(spec, settings);
      return [weightDecay, learningRateFactor];
    });
  assertEquals(rules(imagenet), [[0.1, 1], [0, 1], [0, 1], [0, 1]]);
  assertEquals(rules(detection), [[0.1, 1], [0, 2], [0.1, 1], [0, 2]]);
});

Deno.test("sgdUpdate() makes PyTorch's steps: decay into the gradient, then momentum, then the rate", () => {
  let state = {
    parameters: [tf.tensor2d([[1, -2]]), tf.tensor1d([3, 4])],
    slots: [tf.zeros([1, 2]), tf.zeros([2])],
  } as Parameters<typeof sgdUpdate>[1];
  const gradients = [tf.tensor2d([[0.5, 1]]), tf.tensor1d([1, -1])];
  for (const rate of [0.1, 0.01]) {
    state = sgdUpdate([weight, bias], state, gradients, tf.scalar(rate), detection);
  }
  // By hand: weight slots 0.6, 0.8 then 0.9 v + g + 0.1 w with w = 0.94, -2.08; bias at twice the rate, no decay.
  assertClose(state.slots[0], [0.9 * 0.6 + 0.5 + 0.094, 0.9 * 0.8 + 1 - 0.208]);
  assertClose(state.parameters[0], [0.94 - 0.01 * 1.134, -2.08 - 0.01 * 1.512]);
  assertClose(state.slots[1], [1.9, -1.9]);
  assertClose(state.parameters[1], [3 - 0.2 - 0.02 * 1.9, 4 + 0.2 + 0.02 * 1.9]);
});

Deno.test("sgdUpdate() at a rate of 0 moves no parameter", () => {
  const state = { parameters: [tf.tensor1d([3, 4])], slots: [tf.tensor1d([1, 1])] };
  const next = sgdUpdate([bias], state, [tf.tensor1d([5, 6])], tf.scalar(0), imagenet);
  assertEquals([...next.parameters[0].dataSync()], [3, 4]);
});

Deno.test("clipFactor() scales a long gradient to the bound and leaves a short one", () => {
  const norm = Math.sqrt(squaredNorm([tf.tensor1d([3]), tf.tensor2d([[0, 4]])]).dataSync()[0]);
  assertAlmostEquals(norm, 5, 1e-6);
  assertAlmostEquals(norm * clipFactor(norm, 2), 2, 1e-5);
  assertEquals(clipFactor(norm, 10), 1);
  assertEquals(clipFactor(0, 10), 1);
});
