/**
 * Blocks run by the project's own kernels, each activation read and written once a pass.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BlockKernels } from "../nn/block_kernels.ts";
import type { Compiled, CompiledFunction } from "../nn/compiled.ts";
import type { NormedBlock, NormedLayer } from "../nn/normed_block.ts";
import { givenMoments, type MomentReducer } from "../nn/sync_batch_norm.ts";
import { type BlockPlan, planBlock } from "./block_plan.ts";
import { FusedInference } from "./fused_inference.ts";
import { FusedTraining, type PassReducer, runForward } from "./fused_training.ts";
import type { NativeLibrary } from "./native_library.ts";

/** Other than as the first layer over images. */
function isSupported({ kind, kernel }: NormedLayer): boolean {
  return kind === "pointwise" || (kind === "depthwise" && [3, 5, 7].includes(kernel));
}

/** The kernels of `native/fused.cc` as {@linkcode BlockKernels}. */
export class FusedKernels implements BlockKernels, Disposable {
  readonly #native: NativeLibrary;

  constructor(native: NativeLibrary) {
    this.#native = native;
  }

  supports({ main, projection, ofImages }: NormedBlock): boolean {
    const [first, ...later] = main;
    if (ofImages) return first?.kind === "conv" && projection.length === 0 && later.every(isSupported);
    return main.length > 0 && [...main, ...projection].every(isSupported);
  }

  training(block: NormedBlock, inputShape: readonly number[], reducer: PassReducer): Compiled {
    return new FusedTraining(this.#native, planBlock(block, inputShape), reducer);
  }

  normalisedByBatch(
    block: NormedBlock,
    inputShape: readonly number[],
    reducer: (() => MomentReducer) | null,
  ): CompiledFunction {
    const plan = planBlock(block, inputShape);
    return withoutResources((inputs) => this.#forward(plan, inputs, reducer?.() ?? null));
  }

  normalisedByMoments(block: NormedBlock, inputShape: readonly number[]): CompiledFunction {
    const plan = planBlock(block, inputShape);
    return withoutResources((inputs) => {
      const own: Float32Array[] = [];
      const given = inputs.slice(1 + plan.parameters);
      const reducer = givenMoments(given, (moments) => own.push(moments.dataSync<"float32">().slice()));
      const outputs = this.#forward(plan, inputs.slice(0, 1 + plan.parameters), reducer);
      return [...outputs, ...own.map((values) => tf.tensor1d(values))];
    });
  }

  [Symbol.dispose](): void {
    this.#native[Symbol.dispose]();
  }

  inference(block: NormedBlock, inputShape: readonly number[]): CompiledFunction {
    return new FusedInference(this.#native, planBlock(block, inputShape));
  }

  /** Nothing is kept for a backward pass. */
  #forward(plan: BlockPlan, inputs: readonly Tensor[], reducer: MomentReducer | null): Tensor[] {
    const { outputs, layers } = runForward(this.#native, plan, inputs, reducer);
    for (const { z, norm } of layers) [z, norm].forEach((memory) => this.#native.give(memory));
    return outputs;
  }
}

function withoutResources(call: CompiledFunction["call"]): CompiledFunction {
  return { call, [Symbol.dispose](): void {} };
}
