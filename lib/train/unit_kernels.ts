/**
 * Units as kernels run them whole, where there are such kernels.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BlockKernels, UnitLayers } from "../nn/block_kernels.ts";
import type { Compiled, CompiledFunction } from "../nn/compiled.ts";
import type { MomentReducer } from "../nn/sync_batch_norm.ts";
import type { BatchNormTraining, Unit } from "../nn/unit.ts";

/** Batch norm that talks to other workers, and so needs to know the function that it is in. */
export interface BatchNormMaker {
  /**
   * Batch norm for one making of a function.
   *
   * @param functionName The same on every worker, whatever the shapes of its images.
   */
  of(functionName: string): BatchNormTraining;
  /**
   * How kernels that run a whole unit exchange its moments: null if there is no one to exchange them with; undefined if
   * the batch norm is not theirs.
   */
  reducerOf?(functionName: string): MomentReducer | null;
}

/** Makes functions of {@linkcode BlockKernels} for units; each is null where these can't run the unit. */
export class UnitKernels {
  readonly #kernels: BlockKernels | null;
  readonly #batchNorms: BatchNormMaker;

  /**
   * @param kernels Null for none.
   * @param batchNorms Batch norm in training.
   */
  constructor(kernels: BlockKernels | null, batchNorms: BatchNormMaker) {
    this.#kernels = kernels;
    this.#batchNorms = batchNorms;
  }

  /** The unit in training as kernels run it whole; null if they can't, or can't normalise as they should. */
  training(unit: Unit, inputs: readonly Tensor[], gradientInputs: number): Compiled | null {
    const name = `train ${unit.signature}`;
    const alone = this.#batchNorms.reducerOf?.(name);
    const layers = this.#layersOf(unit);
    if (layers === null || alone === undefined) return null;
    if (gradientInputs !== (unit.block?.ofImages ? 0 : inputs.length)) return null;
    return this.#kernels!.training(
      layers,
      shapesOf(inputs),
      alone && ((pass) => this.#batchNorms.reducerOf!(`${name} ${pass}`)!),
    );
  }

  /** The unit in recalibration, normalised by the batch; null as for {@linkcode training}. */
  normalisedByBatch(unit: Unit, inputs: readonly Tensor[]): CompiledFunction | null {
    return this.#byBatch(
      unit,
      (kernels, layers, reducer) => kernels.normalisedByBatch(layers, shapesOf(inputs), reducer),
    );
  }

  /** The moments of that pass alone. */
  batchMoments(unit: Unit, inputs: readonly Tensor[]): CompiledFunction | null {
    return this.#byBatch(
      unit,
      (kernels, layers, reducer) => kernels.batchMoments(layers, shapesOf(inputs), reducer),
    );
  }

  /** The unit as {@linkcode BlockKernels.normalisedByMoments} runs it; null if kernels can't. */
  normalisedByMoments(unit: Unit, inputs: readonly Tensor[]): CompiledFunction | null {
    const layers = this.#layersOf(unit);
    return layers && this.#kernels!.normalisedByMoments(layers, shapesOf(inputs));
  }

  /** The unit in inference; null if kernels can't run it. */
  inference(unit: Unit, inputs: readonly Tensor[]): CompiledFunction | null {
    const layers = this.#layersOf(unit);
    return layers && this.#kernels!.inference(layers, shapesOf(inputs));
  }

  #byBatch(unit: Unit, make: MakeBatchFunction): CompiledFunction | null {
    const name = `batch ${unit.signature}`;
    const alone = this.#batchNorms.reducerOf?.(name);
    const layers = this.#layersOf(unit);
    if (layers === null || alone === undefined) return null;
    return make(this.#kernels!, layers, alone && (() => this.#batchNorms.reducerOf!(name)!));
  }

  #layersOf({ block, maps }: Unit): UnitLayers | null {
    const layers = block ?? maps;
    return layers && this.#kernels?.supports(layers) ? layers : null;
  }
}

/** Makes a function that is normalised by the batch; `reducer` is null without other workers. */
type MakeBatchFunction = (
  kernels: BlockKernels,
  layers: UnitLayers,
  reducer: (() => MomentReducer) | null,
) => CompiledFunction;

function shapesOf(tensors: readonly Tensor[]): number[][] {
  return tensors.map(({ shape }) => shape);
}
