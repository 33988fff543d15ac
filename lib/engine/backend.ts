/**
 * tfjs's backend `tensorflow`: tfjs-node's JavaScript kernels over this engine's binding.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";
import type { FfiBinding, TensorMetadata } from "./binding.ts";
import { correctKernels } from "./corrected_kernels.ts";
import { defineLegacyNodeUtil } from "./node_util_shim.ts";

/** The backend with its own binding's type, which tfjs-node declares as the native one. */
export interface TensorFlowBackend {
  readonly binding: FfiBinding;
  /** Ids of tensors, uploading those whose values still lie in JavaScript. */
  getInputTensorIds(tensors: readonly (Tensor | TensorInfo)[]): number[];
  /** A tensor for an id; the tensor owns it. */
  createOutputTensor(metadata: TensorMetadata): Tensor;
}

const PRIORITY = 3; // as tfjs-node: above cpu (1) and webgl (2)

/** Makes the backend and hands it to tfjs as `tensorflow`. */
export async function registerBackend(binding: FfiBinding): Promise<TensorFlowBackend> {
  defineLegacyNodeUtil();
  await import("@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js");
  correctKernels();
  const backend = new NodeJSKernelBackend(binding, "@tensorflow/tfjs-node-gpu");
  tf.registerBackend("tensorflow", () => backend as unknown as tf.KernelBackend, PRIORITY);
  await tf.setBackend("tensorflow");
  return backend as unknown as TensorFlowBackend;
}
