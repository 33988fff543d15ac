/**
 * The order of a convolution's weight in other frameworks.
 *
 * @module
 */

/** A weight's sizes. */
export interface ConvWeightSizes {
  readonly kernel: number;
  /** I; 1 of a depthwise convolution. */
  readonly inputs: number;
  /** O. */
  readonly outputs: number;
}

/** `[K, K, I, O]`, or `[K, K, C, 1]`, to ONNX's and PyTorch's `[O, I, K, K]`; a copy. */
export function outputsFirst(
  weight: Float32Array,
  { kernel, inputs, outputs }: ConvWeightSizes,
): Float32Array {
  const cells = kernel * kernel;
  return weight.map((_, at) => {
    const input = Math.floor(at / cells) % inputs;
    const output = Math.floor(at / (cells * inputs));
    return weight[((at % cells) * inputs + input) * outputs + output];
  });
}
