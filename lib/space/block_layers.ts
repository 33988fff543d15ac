/**
 * The layers of the stem, of each block's choices and of the last convolution, as data. The models build their
 * layers from these lists and the cost model counts them, so the two can't disagree.
 *
 * @module
 */

import type { BlockShape, KnownChoice, SearchSpace } from "./search_space.ts";

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

/** The two branches of a block and how they join. */
export interface BlockLayers {
  /**
   * `concat`: the outputs are concatenated, the projection's first; without a projection the block shuffles its input's
   * channels, and half of them pass untouched while main sees the other half.
   * `sum`: the outputs are added, and ReLU follows; without a projection the input itself is added.
   */
  readonly join: "concat" | "sum";
  /** The branch that the choice decides on. */
  readonly main: readonly ConvLayer[];
  /** The other branch; empty where the input passes untouched. */
  readonly projection: readonly ConvLayer[];
}

/** What comes before the first block. */
export interface StemLayers {
  /** Sees the RGB image. */
  readonly conv: ConvLayer;
  /** Whether a 3x3 max-pool of stride 2 (padding 1) follows. */
  readonly maxPool: boolean;
}

/**
 * The layers of one block under one choice. At stride 1 a shuffle or xception block sends half its input through main;
 * at stride 2 the whole input goes through both branches and main gives the out - in channels that the projection does
 * not; the inner width is always half the output's (the authors' `shuffle_blocks.py`). Main: shuffle k x k is
 * pointwise, depthwise, pointwise; xception is three times depthwise, pointwise. A bottleneck (He et al. 2016,
 * figure 5, with the stride in the 3x3 convolution) projects its input only where that does not have the output's
 * shape.
 *
 * @param choice What the block is made of.
 * @param block The block's shape.
 */
export function blockLayers(choice: KnownChoice, block: BlockShape): BlockLayers {
  if (choice.kind === "bottleneck") return bottleneckLayers(block);
  const { kind, kernel } = choice;
  const main = kind === "xception" ? xceptionMain(kernel, block) : shuffleMain(kernel, block);
  return { join: "concat", main, projection: block.stride === 2 ? projection(kernel, block.inChannels) : [] };
}

/**
 * The stem. `shufflenet`: 3x3 of stride 2 with a bias (as the authors' has, though batch norm undoes it); `resnet`:
 * 7x7 of stride 2 without, and a max-pool.
 */
export function stemLayers({ stem, stemChannels }: SearchSpace): StemLayers {
  const both = { kind: "conv", stride: 2, inChannels: 3, outChannels: stemChannels, relu: true } as const;
  return stem === "resnet"
    ? { conv: { ...both, kernel: 7, bias: false }, maxPool: true }
    : { conv: { ...both, kernel: 3, bias: true }, maxPool: false };
}

/** The 1x1 convolution between the last stage and the classifier, no bias; none if the space has none. */
export function lastLayers({ stageChannels, lastChannels }: SearchSpace): ConvLayer[] {
  return lastChannels === null ? [] : [pointwise(stageChannels[stageChannels.length - 1], lastChannels)];
}

function bottleneckLayers({ inChannels, outChannels, stride }: BlockShape): BlockLayers {
  const inner = outChannels / 4;
  const isIdentity = stride === 1 && inChannels === outChannels;
  return {
    join: "sum",
    main: [
      pointwise(inChannels, inner),
      { ...pointwise(inner, inner), kind: "conv", kernel: 3, stride },
      { ...pointwise(inner, outChannels), relu: false },
    ],
    projection: isIdentity ? [] : [{ ...pointwise(inChannels, outChannels), stride, relu: false }],
  };
}

function shuffleMain(kernel: number, block: BlockShape): ConvLayer[] {
  const { input, inner, output } = mainChannels(block);
  return [pointwise(input, inner), depthwise(kernel, inner, block.stride), pointwise(inner, output)];
}

function xceptionMain(kernel: number, block: BlockShape): ConvLayer[] {
  const { input, inner, output } = mainChannels(block);
  return [
    depthwise(kernel, input, block.stride),
    pointwise(input, inner),
    depthwise(kernel, inner, 1),
    pointwise(inner, inner),
    depthwise(kernel, inner, 1),
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

/** In a shuffle or xception block ReLU follows every pointwise convolution and no depthwise one. */
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
