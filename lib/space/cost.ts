/**
 * What an architecture costs: multiply-adds and parameters, counted from the layer lists. The budget of a search
 * applies to the backbone (stem and blocks), as the authors' does.
 *
 * @module
 */

import { type Architecture, checkArchitecture } from "./architecture.ts";
import { blockLayers, type ConvLayer, lastLayer, stemLayer } from "./block_layers.ts";
import { blockShapes, choiceCount, type SearchSpace } from "./search_space.ts";

/** The cost of a layer, a block or a whole backbone. */
export interface Cost {
  /** Multiply-adds of the convolutions on one image; one multiply and one add count once. */
  readonly macs: number;
  /** Weights and biases, batch norm's scale and shift included, running statistics not. */
  readonly parameters: number;
}

/** A backbone's cost by parts, so that a search sums 20 numbers instead of walking the layers. */
export interface CostTable {
  /** The same for all architectures. */
  readonly stem: Cost;
  /** `blocks[i][choice]`: block i under that choice. */
  readonly blocks: readonly (readonly Cost[])[];
}

/**
 * Costs of the stem and of every choice of every block.
 *
 * @param space The search space.
 * @param resolution Side in pixels of the square input image.
 */
export function costTable(space: SearchSpace, resolution: number = space.resolution): CostTable {
  const stem = stemLayer(space);
  let side = halved(resolution);
  const blocks = blockShapes(space).map((block) => {
    const inputSide = side;
    if (block.stride === 2) side = halved(side);
    return Array.from({ length: choiceCount }, (_, choice) => {
      const { main, projection } = blockLayers(choice, block);
      return sum([layersCost(main, inputSide), layersCost(projection, inputSide)]);
    });
  });
  return { stem: layersCost([stem], resolution), blocks };
}

/** Cost of one backbone, by a table of its space; the choices are taken as checked. */
export function architectureCost(table: CostTable, choices: Architecture): Cost {
  return sum([table.stem, ...choices.map((choice, block) => table.blocks[block][choice])]);
}

/**
 * Multiply-adds of the backbone (stem and blocks) on one square image.
 *
 * @param space The search space.
 * @param choices The architecture.
 * @param resolution Side of the image in pixels.
 * @throws {RangeError} If the choices are none of the space's.
 */
export function countMacs(
  space: SearchSpace,
  choices: Architecture,
  resolution: number = space.resolution,
): number {
  checkArchitecture(space, choices);
  return architectureCost(costTable(space, resolution), choices).macs;
}

/**
 * Parameters of the backbone (stem and blocks).
 *
 * @throws {RangeError} If the choices are none of the space's.
 */
export function countParameters(space: SearchSpace, choices: Architecture): number {
  checkArchitecture(space, choices);
  return architectureCost(costTable(space), choices).parameters;
}

/**
 * Multiply-adds of the whole classifier: backbone, last 1x1 convolution and linear layer.
 *
 * @throws {RangeError} If the choices are none of the space's.
 */
export function countClassifierMacs(
  space: SearchSpace,
  choices: Architecture,
  classes = 1000,
  resolution: number = space.resolution,
): number {
  const last = layersCost([lastLayer(space)], outputSide(space, resolution));
  return countMacs(space, choices, resolution) + last.macs + space.lastChannels * classes;
}

/**
 * Parameters of the whole classifier: backbone, last 1x1 convolution and linear layer.
 *
 * @throws {RangeError} If the choices are none of the space's.
 */
export function countClassifierParameters(space: SearchSpace, choices: Architecture, classes = 1000): number {
  const last = layersCost([lastLayer(space)], 1);
  return countParameters(space, choices) + last.parameters + (space.lastChannels + 1) * classes;
}

/**
 * The least that any architecture of the space can have of each; no single one need have both.
 *
 * @param table The space's costs.
 */
export function leastCost(table: CostTable): Cost {
  const least = (costs: readonly Cost[], field: keyof Cost): number =>
    Math.min(...costs.map((cost) => cost[field]));
  const blocks = table.blocks.map((costs) => ({
    macs: least(costs, "macs"),
    parameters: least(costs, "parameters"),
  }));
  return sum([table.stem, ...blocks]);
}

/** Cost of layers that follow each other, the first on a square input of that side. */
function layersCost(layers: readonly ConvLayer[], inputSide: number): Cost {
  let side = inputSide;
  return sum(layers.map((layer) => {
    if (layer.stride === 2) side = halved(side);
    const weights = weightCount(layer);
    const biases = layer.bias ? layer.outChannels : 0;
    return { macs: weights * side * side, parameters: weights + biases + 2 * layer.outChannels };
  }));
}

/** A depthwise filter sees one channel, a dense one all of them. */
function weightCount({ kind, kernel, inChannels, outChannels }: ConvLayer): number {
  return kernel * kernel * outChannels * (kind === "depthwise" ? 1 : inChannels);
}

/** Side after a "same" convolution of stride 2 with an odd kernel. */
function halved(side: number): number {
  return Math.ceil(side / 2);
}

function outputSide(space: SearchSpace, resolution: number): number {
  return space.stageRepeats.reduce(halved, halved(resolution));
}

function sum(costs: readonly Cost[]): Cost {
  return costs.reduce((total, cost) => ({
    macs: total.macs + cost.macs,
    parameters: total.parameters + cost.parameters,
  }), { macs: 0, parameters: 0 });
}
