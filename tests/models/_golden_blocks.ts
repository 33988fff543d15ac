/**
 * PyTorch's blocks, from fixtures: the authors' choices (`blocks.json`) and ResNet's bottleneck (`resnet.json`).
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { blockUnit } from "../../lib/models/block.ts";
import type { ShuffleMethod } from "../../lib/models/channel_shuffle.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { type BlockLayers, blockLayers } from "../../lib/space/block_layers.ts";
import { authorsChoices, choiceName, type KnownChoice } from "../../lib/space/search_space.ts";
import { readFixture, type StoredTensor } from "../helpers/close.ts";

/** A convolution and its batch norm. */
export interface GoldenLayer {
  readonly kind: string;
  readonly kernel: number;
  readonly stride: number;
  readonly relu: boolean;
  readonly weight: StoredTensor;
  readonly gamma: number[];
  readonly beta: number[];
  readonly dWeight: StoredTensor;
  readonly dGamma: number[];
  readonly dBeta: number[];
  readonly runningMean: number[];
  readonly runningVariance: number[];
}

/** A training pass. */
export interface GoldenPass {
  readonly x: StoredTensor;
  readonly y: StoredTensor;
  readonly dy: StoredTensor;
  readonly dx: StoredTensor;
}

/** ResNet's stem and max-pool. */
export interface GoldenStem extends GoldenPass {
  readonly conv: GoldenLayer;
}

/** A block with what it is in this project. */
export interface GoldenBlock {
  readonly name: string;
  readonly layers: BlockLayers;
  readonly unit: Unit;
  /** Main branch first. */
  readonly golden: readonly GoldenLayer[];
  readonly pass: GoldenPass;
}

interface GoldenCase extends GoldenPass {
  readonly choice: number | KnownChoice;
  readonly stride: 1 | 2;
  readonly shuffleMethod: 0 | 1 | 2;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly main: GoldenLayer[];
  readonly projection: GoldenLayer[];
}

/** All blocks of the fixtures. */
export async function goldenBlocks(): Promise<GoldenBlock[]> {
  const files = ["blocks.json", "resnet.json"];
  const fixtures = await Promise.all(files.map((file) => readFixture<{ cases: GoldenCase[] }>(file)));
  return fixtures.flatMap(({ cases }) => cases).map(goldenBlock);
}

/** The fixture's stems. */
export async function goldenStems(): Promise<GoldenStem[]> {
  return (await readFixture<{ stems: GoldenStem[] }>("resnet.json")).stems;
}

/** The layers' weights, scales and shifts, in a unit's order. */
export function goldenParameters(layers: readonly GoldenLayer[]): Tensor[] {
  return layers.flatMap((
    { weight, gamma, beta },
  ) => [stored(weight), tf.tensor1d(gamma), tf.tensor1d(beta)]);
}

/** A fixture's tensor. */
export function stored({ data, shape }: StoredTensor): Tensor {
  return tf.tensor([...data], shape, "float32");
}

function goldenBlock(golden: GoldenCase): GoldenBlock {
  const { stride, shuffleMethod, inChannels, outChannels, main, projection } = golden;
  const choice = typeof golden.choice === "number" ? authorsChoices[golden.choice] : golden.choice;
  const layers = blockLayers(choice, { stage: 0, indexInStage: 0, inChannels, outChannels, stride });
  return {
    name: `${
      choiceName(choice)
    }, ${inChannels} to ${outChannels}, stride ${stride}, shuffle method ${shuffleMethod}`,
    layers,
    unit: blockUnit("block", layers, (shuffleMethod || 1) as ShuffleMethod),
    golden: [...main, ...projection],
    pass: golden,
  };
}
