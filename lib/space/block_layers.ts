/**
 * The convolutions of the stem, of each block's choices and of the last layer, as data. The models build their
 * layers from these lists and the cost model counts them, so the two can't disagree.
 *
 * @module
 */

import type { BlockShape, SearchSpace } from "./search_space.ts";

/** One convolution, "same" padding (kernel >> 1 on each side), followed by batch norm. */
export interface ConvLayer {
  /** Dense k x k, dense 1 x 1, or one k x k filter a channel. */
  readonly kind: "conv" | "pointwise" | "depthwise";
  /** Side of the square kernel. */
  readonly kernel: number;
  /** The same in both directions. */
  readonly stride: 1 | 2;
  /** Channels of its input. */
  readonly inChannels: number;
  /** Channels of its output; a depthwise one's are its input's. */
  readonly outChannels: number;
  /** Whether ReLU follows the batch norm. */
  readonly relu: boolean;
  /** Whether the convolution adds a bias of its own. */
  readonly bias: boolean;
}

/** The two branches of a block; their outputs are concatenated, projection first. */
export interface BlockLayers {
  /** The branch that the choice decides on; at stride 1 it sees half the channels. */
  readonly main: readonly ConvLayer[];
  /** Empty at stride 1, where this half of the channels passes untouched. */
  readonly projection: readonly ConvLayer[];
}

/** Depthwise kernel by choice: shuffle 3x3, 5x5, 7x7, xception 3x3. */
const kernels: readonly number[] = [3, 5, 7, 3];

/** The choice with three depthwise convolutions. */
const xception = 3;

/**
 * The layers of one block under one choice, as in the authors' `shuffle_blocks.py`. Main: shuffle k x k is
 * pointwise, depthwise, pointwise; xception is three times depthwise, pointwise. At stride 1 half the input goes
 * through main; at stride 2 the whole input goes through both branches and main gives the out - in channels that
 * the projection does not. The inner width is always half the output's.
 *
 * @param choice 0 to 3: shuffle 3x3, 5x5, 7x7, xception 3x3.
 * @param block The block's shape.
 * @throws {RangeError} If the choice is no such number.
 */
export function blockLayers(choice: number, block: BlockShape): BlockLayers {
  const kernel = kernels[choice];
  if (kernel === undefined) {
    throw new RangeError(`Cannot list a block's layers as its choice must be 0, 1, 2 or 3: it is ${choice}`);
  }
  const main = choice === xception ? xceptionMain(block) : shuffleMain(kernel, block);
  return { main, projection: block.stride === 2 ? projection(kernel, block.inChannels) : [] };
}

/** The stem: 3x3 of stride 2 on an RGB image, with a bias (as the authors' has, though batch norm undoes it). */
export function stemLayer(space: SearchSpace): ConvLayer {
  return {
    kind: "conv",
    kernel: 3,
    stride: 2,
    inChannels: 3,
    outChannels: space.stemChannels,
    relu: true,
    bias: true,
  };
}

/** The 1x1 convolution between the last stage and the classifier; no bias. */
export function lastLayer(space: SearchSpace): ConvLayer {
  return pointwise(space.stageChannels[space.stageChannels.length - 1], space.lastChannels);
}

function shuffleMain(kernel: number, block: BlockShape): ConvLayer[] {
  const { input, inner, output } = mainChannels(block);
  return [pointwise(input, inner), depthwise(kernel, inner, block.stride), pointwise(inner, output)];
}

function xceptionMain(block: BlockShape): ConvLayer[] {
  const { input, inner, output } = mainChannels(block);
  return [
    depthwise(3, input, block.stride),
    pointwise(input, inner),
    depthwise(3, inner, 1),
    pointwise(inner, inner),
    depthwise(3, inner, 1),
    pointwise(inner, output),
  ];
}

function projection(kernel: number, channels: number): ConvLayer[] {
  return [depthwise(kernel, channels, 2), pointwise(channels, channels)];
}

function mainChannels(block: BlockShape): { input: number; inner: number; output: number } {
  const { inChannels, outChannels, stride } = block;
  const inner = outChannels / 2;
  if (stride === 1) return { input: inChannels / 2, inner, output: outChannels / 2 };
  return { input: inChannels, inner, output: outChannels - inChannels };
}

/** Every pointwise convolution is followed by ReLU, a depthwise one never. */
function pointwise(inChannels: number, outChannels: number): ConvLayer {
  return { kind: "pointwise", kernel: 1, stride: 1, inChannels, outChannels, relu: true, bias: false };
}

function depthwise(kernel: number, channels: number, stride: 1 | 2): ConvLayer {
  return {
    kind: "depthwise",
    kernel,
    stride,
    inChannels: channels,
    outChannels: channels,
    relu: false,
    bias: false,
  };
}
