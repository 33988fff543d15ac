/**
 * Where indexes of data folders are kept: beside the engine, in the user's cache.
 *
 * @module
 */
import { join } from "node:path";
import type { IndexStore } from "../lib/data/data_index.ts";
import { cacheFolder } from "../lib/engine/platform.ts";

/** The store of this process, which may write; null on a machine without a cache folder. */
export function indexStore(): IndexStore | null {
  const cache = cacheFolder(Deno.env);
  return cache === null ? null : { dir: join(cache, "data"), canWrite: true };
}
