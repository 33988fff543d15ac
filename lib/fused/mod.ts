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
 * @returns What a `UnitRunner` runs blocks with; the caller disposes it after the runner.
 * @throws {Deno.errors.NotCapable} Without unrestricted `--allow-ffi`.
 * @throws {Error} If they were built for another processor.
 *
 * @example Blocks on kernels of their own
 * ```ts
 * // deno run --allow-read --allow-write --allow-env --allow-ffi --allow-run=python3,python,c++,g++
 * import * as tf from "@tensorflow/tfjs-core";
 * import { searchSpaces } from "@detnas/detnas";
 * import { registerTensorFlow } from "@detnas/detnas/engine";
 * import { buildKernels, loadKernels } from "@detnas/detnas/fused";
 * import { supernet } from "@detnas/detnas/models";
 * import { loneWorker, NetworkState, trainingBatchNorm, UnitRunner } from "@detnas/detnas/train";
 *
 * const engine = await registerTensorFlow({ threads: 2 });
 * const { path } = await buildKernels({ cache: Deno.env.get("DETNAS_CACHE") ?? `${Deno.cwd()}/kernels` });
 * using kernels = loadKernels(path, engine.threads, engine.memory);
 * using runner = new UnitRunner(engine.compiler, trainingBatchNorm(loneWorker, "counts"), kernels);
 *
 * const [[unit]] = supernet(searchSpaces.small, 1).blocks; // the first block's first choice
 * using state = new NetworkState([unit], 1);
 * const { parameters, statistics } = state.of(unit);
 * const [y] = runner.infer(unit, parameters, statistics, [tf.ones([2, 32, 32, 16])]);
 * console.log(unit.block && kernels.supports(unit.block), y.shape); // true [ 2, 16, 16, 64 ]
 * ```
 */
export function loadKernels(path: string, threads: number, memory: HostMemory): BlockKernels & Disposable {
  return new FusedKernels(new NativeLibrary(path, threads, memory));
}
