/**
 * The fused kernels for tests, built into the project's cache.
 *
 * @module
 */
import { cacheFolder } from "../../lib/engine/platform.ts";
import type { Engine } from "../../lib/engine/mod.ts";
import { buildKernels, type Instructions, loadKernels } from "../../lib/fused/mod.ts";
import type { BlockKernels } from "../../lib/nn/block_kernels.ts";

/**
 * Builds the kernels, if need be, and loads them.
 *
 * @param instructions Default the best that this processor has.
 */
export async function fusedKernels(
  engine: Engine,
  instructions?: Instructions,
  threads = engine.threads,
): Promise<BlockKernels & Disposable> {
  const build = await buildKernels({ cache: cacheFolder(Deno.env)!, ...(instructions && { instructions }) });
  return loadKernels(build.path, threads, engine.memory);
}
