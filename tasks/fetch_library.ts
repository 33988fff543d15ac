/**
 * The engine's library, fetched in sight of the user.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import { type EngineLibrary, ensureLibrary } from "../lib/engine/library.ts";
import { progressLine } from "./engine.ts";

/** Finds or fetches libtensorflow for a config's device; a download is shown on standard error. */
export async function fetchLibrary({ device }: Config): Promise<EngineLibrary> {
  const fetching = progressLine();
  const library = await ensureLibrary({ device: device.kind, onProgress: fetching.show });
  fetching.end();
  return library;
}
