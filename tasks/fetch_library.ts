/**
 * The engine's library, fetched in sight of the user.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import { type EngineLibrary, ensureLibrary } from "../lib/engine/library.ts";
import { fetchTeller } from "./fetch_teller.ts";
import type { JobOutput } from "./job_output.ts";

/**
 * Finds or fetches libtensorflow for a config's device.
 *
 * @param output Told how a download goes.
 */
export async function fetchLibrary({ device }: Config, output: JobOutput): Promise<EngineLibrary> {
  return await ensureLibrary({ device: device.kind, onProgress: fetchTeller(output) });
}
