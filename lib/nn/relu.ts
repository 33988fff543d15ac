/**
 * ReLU whose gradient reads the output: tfjs's own goes through `step` of the input, which keeps a second tensor
 * of the activation's size alive and, traced, bakes constants of that size into the graph.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { reluGradient } from "./custom_kernels.ts";
import { withOwnGradient } from "./own_gradient.ts";

/**
 * max(x, 0), with gradient 0 at 0 as in PyTorch.
 *
 * @param x Any shape, float32.
 * @returns A new tensor of that shape, the caller's.
 */
export function relu(x: Tensor): Tensor {
  return withOwnGradient([x], ([x]) => {
    const y = tf.relu(x);
    return { value: y, saved: [y], gradient: (dy, [y]) => [reluGradient(dy, y)] };
  });
}
