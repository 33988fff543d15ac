/**
 * Units run by the project's own kernels, each activation read and written once a pass.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BlockKernels, UnitLayers } from "../nn/block_kernels.ts";
import type { Compiled, CompiledFunction } from "../nn/compiled.ts";
import type { NormedBlock, NormedLayer } from "../nn/normed_block.ts";
import type { MomentReducer } from "../nn/sync_batch_norm.ts";
import { planBlock } from "./block_plan.ts";
import type { LayerResult } from "./branch_forward.ts";
import { FusedInference } from "./fused_inference.ts";
import { FusedTraining, type PassReducer, runForward } from "./fused_training.ts";
import { disposeMaps } from "./map_forward.ts";
import { MapInference } from "./map_inference.ts";
import { isMapNetwork, planMaps } from "./map_plan.ts";
import { forwardMaps, MapTraining } from "./map_training.ts";
import type { NativeLibrary } from "./native_library.ts";

type Shapes = readonly (readonly number[])[];

/** The kernels of `native/fused.cc` as {@linkcode BlockKernels}. */
export class FusedKernels implements BlockKernels, Disposable {
  readonly #native: NativeLibrary;

  constructor(native: NativeLibrary) {
    this.#native = native;
  }

  supports(unit: UnitLayers): boolean {
    return "steps" in unit ? isMapNetwork(unit) : isBlock(unit);
  }

  training(unit: UnitLayers, inputShapes: Shapes, reducer: PassReducer): Compiled {
    return "steps" in unit
      ? new MapTraining(this.#native, planMaps(unit, inputShapes), reducer)
      : new FusedTraining(this.#native, planBlock(unit, inputShapes[0]), reducer);
  }

  normalisedByBatch(
    unit: UnitLayers,
    inputShapes: Shapes,
    reducer: (() => MomentReducer) | null,
  ): CompiledFunction {
    const forward = "steps" in unit
      ? this.#mapsForward(planMaps(unit, inputShapes))
      : this.#blockForward(planBlock(unit, inputShapes[0]));
    return { call: (inputs) => forward(inputs, reducer?.() ?? null), [Symbol.dispose](): void {} };
  }

  inference(unit: UnitLayers, inputShapes: Shapes): CompiledFunction {
    return "steps" in unit
      ? new MapInference(this.#native, planMaps(unit, inputShapes))
      : new FusedInference(this.#native, planBlock(unit, inputShapes[0]));
  }

  [Symbol.dispose](): void {
    this.#native[Symbol.dispose]();
  }

  #blockForward(plan: ReturnType<typeof planBlock>): Forward {
    return (inputs, reducer) => {
      const { outputs, layers } = runForward(this.#native, plan, inputs, reducer);
      this.#giveBack(layers);
      return outputs;
    };
  }

  #mapsForward(plan: ReturnType<typeof planMaps>): Forward {
    return (inputs, reducer) => {
      const { outputs, maps } = forwardMaps(
        this.#native,
        plan,
        inputs,
        reducer,
        (left) => this.#giveBack(left),
      );
      disposeMaps(maps);
      return outputs;
    };
  }

  #giveBack(left: readonly LayerResult[]): void {
    for (const { z, norm } of left) [z, norm].forEach((memory) => this.#native.give(memory));
  }
}

type Forward = (inputs: readonly Tensor[], reducer: MomentReducer | null) => Tensor[];

function isBlock({ main, projection, ofImages }: NormedBlock): boolean {
  const [first, ...later] = main;
  if (ofImages) return first?.kind === "conv" && projection.length === 0 && later.every(isLayer);
  return main.length > 0 && [...main, ...projection].every(isLayer);
}

/** Other than as the first layer over images. */
function isLayer({ kind, kernel }: NormedLayer): boolean {
  return kind === "pointwise" || (kind === "depthwise" && [3, 5, 7].includes(kernel));
}
