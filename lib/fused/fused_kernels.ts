/**
 * Units run by the project's own kernels, each activation read and written once a pass.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BlockKernels, UnitLayers } from "../nn/block_kernels.ts";
import type { Compiled, CompiledFunction } from "../nn/compiled.ts";
import type { NormedBlock, NormedLayer } from "../nn/normed_block.ts";
import { givenMoments, type MomentReducer } from "../nn/sync_batch_norm.ts";
import { type BlockPlan, planBlock } from "./block_plan.ts";
import type { LayerResult } from "./branch_forward.ts";
import { FusedInference } from "./fused_inference.ts";
import { FusedTraining, type PassReducer, runForward } from "./fused_training.ts";
import { disposeMaps } from "./map_forward.ts";
import { MapInference } from "./map_inference.ts";
import { isMapNetwork, type MapPlan, planMaps } from "./map_plan.ts";
import { forwardMaps, MapTraining } from "./map_training.ts";
import { planMoments } from "./moments_plan.ts";
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
    const { forward } = this.#forwardOf(unit, inputShapes);
    return withoutResources((inputs) => forward(inputs, reducer?.() ?? null));
  }

  batchMoments(
    unit: UnitLayers,
    inputShapes: Shapes,
    reducer: (() => MomentReducer) | null,
  ): CompiledFunction {
    if (!("steps" in unit)) return dropFirst(this.normalisedByBatch(unit, inputShapes, reducer));
    const plan = planMoments(planMaps(unit, inputShapes));
    const forward = this.#mapsForward({ ...plan, network: { ...plan.network, outputs: [] } });
    return withoutResources((inputs) => forward(inputs, reducer?.() ?? null));
  }

  normalisedByMoments(unit: UnitLayers, inputShapes: Shapes): CompiledFunction {
    const { forward, plan } = this.#forwardOf(unit, inputShapes);
    const order = plan.layers.flatMap(({ batchNorm }) => batchNorm < 0 ? [] : [batchNorm]);
    const first = inputShapes.length + plan.parameters;
    return withoutResources((inputs) => {
      const own: Float32Array[] = [];
      let exchanged = 0;
      const reducer = givenMoments(
        order.map((batchNorm) => inputs[first + batchNorm]),
        (moments) => own[order[exchanged++]] = moments.dataSync<"float32">().slice(),
      );
      const outputs = forward(inputs.slice(0, first), reducer);
      return [...outputs, ...own.map((values) => tf.tensor1d(values))];
    });
  }

  inference(unit: UnitLayers, inputShapes: Shapes): CompiledFunction {
    return "steps" in unit
      ? new MapInference(this.#native, planMaps(unit, inputShapes))
      : new FusedInference(this.#native, planBlock(unit, inputShapes[0]));
  }

  [Symbol.dispose](): void {
    this.#native[Symbol.dispose]();
  }

  /** A forward pass of which nothing is kept for a backward pass. */
  #forwardOf(unit: UnitLayers, inputShapes: Shapes): { forward: Forward; plan: BlockPlan | MapPlan } {
    if ("steps" in unit) {
      const plan = planMaps(unit, inputShapes);
      return { forward: this.#mapsForward(plan), plan };
    }
    const plan = planBlock(unit, inputShapes[0]);
    return { forward: this.#blockForward(plan), plan };
  }

  #blockForward(plan: BlockPlan): Forward {
    return (inputs, reducer) => {
      const { outputs, layers } = runForward(this.#native, plan, inputs, reducer);
      this.#giveBack(layers);
      return outputs;
    };
  }

  #mapsForward(plan: MapPlan): Forward {
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

/** Without a block's output. */
function dropFirst({ call }: CompiledFunction): CompiledFunction {
  return withoutResources((inputs) => {
    const [y, ...moments] = call(inputs);
    y.dispose();
    return moments;
  });
}

function withoutResources(call: CompiledFunction["call"]): CompiledFunction {
  return { call, [Symbol.dispose](): void {} };
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
