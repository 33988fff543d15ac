/**
 * A unit is a piece of a network with its own parameters and fixed input shapes: the stem, one choice of one
 * block, the pyramid, a head. It is what gets compiled, trained, counted and stored.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { MapNetwork } from "./map_network.ts";
import type { NormedBlock } from "./normed_block.ts";

/** How a parameter starts. */
export type Initialiser =
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "constant"; readonly value: number };

/** One trainable tensor (float32). Its role decides on weight decay and learning rate, see `nn/sgd.ts`. */
export interface ParameterSpec {
  /** Unique within the unit, e.g. `main.0.weight`. */
  readonly name: string;
  /** `[K, K, I, O]` for convolutions, `[K, K, C, 1]` for depthwise ones, `[I, O]` for linear layers, `[C]` else. */
  readonly shape: readonly number[];
  /** Decides on weight decay and learning rate. */
  readonly role: "weight" | "bias" | "bnScale" | "bnShift";
  /** How it starts. */
  readonly init: Initialiser;
}

/** One batch norm's running statistics: mean and variance, each `[C]` float32, starting at 0 and 1. */
export interface BatchNormSpec {
  /** Unique within the unit, e.g. `main.0`. */
  readonly name: string;
  /** C. */
  readonly channels: number;
}

/** What batch norm in training gives: the output, and the batch's moments for the running statistics. */
export interface NormalisedBatch {
  /** As x, `[N, H, W, C]` float32. */
  readonly y: Tensor;
  /** `[C]` float32. */
  readonly mean: Tensor;
  /** `[C]` float32, unbiased (divided by n - 1), as PyTorch's running variance. */
  readonly variance: Tensor;
}

/**
 * Batch norm with batch statistics: over one worker's images, or (SyncBN) over all workers'. Takes x `[N, H, W, C]`, scale
 * `[C]` and shift `[C]`, float32; the caller owns what it gives.
 */
export type BatchNormTraining = (x: Tensor, scale: Tensor, shift: Tensor) => NormalisedBatch;

/** What a unit's training pass gives. */
export interface TrainingPass {
  /** The unit's outputs, in its order, e.g. `[N, H, W, C]` float32; the caller owns them, as all that follows. */
  readonly outputs: Tensor[];
  /** mean0, variance0, mean1, variance1, …, `[C]` float32 each, in the order of {@linkcode Unit.batchNorms}; no gradient. */
  readonly moments: Tensor[];
}

/** A piece of a network with its own parameters. Its functions are pure and leave disposal to the caller. */
export interface Unit {
  /** Unique within the network and stable across versions: it names the tensors in checkpoints. */
  readonly name: string;
  /** Equal for units that compute the same function of inputs and parameters: they share compiled code. */
  readonly signature: string;
  /** In the order that the functions take them. */
  readonly parameters: readonly ParameterSpec[];
  /** In the order of moments and statistics. */
  readonly batchNorms: readonly BatchNormSpec[];
  /** The unit as kernels that run a whole block take it, where it is one; says the same as the functions below. */
  readonly block?: NormedBlock;
  /** The same of a unit over maps of several sizes: a pyramid, or a head. */
  readonly maps?: MapNetwork;
  /**
   * Forward pass in training, normalised by batch statistics. Gradients flow to `inputs` and `parameters`.
   *
   * @param inputs What the unit takes, e.g. one `[N, H, W, C]` float32.
   * @param parameters Of the shapes of {@linkcode Unit.parameters}, float32.
   * @param batchNorm Normalises and gives the moments.
   */
  train(inputs: Tensor[], parameters: Tensor[], batchNorm: BatchNormTraining): TrainingPass;
  /**
   * Forward pass in inference. The caller owns the outputs, which are those of {@linkcode Unit.train}.
   *
   * @param inputs What the unit takes, e.g. one `[N, H, W, C]` float32.
   * @param parameters Of the shapes of {@linkcode Unit.parameters}, float32.
   * @param statistics mean0, variance0, mean1, …, `[C]` float32 each, as {@linkcode TrainingPass.moments}.
   */
  infer(inputs: Tensor[], parameters: Tensor[], statistics: Tensor[]): Tensor[];
}
