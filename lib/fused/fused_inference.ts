/**
 * A block in inference: each branch in one pass, its batch norms folded into the weights.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { CompiledFunction } from "../nn/compiled.ts";
import { normRows, writeNorm } from "./batch_moments.ts";
import { type BlockPlan, branches, kernelWeight, type LayerPlan } from "./block_plan.ts";
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
      const norms = layers.map((plan) => this.#norm(plan, parameters, statistics));
      const y = this.#native.takeTensor(outputShape);
      for (const branch of branches(layers)) {
        this.#native.infer(branch.map((plan): Pass => ({
          ...plan.geometry,
          input,
          weight: kernelWeight(plan, parameters),
          norm: norms[plan.index],
          joined: y.address,
        })));
      }
      return [y.tensor];
    });
  }

  [Symbol.dispose](): void {}

  #norm(
    { layer, index, places }: LayerPlan,
    parameters: readonly bigint[],
    statistics: readonly bigint[],
  ): Float32Array<ArrayBuffer> {
    const vector = (address: bigint): Float32Array => floatsAt(address, layer.outChannels);
    const mean = vector(statistics[2 * index]);
    const bias = layer.bias ? vector(parameters[places.bias]) : null;
    const norm = floats(normRows * this.#native.padded(layer.outChannels));
    writeNorm(
      {
        means: bias ? mean.map((value, c) => value - bias[c]) : mean,
        variances: vector(statistics[2 * index + 1]),
      },
      vector(parameters[places.scale]),
      vector(parameters[places.shift]),
      norm,
    );
    return norm;
  }
}
