/**
 * Blocks, pyramids and heads as fused kernels: built once, loaded, and handed to whoever runs units.
 *
 * @module
 */
import type { BlockKernels } from "../nn/block_kernels.ts";
import type { HostMemory } from "../nn/host_memory.ts";
import { FusedKernels } from "./fused_kernels.ts";
import { NativeLibrary } from "./native_library.ts";

export { buildKernels, type BuildOptions, type Instructions, type KernelBuild } from "./build_kernels.ts";

/**
 * Loads built kernels.
 *
 * @param path Of a `KernelBuild`.
 * @param threads That share each pass.
 * @param memory The engine's, whose tensors lie on the CPU.
 * @throws {Deno.errors.NotCapable} Without unrestricted `--allow-ffi`.
 * @throws {Error} If they were built for another processor.
 */
export function loadKernels(path: string, threads: number, memory: HostMemory): BlockKernels & Disposable {
  return new FusedKernels(new NativeLibrary(path, threads, memory));
}
