/**
 * The contract between units and kernels that run a whole unit at once.
 *
 * @module
 */
import type { Compiled, CompiledFunction } from "./compiled.ts";
import type { MapNetwork } from "./map_network.ts";
import type { NormedBlock } from "./normed_block.ts";
import type { MomentReducer } from "./sync_batch_norm.ts";

/** A unit as data: `Unit.block` or `Unit.maps`. */
export type UnitLayers = NormedBlock | MapNetwork;

/** Runs blocks, pyramids and heads. */
export interface BlockKernels {
  /** Whether it has kernels for a unit. */
  supports(unit: UnitLayers): boolean;
  /**
   * A unit in training: inputs are the unit's, `[N, H, W, C]` each, and the parameters, each with a gradient; but images, which
   * have none, come last. Outputs are the unit's and, without a gradient, each batch norm's mean and unbiased variance.
   *
   * @param unit The unit's layers.
   * @param inputShapes The unit's inputs'.
   * @param reducer How workers exchange moments, made anew for each pass; null without other workers.
   */
  training(
    unit: UnitLayers,
    inputShapes: readonly (readonly number[])[],
    reducer: ((pass: "forward" | "backward") => MomentReducer) | null,
  ): Compiled;
  /**
   * Forward only, as {@linkcode BlockKernels.training}, but images come first, too: nothing is kept for a backward pass.
   *
   * @param unit The unit's layers.
   * @param inputShapes The unit's inputs'.
   * @param reducer How workers exchange moments, made anew for each pass; null without other workers.
   */
  normalisedByBatch(
    unit: UnitLayers,
    inputShapes: readonly (readonly number[])[],
    reducer: (() => MomentReducer) | null,
  ): CompiledFunction;
  /**
   * The moments of {@linkcode BlockKernels.normalisedByBatch} alone, without what only its outputs need.
   *
   * @param unit The unit's layers.
   * @param inputShapes The unit's inputs'.
   * @param reducer How workers exchange moments, made anew for each pass; null without other workers.
   */
  batchMoments(
    unit: UnitLayers,
    inputShapes: readonly (readonly number[])[],
    reducer: (() => MomentReducer) | null,
  ): CompiledFunction;
  /**
   * Forward only, normalised by given moments: inputs are the unit's, the parameters, and for each batch norm `[2 C + 1]` the count,
   * means and sums of squared deviations. Outputs are the unit's, each batch norm's mean and unbiased variance by these, and the
   * batch's own moments, as many and alike, whose means may leave out a convolution's bias.
   *
   * @param unit The unit's layers.
   * @param inputShapes The unit's inputs'.
   */
  normalisedByMoments(unit: UnitLayers, inputShapes: readonly (readonly number[])[]): CompiledFunction;
  /**
   * A unit in inference: inputs are the unit's, the parameters, and each batch norm's mean and variance.
   *
   * @param unit The unit's layers.
   * @param inputShapes The unit's inputs'.
   */
  inference(unit: UnitLayers, inputShapes: readonly (readonly number[])[]): CompiledFunction;
}
