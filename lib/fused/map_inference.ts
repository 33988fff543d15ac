/**
 * A network of maps in inference: each branch in one call, its batch norms and biases folded into the weights.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { CompiledFunction } from "../nn/compiled.ts";
import { inferBranch } from "./fused_inference.ts";
import { disposeMaps, mapOutputs, runMaps } from "./map_forward.ts";
import type { MapPlan } from "./map_plan.ts";
import type { NativeLibrary } from "./native_library.ts";
import { SharedWeights } from "./shared_weights.ts";

/** Inputs: the unit's, the parameters, and each batch norm's mean and variance. */
export class MapInference implements CompiledFunction {
  readonly #native: NativeLibrary;
  readonly #plan: MapPlan;

  constructor(native: NativeLibrary, plan: MapPlan) {
    this.#native = native;
    this.#plan = plan;
  }

  call(inputs: readonly Tensor[]): Tensor[] {
    const { network, parameters: count } = this.#plan;
    const maps = this.#native.read(inputs, (addresses) => {
      const rest = addresses.slice(network.inputs);
      const [parameters, statistics] = [rest.slice(0, count), rest.slice(count)];
      using weights = new SharedWeights(this.#native, this.#plan.layers);
      return runMaps(
        this.#native,
        this.#plan,
        addresses.slice(0, network.inputs),
        (branch, input, joined) => {
          inferBranch(this.#native, branch.layers, { input, joined, parameters, weights, statistics });
        },
      );
    });
    const outputs = mapOutputs(network, maps);
    disposeMaps(maps);
    return outputs;
  }

  [Symbol.dispose](): void {}
}
