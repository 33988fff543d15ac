/**
 * The contract between whoever holds tensors and kernels that work on plain memory. The engine fulfils it for tensors on
 * the CPU.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";

/** Memory that becomes a tensor's. */
export interface MemoryToAdopt {
  /** 64-byte aligned. */
  readonly pointer: Deno.PointerObject;
  /** A C function `(void* memory, size_t bytes, void* argument)`, called in any thread when the tensor is gone. */
  readonly deallocator: Deno.PointerObject;
  /** What the deallocator is given. */
  readonly argument: Deno.PointerObject;
}

/** Tensors as plain memory. */
export interface HostMemory {
  /**
   * Lets a function work on tensors' values.
   *
   * @param tensors float32 of any shapes, on the CPU.
   * @param body Gets each tensor's address, in order; valid until it returns, and only to be read.
   */
  read<T>(tensors: readonly Tensor[], body: (addresses: bigint[]) => T): T;
  /**
   * A tensor over memory, without a copy. The caller owns the tensor, the tensor the memory.
   *
   * @param shape The tensor's, e.g. `[N, H, W, C]`: as many float32 values as lie there.
   */
  adopt(shape: readonly number[], memory: MemoryToAdopt): Tensor;
}
