/**
 * The weight of a convolution that sees images: it is kept for BGR, and images come as RGB.
 *
 * @module
 */

/**
 * A weight with its input channels from the last to the first; its gradient likewise, and both ways.
 *
 * @param weight `[K, K, inChannels, outChannels]`.
 * @returns A new array over a buffer of its own.
 */
export function reversedInputs(
  weight: Float32Array,
  inChannels: number,
  outChannels: number,
): Float32Array<ArrayBuffer> {
  const reversed = new Float32Array(new ArrayBuffer(weight.byteLength));
  for (let row = 0; row < weight.length / outChannels; row++) {
    const channel = row % inChannels;
    const from = (row - channel + inChannels - 1 - channel) * outChannels;
    reversed.set(weight.subarray(from, from + outChannels), row * outChannels);
  }
  return reversed;
}
