/**
 * A pyramid or a head as data, for kernels that run it whole: steps from map to map.
 *
 * @module
 */
import type { NormedLayer } from "./normed_block.ts";

/**
 * A convolution of stride 1 that any number of maps share. With batch norms it is a normed layer, and each of its maps has its
 * own; without, it adds its bias, if it has one, and ReLU follows if it says so.
 */
export interface MapLayer extends NormedLayer {
  /** How many batch norms it has, or 0. */
  readonly norms: number;
}

/** A layer on a map. */
export interface LayerStep {
  /** Which step it is. */
  readonly kind: "layer";
  /** The map that it reads. */
  readonly input: number;
  /** Which of the network's layers. */
  readonly layer: number;
  /** Which of the layer's batch norms; no other step has it. 0 where it has none. */
  readonly norm: number;
}

/** A map and the one above it, enlarged twice (nearest; cropped where a size is odd), added up. */
export interface SumStep {
  /** Which step it is. */
  readonly kind: "sum";
  /** The map that the other is added to; nothing else reads it. */
  readonly input: number;
  /** Half as large, rounded up. */
  readonly above: number;
}

/** Every other row and column of a map, from the first. */
export interface EveryOtherStep {
  /** Which step it is. */
  readonly kind: "everyOther";
  /** The map that it reads. */
  readonly input: number;
}

/** A map's ReLU, where it is no layer's. */
export interface ReluStep {
  /** Which step it is. */
  readonly kind: "relu";
  /** The map that it reads. */
  readonly input: number;
}

/** What makes one map, `[N, H, W, C]`, of others. */
export type MapStep = LayerStep | SumStep | EveryOtherStep | ReluStep;

/** One output of a network of maps. */
export interface MapOutput {
  /** One map as it is, if `row` is null; else the maps' predictions one after the other. */
  readonly maps: readonly number[];
  /** The shape of one anchor's numbers: `[D]` for an output `[N, R, D]`, `[]` for `[N, R]`. */
  readonly row: readonly number[] | null;
}

/**
 * Maps and the steps between them. The first maps are the unit's inputs; each step makes the next. Parameters: each layer's
 * weight, bias if it has one, then scale and shift of each of its batch norms; batch norms in the same order.
 */
export interface MapNetwork {
  /** How many maps come in. */
  readonly inputs: number;
  /** Each has a step at least, and each of its batch norms exactly one. */
  readonly layers: readonly MapLayer[];
  /** In an order in which they can run. */
  readonly steps: readonly MapStep[];
  /** In the unit's order. */
  readonly outputs: readonly MapOutput[];
}
