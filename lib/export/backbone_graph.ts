/**
 * The backbone of one architecture as a graph: stem and blocks, as `lib/models/backbone.ts` and `block.ts` run them.
 *
 * @module
 */
import type { ShuffleMethod } from "../models/channel_shuffle.ts";
import type { Architecture } from "../space/architecture.ts";
import { type BlockLayers, blockLayers, type ConvLayer, stemLayers } from "../space/block_layers.ts";
import { type BlockShape, blockShapes, type KnownChoice, type SearchSpace } from "../space/search_space.ts";
import type { Value } from "./graph.ts";
import type { FoldedConv, GraphBuilder } from "./graph_builder.ts";
import type { NetworkWeights } from "./network_weights.ts";

/** Which backbone. */
export interface BackboneShape {
  readonly space: SearchSpace<KnownChoice>;
  readonly shuffleMethod: ShuffleMethod;
  readonly choices: Architecture;
}

/**
 * Adds a backbone.
 *
 * @param image `[N, H, W, 3]` RGB, 0..255.
 * @returns The output of each stage's last block, C2 first.
 */
export function addBackbone(
  builder: GraphBuilder,
  weights: NetworkWeights,
  image: Value,
  backbone: BackboneShape,
): Value[] {
  const shapes = blockShapes(backbone.space);
  const stages: Value[] = [];
  let x = addStem(builder, weights, image, backbone.space);
  shapes.forEach((shape, i) => {
    x = addBlock(builder, weights, x, shape, i, backbone);
    stages[shape.stage] = x;
  });
  return stages;
}

/** The two halves of the channels that a shuffle block makes, see `channelShuffle`: those that pass, and main's. */
export function shuffledChannels(
  channels: number,
  method: ShuffleMethod,
): { passed: Int32Array; main: Int32Array } {
  const half = channels / 2;
  const interleaved = (i: number): number => i % 2 === 0 ? i / 2 : half + (i - 1) / 2;
  const passed = Int32Array.from({ length: half }, (_, i) => method === 1 ? interleaved(i) : 2 * i);
  const main = Int32Array.from(
    { length: half },
    (_, i) => method === 1 ? interleaved(half + i) : 2 * i + 1,
  );
  return { passed, main };
}

function addStem(builder: GraphBuilder, weights: NetworkWeights, image: Value, space: SearchSpace): Value {
  const { conv, maxPool } = stemLayers(space);
  const x = builder.conv("stem", image, forRgb(weights.normed("stem.conv", conv)));
  return maxPool ? builder.maxPool("stem/pool", x, 3) : x;
}

/** The weight is of images in BGR, as the authors' are; the graph takes RGB. */
function forRgb(conv: FoldedConv): FoldedConv {
  const { weight, inChannels, outChannels } = conv;
  const reversed = weight.map((_, i) => {
    const [cell, output] = [Math.floor(i / outChannels), i % outChannels];
    const channel = cell % inChannels;
    return weight[(cell - channel + inChannels - 1 - channel) * outChannels + output];
  });
  return { ...conv, weight: reversed };
}

function addBlock(
  builder: GraphBuilder,
  weights: NetworkWeights,
  x: Value,
  shape: BlockShape,
  index: number,
  { space, shuffleMethod, choices }: BackboneShape,
): Value {
  const layers = blockLayers(space.choices[choices[index]], shape);
  const unit = `blocks.${index}.${choices[index]}`;
  const name = `block${index}`;
  const branch = (x: Value, part: "main" | "projection"): Value =>
    addBranch(builder, weights, x, layers[part], { unit: `${unit}.${part}`, name: `${name}/${part}` });
  const projected = layers.projection.length > 0;
  if (layers.join === "sum") {
    const sum = builder.binary(
      "add",
      `${name}/sum`,
      branch(x, "main"),
      projected ? branch(x, "projection") : x,
    );
    return builder.unary("relu", name, sum);
  }
  if (projected) return joined(builder, name, branch(x, "projection"), branch(x, "main"));
  const { passed, main } = shuffledChannels(shape.inChannels, shuffleMethod);
  const rest = builder.takeChannels(`${name}/rest`, x, main);
  return joined(builder, name, builder.takeChannels(`${name}/passed`, x, passed), branch(rest, "main"));
}

function joined(builder: GraphBuilder, name: string, first: Value, second: Value): Value {
  return builder.concat(name, [first, second], 3);
}

function addBranch(
  builder: GraphBuilder,
  weights: NetworkWeights,
  x: Value,
  layers: BlockLayers["main"],
  { unit, name }: { readonly unit: string; readonly name: string },
): Value {
  return layers.reduce(
    (x: Value, layer: ConvLayer, i) => builder.conv(`${name}${i}`, x, weights.normed(`${unit}.${i}`, layer)),
    x,
  );
}
