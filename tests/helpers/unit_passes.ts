/**
 * A unit's passes on the host, and how close two of them are.
 *
 * @module
 */
import { fail } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Unit } from "../../lib/nn/unit.ts";
import type { UnitState } from "../../lib/train/network_state.ts";
import { disposePass, type UnitRunner } from "../../lib/train/unit_runner.ts";

/** What training's passes give. */
export interface TrainedUnit {
  readonly outputs: readonly Float32Array[];
  readonly moments: readonly Float32Array[];
  readonly dxs: readonly Float32Array[];
  readonly gradients: readonly Float32Array[];
}

/** Runs a unit forward and backward, with a gradient for every input. */
export function trainUnit(
  runner: UnitRunner,
  unit: Unit,
  state: UnitState,
  inputs: readonly Tensor[],
  outputGradients: readonly Tensor[],
): TrainedUnit {
  const pass = runner.train(unit, state, inputs, inputs.length);
  const gradients = runner.backward(pass, outputGradients);
  const host = (tensor: Tensor): Float32Array => tensor.dataSync<"float32">().slice();
  const result = {
    outputs: pass.outputs.map(host),
    moments: pass.moments.map(host),
    dxs: gradients.inputs.map(host),
    gradients: gradients.parameters.map(host),
  };
  tf.dispose([...gradients.inputs, ...gradients.parameters, ...pass.moments]);
  disposePass(pass);
  return result;
}

/** Asserts that numbers are as close as rounding lets them be: `relative` of the largest among them or of `scale`. */
export function assertNear(
  actual: Float32Array,
  wanted: Float32Array,
  name: string,
  relative: number,
  scale = 0,
): void {
  if (actual.length !== wanted.length) {
    fail(`${name} has ${actual.length} values, should have ${wanted.length}`);
  }
  const allowed = relative * wanted.reduce((most, value) => Math.max(most, Math.abs(value)), scale) + 1e-6;
  actual.forEach((value, i) => {
    if (Math.abs(value - wanted[i]) <= allowed) return;
    fail(`${name}[${i}] is ${value}, should be ${wanted[i]} to ${allowed}`);
  });
}

/** Asserts that two makers of a unit's passes agree. */
export function assertSamePasses(is: TrainedUnit, should: TrainedUnit): void {
  // Gradients of what the next batch norm takes away again are sums that cancel: the others' size is their scale.
  const scale = largest(should.gradients);
  is.outputs.forEach((y, i) => assertNear(y, should.outputs[i], `output ${i}`, 2e-5));
  is.moments.forEach((m, i) => assertNear(m, should.moments[i], `moments ${i}`, 2e-5, i % 2 === 0 ? 0.1 : 0));
  is.dxs.forEach((dx, i) => assertNear(dx, should.dxs[i], `gradient of input ${i}`, 1e-4));
  is.gradients.forEach((g, i) => assertNear(g, should.gradients[i], `gradient ${i}`, 1e-4, 0.02 * scale));
}

function largest(arrays: readonly Float32Array[]): number {
  return arrays.reduce((most, values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), most), 0);
}
