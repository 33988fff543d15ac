/**
 * The kernels that the tests run, built before them: two test files at once would each compile what neither finds, and a
 * command in a test would have to say that it compiles.
 *
 * @module
 */
import { cacheFolder } from "../lib/engine/platform.ts";
import { buildKernels } from "../lib/fused/mod.ts";
import { ensureKernels } from "./kernels.ts";

/** Builds this processor's kernels and the portable ones side by side, unless they are there or nothing can build them. */
export async function ensureTestKernels(): Promise<void> {
  const cache = cacheFolder(Deno.env);
  const portable = cache === null ? null : buildKernels({ cache, instructions: "portable" });
  await Promise.all([
    ensureKernels({ kind: "cpu", kernels: "auto" }), // says why there are none, where there are none
    portable?.catch(() => {}), // for the same reason as the others; the tests of it fail with it
  ]);
}
