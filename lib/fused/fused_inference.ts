/**
 * A block in inference: each branch in one pass, its batch norms folded into the weights.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { CompiledFunction } from "../nn/compiled.ts";
import { normRows, writeBias, writeNorm } from "./batch_moments.ts";
import { type BlockPlan, branches } from "./block_plan.ts";
import { kernelWeight, type LayerPlan } from "./layer_plan.ts";
import { SharedWeights } from "./shared_weights.ts";
import { floats, floatsAt, type NativeLibrary, type Pass } from "./native_library.ts";

/** Inputs: x, the parameters, and each batch norm's mean and variance. */
export class FusedInference implements CompiledFunction {
  readonly #native: NativeLibrary;
  readonly #plan: BlockPlan;

  constructor(native: NativeLibrary, plan: BlockPlan) {
    this.#native = native;
    this.#plan = plan;
  }

  call(inputs: readonly Tensor[]): Tensor[] {
    const { layers, outputShape, parameters: count } = this.#plan;
    return this.#native.read(inputs, ([input, ...rest]) => {
      const [parameters, statistics] = [rest.slice(0, count), rest.slice(count)];
      const y = this.#native.takeTensor(outputShape);
      using weights = new SharedWeights(this.#native, layers);
      for (const branch of branches(layers)) {
        inferBranch(this.#native, branch, { input, joined: y.address, parameters, weights, statistics });
      }
      return [y.tensor];
    });
  }

  [Symbol.dispose](): void {}
}

/** What a branch in inference reads and writes. */
export interface InferencePass {
  readonly input: bigint;
  /** The output that it has a part of. */
  readonly joined: bigint;
  /** In the unit's order. */
  readonly parameters: readonly bigint[];
  readonly weights: SharedWeights;
  /** Each batch norm's mean and variance. */
  readonly statistics: readonly bigint[];
}

/** Runs all layers of a branch in one call. */
export function inferBranch(
  native: NativeLibrary,
  branch: readonly LayerPlan[],
  pass: InferencePass,
): void {
  native.infer(branch.map((plan): Pass => ({
    ...plan.geometry,
    input: pass.input,
    weight: kernelWeight(plan, pass.parameters),
    prepared: pass.weights.of(plan),
    norm: foldedNorm(native, plan, pass),
    joined: pass.joined,
  })));
  branch.forEach((plan) => pass.weights.done(plan));
}

function foldedNorm(
  native: NativeLibrary,
  { layer, batchNorm, places }: LayerPlan,
  { parameters, statistics }: InferencePass,
): Float32Array<ArrayBuffer> {
  const vector = (address: bigint): Float32Array => floatsAt(address, layer.outChannels);
  const bias = layer.bias ? vector(parameters[places.bias]) : null;
  const norm = floats(normRows * native.padded(layer.outChannels));
  if (batchNorm < 0) {
    writeBias(layer.outChannels, bias, norm);
    return norm;
  }
  const mean = vector(statistics[2 * batchNorm]);
  const variances = vector(statistics[2 * batchNorm + 1]);
  const means = bias ? mean.map((value, c) => value - bias[c]) : mean;
  writeNorm({ means, variances }, vector(parameters[places.scale]), vector(parameters[places.shift]), norm);
  return norm;
}
