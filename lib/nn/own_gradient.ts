/**
 * Operations with a gradient of our own, where tfjs's would be slow or, traced, would bake tensors of the
 * activations' size into the graph as constants.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { GradSaveFunc, Tensor } from "@tensorflow/tfjs-core";

/** An operation's value, what its gradient needs, and the gradient. */
export interface ValueWithGradient {
  /** The operation's output. */
  readonly value: Tensor;
  /** Tensors that must live until the gradient is taken. */
  readonly saved: Tensor[];
  /** One gradient per input, from the output's gradient and the saved tensors. */
  readonly gradient: (dy: Tensor, saved: Tensor[]) => Tensor[];
}

/**
 * Runs an operation that brings its own gradient, in place of tfjs's autodiff over its parts.
 *
 * @param inputs The differentiable inputs; anything else is the closure's.
 * @param f The operation. Its gradient may use the `saved` it is handed, but no tensor of the closure: those may
 * be gone by then.
 * @returns The value, the caller's.
 */
export function withOwnGradient(
  inputs: readonly Tensor[],
  f: (inputs: Tensor[]) => ValueWithGradient,
): Tensor {
  const operation = tf.customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const save = args[args.length - 1] as GradSaveFunc;
    const { value, saved, gradient } = f(args.slice(0, -1) as Tensor[]);
    save(saved);
    return { value, gradFunc: gradient };
  });
  return operation(...inputs);
}
