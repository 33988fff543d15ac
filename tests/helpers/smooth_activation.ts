/**
 * Networks without kinks: ReLU's slope jumps at 0, so that an activation within rounding of 0 decides on gradients.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Replaces ReLU on the current backend, for the rest of the process, by ELU: x where x > 0, else e^x - 1, whose slope is
 * continuous. Nothing else of a network changes.
 */
export function smoothActivations(): void {
  replaceKernel("Relu", "Elu");
  replaceKernel("DetnasReluGrad", "EluGrad"); // both of dy and the output
}

function replaceKernel(name: string, by: string): void {
  const backendName = tf.getBackend();
  const replacement = tf.getKernel(by, backendName);
  tf.unregisterKernel(name, backendName);
  tf.registerKernel({ ...replacement, kernelName: name });
}
