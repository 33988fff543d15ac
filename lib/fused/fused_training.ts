/**
 * A block in training as fused passes, branch by branch.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Compiled, ForwardResult } from "../nn/compiled.ts";
import type { MomentReducer } from "../nn/sync_batch_norm.ts";
import { checkCount, normRows } from "./batch_moments.ts";
import { type BlockPlan, branches } from "./block_plan.ts";
import { branchBackward } from "./branch_backward.ts";
import { branchForward, type LayerResult, layerStatistics } from "./branch_forward.ts";
import type { LayerPlan } from "./layer_plan.ts";
import type { NativeLibrary } from "./native_library.ts";
import { ParameterGradients } from "./parameter_gradients.ts";
import { SharedWeights } from "./shared_weights.ts";

/** Makes the {@linkcode MomentReducer} of one pass; null for a worker alone. */
export type PassReducer = ((pass: "forward" | "backward") => MomentReducer) | null;

/** A block's forward and backward pass. Residuals: x, the parameters, then what each layer left, see {@linkcode keptResults}. */
export class FusedTraining implements Compiled {
  readonly #native: NativeLibrary;
  readonly #plan: BlockPlan;
  readonly #reducer: PassReducer;

  constructor(native: NativeLibrary, plan: BlockPlan, reducer: PassReducer) {
    this.#native = native;
    this.#plan = plan;
    this.#reducer = reducer;
  }

  /** @throws {RangeError} If there is only one value a channel. */
  forward(inputs: readonly Tensor[]): ForwardResult {
    const ordered = this.#plan.ofImages ? [...inputs.slice(-1), ...inputs.slice(0, -1)] : inputs;
    const { outputs, layers } = runForward(
      this.#native,
      this.#plan,
      ordered,
      this.#reducer?.("forward") ?? null,
    );
    const kept = keptResults(this.#native, this.#plan.layers, layers);
    return { outputs, residuals: [...ordered.map((input) => input.clone()), ...kept] };
  }

  backward([dy]: readonly Tensor[], residuals: readonly Tensor[]): Tensor[] {
    const native = this.#native;
    const { layers, inputShape, ofImages, parameters: count } = this.#plan;
    const reducer = this.#reducer?.("backward") ?? null;
    return native.read([dy, ...residuals], ([joined, ...addresses]) => {
      const [input, ...parameters] = addresses.slice(0, 1 + count);
      const kept = addresses.slice(1 + count);
      const dx = ofImages ? null : native.takeTensor(inputShape);
      const gradients = new ParameterGradients(native);
      using weights = new SharedWeights(native, layers);
      branches(layers).forEach((branch, i) => {
        const inputGradient = dx && { address: dx.address, adds: i > 0 };
        const pass = { joined, input, parameters, weights, kept, inputGradient, reducer };
        branchBackward(native, branch, pass, gradients);
      });
      return [...(dx === null ? [] : [dx.tensor]), ...gradients.tensors()];
    });
  }

  [Symbol.dispose](): void {}
}

/**
 * A block's forward pass, normalised by the batch.
 *
 * @param inputs x and the parameters.
 * @returns y and each batch norm's mean and variance, the caller's; and what each layer left, the caller's too.
 */
export function runForward(
  native: NativeLibrary,
  { layers, outputShape }: BlockPlan,
  inputs: readonly Tensor[],
  reducer: MomentReducer | null,
): { outputs: Tensor[]; layers: LayerResult[] } {
  if (reducer === null) layers.forEach(({ pixels }) => checkCount(pixels));
  return native.read(inputs, ([input, ...parameters]) => {
    const y = native.takeTensor(outputShape);
    using weights = new SharedWeights(native, layers);
    const pass = { input, joined: y.address, parameters, weights, reducer };
    const results = branches(layers).flatMap((branch) => branchForward(native, branch, pass));
    const statistics = layers.flatMap((plan, i) => layerStatistics(plan, results[i], parameters));
    return { outputs: [y.tensor, ...statistics], layers: results };
  });
}

/** What layers left as tensors, the caller's: z `[pixels, padded]` and norm `[4 padded + 1]` of each. */
export function keptResults(
  native: NativeLibrary,
  layers: readonly LayerPlan[],
  results: readonly LayerResult[],
): Tensor[] {
  return results.flatMap(({ z, norm }, i) => {
    const padded = native.padded(layers[i].layer.outChannels);
    return [native.adopt([layers[i].pixels, padded], z), native.adopt([normRows * padded + 1], norm)];
  });
}
