/**
 * Which kernels a run's blocks use: the project's own, built here on first use, or TensorFlow's.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import { cacheFolder } from "../lib/engine/platform.ts";
import { buildKernels, type KernelBuild } from "../lib/fused/mod.ts";

/**
 * Builds the kernels that a config's device asks for, unless they are there.
 *
 * @param say Takes a sentence for the user: that they are being built, or can't be.
 * @returns Null where TensorFlow's are used.
 * @throws {Error} If `fused` was asked for and can't be had; `auto` says so in a line and goes on.
 */
export async function ensureKernels(
  device: Pick<Config["device"], "kind" | "kernels">,
  say: (sentence: string) => void = console.error,
): Promise<KernelBuild | null> {
  if (device.kernels === "tensorflow" || device.kernels === "xla") return null;
  const isAuto = device.kernels === "auto";
  if (device.kind === "gpu") {
    if (isAuto) return null;
    throw new RangeError(
      "Cannot use fused kernels on a GPU: they are for the CPU; use --kernels auto, tensorflow or xla",
    );
  }
  try {
    const cache = cacheFolder(Deno.env);
    if (cache === null) throw new Error("there is no cache folder; set DETNAS_CACHE");
    const onBuild = (compiler: string): void => say(`compiling kernels with ${compiler}`);
    return await buildKernels({ cache, onBuild });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (!isAuto) {
      throw new Error(`Cannot build fused kernels: ${reason}; --kernels tensorflow does without`, { cause });
    }
    say(`TensorFlow's kernels run the blocks, as fused ones can't be built: ${reason}`);
    return null;
  }
}
