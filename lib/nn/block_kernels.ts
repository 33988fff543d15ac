/**
 * The contract between units and kernels that run a whole block at once.
 *
 * @module
 */
import type { Compiled, CompiledFunction } from "./compiled.ts";
import type { NormedBlock } from "./normed_block.ts";
import type { MomentReducer } from "./sync_batch_norm.ts";

/** Runs blocks. */
export interface BlockKernels {
  /** Whether it has kernels for a block. */
  supports(block: NormedBlock): boolean;
  /**
   * A block in training: inputs are x `[N, H, W, C]` and the parameters, each with a gradient; but images, which have none, come
   * last. Outputs are y and, without a gradient, each batch norm's mean and unbiased variance.
   *
   * @param block The block.
   * @param inputShape x's, `[N, H, W, C]`.
   * @param reducer How workers exchange moments, made anew for each pass; null without other workers.
   */
  training(
    block: NormedBlock,
    inputShape: readonly number[],
    reducer: ((pass: "forward" | "backward") => MomentReducer) | null,
  ): Compiled;
  /**
   * Forward only, as {@linkcode BlockKernels.training}, but x always comes first: nothing is kept for a backward pass.
   *
   * @param block The block.
   * @param inputShape x's, `[N, H, W, C]`.
   * @param reducer How workers exchange moments, made anew for each pass; null without other workers.
   */
  normalisedByBatch(
    block: NormedBlock,
    inputShape: readonly number[],
    reducer: (() => MomentReducer) | null,
  ): CompiledFunction;
  /**
   * Forward only, normalised by given moments: inputs are x, the parameters, and for each batch norm `[2 C + 1]` the count,
   * means and sums of squared deviations. Outputs are y, each batch norm's mean and unbiased variance by these, and the
   * batch's own moments, as many and alike, whose means may leave out a convolution's bias.
   *
   * @param block The block.
   * @param inputShape x's, `[N, H, W, C]`.
   */
  normalisedByMoments(block: NormedBlock, inputShape: readonly number[]): CompiledFunction;
  /**
   * A block in inference: inputs are x, the parameters, and each batch norm's mean and variance.
   *
   * @param block The block.
   * @param inputShape x's, `[N, H, W, C]`.
   */
  inference(block: NormedBlock, inputShape: readonly number[]): CompiledFunction;
}
