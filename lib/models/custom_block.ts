/**
 * Blocks of a user's own as choices of a search space: what they compute, and what that costs.
 *
 * @module
 */
import { parameterCount } from "../nn/init.ts";
import type { Unit } from "../nn/unit.ts";
import type { BlockShape, CustomChoice } from "../space/search_space.ts";
import { type Part, unitOf } from "./part.ts";

/** What a user says of a block. */
export interface CustomBlockOptions {
  /** Tells the choice from all others, in records too: give another name to what computes something else. */
  readonly name: string;
  /**
   * The block itself, for each place that it may be put: `[N, H, W, I]` in,
   * `[N, ceil(H / s), ceil(W / s), O]` out, float32, with I, O and stride s of the place. A part is a pair of pure tfjs functions with the
   * parameters that they take.
   */
  part(block: BlockShape): Part;
  /**
   * Multiply-adds on one image; parameters are counted from the part.
   *
   * @param inputSidePx Side in pixels of the block's square input.
   */
  macs(block: BlockShape, inputSidePx: number): number;
}

/** A choice that a supernet can build. */
export interface CustomBlock extends CustomChoice {
  /**
   * The choice at one place.
   *
   * @param name The unit's name, e.g. `blocks.3.1`.
   */
  unit(name: string, block: BlockShape): Unit;
}

/**
 * A choice for `SearchSpace.choices` that brings its own code. It is searched, trained, recalibrated and stored as every other; it
 * runs on the engine's kernels. Commands read spaces from files, which hold no code: a custom block is for programs.
 *
 * @param options What it is called, computes and costs.
 */
export function customBlock({ name, part, macs }: CustomBlockOptions): CustomBlock {
  return {
    kind: "custom",
    name,
    cost: (block, inputSidePx) => ({
      macs: macs(block, inputSidePx),
      parameters: part(block).parameters.reduce((sum, spec) => sum + parameterCount(spec), 0),
    }),
    unit: (unitName, block) => ({
      ...unitOf(unitName, part(block)),
      signature: `custom ${name} ${block.inChannels}-${block.outChannels}/${block.stride}`,
    }),
  };
}

/** Whether a choice can be built: a search alone needs no more than its cost. */
export function isCustomBlock(choice: CustomChoice): choice is CustomBlock {
  return "unit" in choice;
}
