/**
 * A block as data, for kernels that run it whole.
 *
 * @module
 */

/** A convolution followed by batch norm and, if it says so, ReLU; padding is kernel >> 1 on each side. */
export interface NormedLayer {
  /** Dense k x k, dense 1 x 1, or one k x k filter a channel. */
  readonly kind: "conv" | "pointwise" | "depthwise";
  /** Side of the square kernel, odd. */
  readonly kernel: number;
  /** The same in both directions. */
  readonly stride: 1 | 2;
  /** I. */
  readonly inChannels: number;
  /** O; a depthwise layer's is I. */
  readonly outChannels: number;
  /** Whether ReLU follows the batch norm. */
  readonly relu: boolean;
  /** Whether the convolution adds a bias, which batch norm takes away again: its gradient is zero, the mean has it. */
  readonly bias: boolean;
}

/**
 * A block of two branches whose outputs are concatenated, the projection's first. Parameters: each layer's weight, bias if it
 * has one, scale and shift, main's layers first; batch norms likewise.
 */
export interface NormedBlock {
  /** The branch that the choice decides on. */
  readonly main: readonly NormedLayer[];
  /** Sees the whole input, as main does then; empty where a half of the input's channels passes. */
  readonly projection: readonly NormedLayer[];
  /** Which of the authors' two shuffles halves the input; null where both branches see all of it. */
  readonly shuffle: 1 | 2 | null;
  /** Whether it sees images: RGB, without a gradient. Then main's first layer, a dense one, has a weight for BGR. */
  readonly ofImages: boolean;
}
