/**
 * What an architecture costs: multiply-adds and parameters, counted from the layer lists. The budget of a search
 * applies to the backbone (stem and blocks), as the authors' does.
 *
 * @module
 */

import { type Architecture, checkArchitecture } from "./architecture.ts";
import { blockLayers, type ConvLayer, lastLayers, stemLayers } from "./block_layers.ts";
import type { BlockLatencies } from "./latency.ts";
import {
  type BlockChoice,
  type BlockShape,
  blockShapes,
  classifierChannels,
  type CustomChoice,
  type SearchSpace,
} from "./search_space.ts";

/** The cost of a layer, a block or a whole backbone. */
export interface Cost {
  /** Multiply-adds of the convolutions on one image; one multiply and one add count once. */
  readonly macs: number;
  /** Weights and biases, batch norm's scale and shift included, running statistics not. */
  readonly parameters: number;
  /** Milliseconds on one image, as a latency table gives them; null without one. */
  readonly latencyMs: number | null;
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
 * @param latencies What each part takes on a device, if that was measured.
 * @throws {RangeError} If a custom choice's cost is not of numbers of 0 or more.
 */
export function costTable(
  space: SearchSpace,
  resolution: number = space.resolution,
  latencies: BlockLatencies | null = null,
): CostTable {
  const stem = layersCost([stemLayers(space).conv], resolution);
  const sides = blockSides(space, resolution);
  const blocks = blockShapes(space).map((block, index) =>
    space.choices.map((choice, c) => {
      const cost = blockCost(choice, block, sides[index]);
      return { ...cost, latencyMs: latencies?.blocksMs[index][c] ?? null };
    })
  );
  return { stem: { ...stem, latencyMs: latencies?.stemMs ?? null }, blocks };
}

/**
 * Side in pixels of each block's square input.
 *
 * @param resolution Side of the image.
 */
export function blockSides(space: SearchSpace, resolution: number): number[] {
  let side = stemSide(space, resolution);
  return blockShapes(space).map((block) => {
    const inputSide = side;
    side = sideAfter(block, side);
    return inputSide;
  });
}

/**
 * Cost of one backbone, by a table of its space.
 *
 * @param table Of {@linkcode costTable}.
 * @param choices The architecture; taken as checked.
 */
export function architectureCost(table: CostTable, choices: Architecture): Cost {
  return sum([table.stem, ...choices.map((choice, block) => table.blocks[block][choice])]);
}

/**
 * Multiply-adds of the backbone (stem and blocks) on one square image.
 *
 * @param space The search space.
 * @param choices The architecture.
 * @param resolution Side of the image in pixels; default the space's.
 * @returns A multiply and an add count once.
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
 * Parameters of the backbone (stem and blocks), batch norm's scale and shift included.
 *
 * @param space The search space.
 * @param choices The architecture.
 * @throws {RangeError} If the choices are none of the space's.
 */
export function countParameters(space: SearchSpace, choices: Architecture): number {
  checkArchitecture(space, choices);
  return architectureCost(costTable(space), choices).parameters;
}

/**
 * Multiply-adds of the whole classifier: backbone, last 1x1 convolution (if the space has one) and linear layer.
 *
 * @param space The search space.
 * @param choices The architecture.
 * @param classes K; default ImageNet's 1,000.
 * @param resolution Side of the image in pixels; default the space's.
 * @throws {RangeError} If the choices are none of the space's.
 */
export function countClassifierMacs(
  space: SearchSpace,
  choices: Architecture,
  classes = 1000,
  resolution: number = space.resolution,
): number {
  const last = layersCost(lastLayers(space), outputSide(space, resolution));
  return countMacs(space, choices, resolution) + last.macs + classifierChannels(space) * classes;
}

/**
 * Parameters of the whole classifier: backbone, last 1x1 convolution (if the space has one) and linear layer.
 *
 * @param space The search space.
 * @param choices The architecture.
 * @param classes K; default ImageNet's 1,000.
 * @throws {RangeError} If the choices are none of the space's.
 */
export function countClassifierParameters(space: SearchSpace, choices: Architecture, classes = 1000): number {
  const last = layersCost(lastLayers(space), 1);
  return countParameters(space, choices) + last.parameters + (classifierChannels(space) + 1) * classes;
}

/** Of each block the choice with the fewest multiply-adds, the first of equals: the architecture that costs least. */
export function cheapestArchitecture(space: SearchSpace): Architecture {
  return costTable(space).blocks.map((costs) => {
    const least = Math.min(...costs.map(({ macs }) => macs));
    return costs.findIndex(({ macs }) => macs === least);
  });
}

/**
 * The least that any architecture of the space can have of each; no single one need have both.
 *
 * @param table The space's costs.
 */
export function leastCost(table: CostTable): Cost {
  const least = (costs: readonly Cost[], field: "macs" | "parameters"): number =>
    Math.min(...costs.map((cost) => cost[field]));
  const blocks = table.blocks.map((costs) => {
    const latencies = costs.flatMap(({ latencyMs }) => latencyMs === null ? [] : [latencyMs]);
    const latencyMs = latencies.length < costs.length ? null : Math.min(...latencies);
    return { macs: least(costs, "macs"), parameters: least(costs, "parameters"), latencyMs };
  });
  return sum([table.stem, ...blocks]);
}

function blockCost(choice: BlockChoice, block: BlockShape, inputSide: number): Cost {
  if (choice.kind === "custom") return customCost(choice, block, inputSide);
  const { main, projection } = blockLayers(choice, block);
  return sum([layersCost(main, inputSide), layersCost(projection, inputSide)]);
}

function customCost(choice: CustomChoice, block: BlockShape, inputSide: number): Cost {
  const { macs, parameters } = choice.cost(block, inputSide);
  for (const [field, value] of Object.entries({ macs, parameters })) {
    if (value >= 0 && value < Infinity) continue;
    throw new RangeError(
      `Cannot count what "${choice.name}" costs as ${field} must be 0 or more: ` +
        `stage ${block.stage}, block ${block.indexInStage} has ${value}`,
    );
  }
  return { macs, parameters, latencyMs: 0 };
}

/**
 * Cost of convolutions, each with batch norm, that follow each other.
 *
 * @param layers In their order.
 * @param inputSide Side in pixels of the first one's square input.
 */
export function layersCost(layers: readonly ConvLayer[], inputSide: number): Cost {
  let side = inputSide;
  return sum(layers.map((layer) => {
    if (layer.stride === 2) side = halved(side);
    const weights = weightCount(layer);
    const biases = layer.bias ? layer.outChannels : 0;
    return {
      macs: weights * side * side,
      parameters: weights + biases + 2 * layer.outChannels,
      latencyMs: 0,
    };
  }));
}

/** A depthwise filter sees one channel, a dense one all of them. */
function weightCount({ kind, kernel, inChannels, outChannels }: ConvLayer): number {
  return kernel * kernel * outChannels * (kind === "depthwise" ? 1 : inChannels);
}

function outputSide(space: SearchSpace, resolution: number): number {
  return blockShapes(space).reduce((side, block) => sideAfter(block, side), stemSide(space, resolution));
}

function stemSide(space: SearchSpace, resolution: number): number {
  return stemLayers(space).maxPool ? halved(halved(resolution)) : halved(resolution);
}

function sideAfter({ stride }: BlockShape, side: number): number {
  return stride === 2 ? halved(side) : side;
}

/** Side after a padded convolution or pool of stride 2 with an odd kernel. */
function halved(side: number): number {
  return Math.ceil(side / 2);
}

function sum(costs: readonly Cost[]): Cost {
  return costs.reduce((total, cost) => ({
    macs: total.macs + cost.macs,
    parameters: total.parameters + cost.parameters,
    latencyMs: total.latencyMs === null || cost.latencyMs === null ? null : total.latencyMs + cost.latencyMs,
  }), { macs: 0, parameters: 0, latencyMs: 0 });
}
