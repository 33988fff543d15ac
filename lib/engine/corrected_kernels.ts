/**
 * tfjs-node kernels that are wrong: some always were, some since TensorFlow changed under them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";

type KernelFunction = tf.KernelConfig["kernelFunc"];

/** Replaces them; to be called once tfjs-node's kernels are registered. */
export function correctKernels(): void {
  const identity = tf.getKernel("Identity", "tensorflow").kernelFunc;
  // TensorFlow's Round gives zeros for int32 since 2.17 (its issue 74789); a whole number is round already.
  correct("Round", (kernel) => (args) => input(args).dtype === "int32" ? identity(args) : kernel(args));
  // They cast other types to float32 themselves, but Mean then names the type before the cast, which a graph
  // refuses, and Exp disposes the tensor that it was given.
  correct("Mean", onFloats);
  correct("Exp", onFloats);
}

function correct(kernelName: string, corrected: (kernel: KernelFunction) => KernelFunction): void {
  const kernel = tf.getKernel(kernelName, "tensorflow");
  tf.unregisterKernel(kernelName, "tensorflow"); // registering over it warns
  tf.registerKernel({ ...kernel, kernelFunc: corrected(kernel.kernelFunc) });
}

/** A kernel that gets its input as float32. */
function onFloats(kernel: KernelFunction): KernelFunction {
  return (args) => {
    if (input(args).dtype === "float32") return kernel(args);
    const x = tf.cast(input(args) as Tensor, "float32");
    try {
      return kernel({ ...args, inputs: { x } });
    } finally {
      x.dispose();
    }
  };
}

function input({ inputs }: Parameters<KernelFunction>[0]): TensorInfo {
  return inputs.x as TensorInfo;
}
