/**
 * Tensors on the CPU as plain memory: TensorFlow shares theirs without a copy.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { HostMemory, MemoryToAdopt } from "../nn/host_memory.ts";
import type { TensorFlowBackend } from "./backend.ts";
import type { EagerContext } from "./eager_context.ts";

/** Memory of a context's tensors. Its device must be a CPU: a GPU's tensors would be copies. */
export function hostMemory(context: EagerContext, backend: TensorFlowBackend): HostMemory {
  const { symbols: c } = context.library;
  return {
    read<T>(tensors: readonly Tensor[], body: (addresses: bigint[]) => T): T {
      const resolved = backend.getInputTensorIds(tensors)
        .map((id) => context.resolve(backend.binding.handleOf(id)));
      try {
        return body(resolved.map((tensor) => Deno.UnsafePointer.value(c.TF_TensorData(tensor))));
      } finally {
        for (const tensor of resolved) c.TF_DeleteTensor(tensor);
      }
    },
    adopt: (shape: readonly number[], { pointer, deallocator, argument }: MemoryToAdopt): Tensor =>
      backend.createOutputTensor(
        backend.binding.adopt(context.adopt(shape, pointer, deallocator, argument)),
      ),
  };
}
