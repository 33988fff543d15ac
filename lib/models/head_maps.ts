/**
 * Heads as data: the same layers on every level of a pyramid.
 *
 * @module
 */
import type { LayerStep, MapLayer, MapNetwork } from "../nn/map_network.ts";

/** Layers one after the other, whose last map holds predictions. */
export interface HeadPredictor {
  /** With a batch norm a level, or none. */
  readonly layers: readonly MapLayer[];
  /** The shape of one anchor's numbers. */
  readonly row: readonly number[];
}

/**
 * A head that runs on every level: a trunk, and predictors side by side on what it gives.
 *
 * @param levels How many there are.
 * @param trunk Layers that come before all predictors; may be empty.
 * @param predictors One an output.
 */
export function headMaps(
  levels: number,
  trunk: readonly MapLayer[],
  predictors: readonly HeadPredictor[],
): MapNetwork {
  const steps: LayerStep[] = [];
  const after = (maps: readonly number[], layers: readonly MapLayer[], first: number): number[] =>
    maps.map((map, level) =>
      layers.reduce((input, { norms }, i) => {
        steps.push({ kind: "layer", input, layer: first + i, norm: norms > 0 ? level : 0 });
        return levels + steps.length - 1;
      }, map)
    );
  const features = after(Array.from({ length: levels }, (_, level) => level), trunk, 0);
  let first = trunk.length;
  const outputs = predictors.map(({ layers, row }) => {
    const maps = after(features, layers, first);
    first += layers.length;
    return { maps, row };
  });
  return {
    inputs: levels,
    layers: [...trunk, ...predictors.flatMap(({ layers }) => layers)],
    steps,
    outputs,
  };
}
