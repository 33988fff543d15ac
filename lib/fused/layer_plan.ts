/**
 * One layer with its shapes, as the kernels take it.
 *
 * @module
 */
import type { NormedLayer } from "../nn/normed_block.ts";
import { reversedInputs } from "./image_weight.ts";
import { floatsAt, type Pass, type PassArray } from "./native_library.ts";

/** `patches` of native/pixels.h. */
export const patchesView = 3;

/** `neighbours` of native/pixels.h. */
export const neighboursView = 4;

/** One layer in its place. */
export interface LayerPlan {
  readonly layer: NormedLayer;
  /** Its place among all that a unit runs, each of which leaves a z and a norm; of a block, in the order of parameters. */
  readonly index: number;
  /** Its parameters' places among the unit's. */
  readonly places: ParameterPlaces;
  /** Its batch norm's place among the unit's; -1 without. */
  readonly batchNorm: number;
  /** The layer that it reads; null for the input of its branch. */
  readonly before: LayerPlan | null;
  /** Whether it ends its branch. */
  readonly isLast: boolean;
  /** Output pixels. */
  readonly pixels: number;
  /** The fields that never change; those of its branch's place in the output too. */
  readonly geometry: Pass;
}

/** Where a layer's parameters are; -1 for a bias, or scale and shift, that it does not have. */
export interface ParameterPlaces {
  readonly weight: number;
  readonly bias: number;
  readonly scale: number;
  readonly shift: number;
}

/** A layer's weight as its kernel takes it: where it lies, or turned for images. */
export function kernelWeight(
  { layer, places, geometry }: LayerPlan,
  parameters: readonly bigint[],
): bigint | PassArray {
  const address = parameters[places.weight];
  if (geometry.view !== patchesView) return address;
  const { kernel, inChannels, outChannels } = layer;
  const weight = floatsAt(address, kernel * kernel * inChannels * outChannels);
  return reversedInputs(weight, inChannels, outChannels);
}
