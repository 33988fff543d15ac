/**
 * A feature pyramid as data.
 *
 * @module
 */
import type { MapLayer, MapNetwork, MapStep } from "../nn/map_network.ts";

/** A pyramid's layers, each with one batch norm or none. */
export interface PyramidLayers {
  /** One a tap, 1x1, from the lowest level on. */
  readonly lateral: readonly MapLayer[];
  /** As many, 3x3. */
  readonly output: readonly MapLayer[];
  /** Of levels above, of stride 2; none where they are subsampled. */
  readonly extra: readonly MapLayer[];
}

/**
 * The network of `fpnUnit`. A convolution of stride 2 is one of stride 1 of which every other row and column stays.
 *
 * @param extraLevels How many levels there are above the taps'.
 */
export function pyramidMaps({ lateral, output, extra }: PyramidLayers, extraLevels: number): MapNetwork {
  const taps = lateral.length;
  const steps: MapStep[] = [];
  const add = (step: MapStep): number => taps + steps.push(step) - 1;
  const run = (input: number, layer: number): number => add({ kind: "layer", input, layer, norm: 0 });
  const merged = lateral.map((_, i) => run(i, i));
  for (let i = taps - 2; i >= 0; i--) {
    merged[i] = add({ kind: "sum", input: merged[i], above: merged[i + 1] });
  }
  const levels = merged.map((map, i) => run(map, taps + i));
  for (let i = 0; i < extraLevels; i++) {
    const below = levels[levels.length - 1];
    const read = extra.length > 0 && i > 0 ? add({ kind: "relu", input: below }) : below;
    const whole = extra.length > 0 ? run(read, 2 * taps + i) : read;
    levels.push(add({ kind: "everyOther", input: whole }));
  }
  const layers = [...lateral, ...output, ...extra.map((layer): MapLayer => ({ ...layer, stride: 1 }))];
  return { inputs: taps, layers, steps, outputs: levels.map((map) => ({ maps: [map], row: null })) };
}
