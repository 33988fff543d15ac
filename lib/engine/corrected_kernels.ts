/**
 * tfjs-node kernels whose TensorFlow operation has gone wrong since tfjs-node was written.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";

/** Replaces them; to be called once tfjs-node's kernels are registered. */
export function correctKernels(): void {
  // TensorFlow's Round gives zeros for int32 since 2.17 (its issue 74789); a whole number is round already.
  forInt32("Round", "Identity");
}

/** Sends int32 inputs of one kernel to another one. */
function forInt32(kernelName: string, otherName: string): void {
  const kernel = tf.getKernel(kernelName, "tensorflow");
  const other = tf.getKernel(otherName, "tensorflow");
  tf.unregisterKernel(kernelName, "tensorflow"); // registering over it warns
  tf.registerKernel({
    ...kernel,
    kernelFunc(args): ReturnType<typeof kernel.kernelFunc> {
      const { x } = args.inputs as Record<string, tf.TensorInfo>;
      return x.dtype === "int32" ? other.kernelFunc(args) : kernel.kernelFunc(args);
    },
  });
}
