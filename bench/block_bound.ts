/**
 * What a block must at least take on a machine: its arithmetic at the machine's best rate, or its memory traffic if
 * everything that can be fused is (the roofline: Williams, Waterman and Patterson 2009).
 *
 * @module
 */
import { type BlockLayers, blockLayers, type ConvLayer } from "../lib/space/block_layers.ts";
import type { Roofline } from "./roofline.ts";
import type { BlockWorkload } from "./workloads.ts";

const bytesPerNumber = 4; // float32

/**
 * Floating-point operations of a block's convolutions: a multiply and an add each; the backward pass makes two
 * products of the same size for one of the forward pass.
 */
export function blockFlops({ macs, images, pass }: BlockWorkload): number {
  return 2 * macs * images * (pass === "train" ? 3 : 1);
}

/**
 * Bytes that must go to or from memory if tensors don't fit into caches, and passes are fused as far as batch norm
 * allows: it needs all of a layer's output before any of it can be normalised.
 *
 * Inference: reads x and the weights, writes the output.
 *
 * Training, forward: each layer reads its input (normalised as it is read) and writes its output before the norm; the
 * join reads both branches' last outputs, normalises, and writes the block's. Branches that both start at x share
 * its reading.
 *
 * Training, backward, each layer's pass: reads the gradient of its normalised output, its own output (both norm's and
 * ReLU's gradient need it) and its input (for the weights' gradient), and writes its input's gradient, adding up
 * the sums that the norm before needs. Only the last layers' sums take a reading of their own: of the block's
 * output gradient and the layer's output. Branches that both start at x share reading x and writing its gradient. What
 * passes untouched is read and written once. Weights are read twice, their gradients written.
 *
 * A stride-1 shuffle block moves 10 tensors of half its width forward, and 16 backward.
 */
export function minimalBytes(workload: BlockWorkload): number {
  const { images, heightPx, widthPx, inChannels, outChannels, stride } = workload;
  const layers = blockLayers(workload.choice, workload);
  const inPixels = images * heightPx * widthPx;
  const outPixels = images * Math.ceil(heightPx / stride) * Math.ceil(widthPx / stride);
  const weights = parameterCount(layers);
  if (workload.pass === "infer") {
    return bytesPerNumber * (inPixels * inChannels + outPixels * outChannels + weights);
  }
  const branches = [layers.main, layers.projection].filter((branch) => branch.length > 0);
  const moved = branches.reduce((sum, branch) => sum + branchNumbers(branch, inPixels, outPixels), 0);
  const untouched = branches.length > 1 ? 0 : inPixels * (inChannels - layers.main[0].inChannels);
  const shared = branches.length > 1 ? inPixels * inChannels : 0; // x once less forward, x and its gradient backward
  return bytesPerNumber * (moved + outPixels * outChannels + 3 * untouched - 3 * shared + 3 * weights);
}

/**
 * Milliseconds that a block can't be faster than.
 *
 * @param machine Measured in the same run.
 */
export function boundMs(workload: BlockWorkload, { flopsPerSecond, bytesPerSecond }: Roofline): number {
  const seconds = Math.max(blockFlops(workload) / flopsPerSecond, minimalBytes(workload) / bytesPerSecond);
  return seconds * 1000;
}

/** Numbers that a branch moves in training, both ways, without what the join writes. */
function branchNumbers(branch: readonly ConvLayer[], firstPixels: number, lastPixels: number): number {
  let pixels = firstPixels;
  let numbers = 0;
  for (const { inChannels, outChannels, stride } of branch) {
    const input = pixels * inChannels;
    if (stride === 2) pixels = lastPixels;
    const output = pixels * outChannels;
    numbers += input + output; //         forward
    numbers += 2 * input + 2 * output; // backward
  }
  const last = lastPixels * branch[branch.length - 1].outChannels;
  return numbers + last + 2 * last; // the join reads it; so do the last norm's sums, with its gradient
}

function parameterCount({ main, projection }: BlockLayers): number {
  return [...main, ...projection].reduce((sum, { kind, kernel, inChannels, outChannels }) => {
    const perOutput = kernel * kernel * (kind === "depthwise" ? 1 : inChannels);
    return sum + outChannels * (perOutput + 2); // and the norm's scale and shift
  }, 0);
}
