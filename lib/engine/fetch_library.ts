/**
 * Fetching libtensorflow: TensorFlow's wheel is downloaded and its libraries unpacked into the cache.
 *
 * @module
 */
import { join } from "node:path";
import { type FetchOptions, fetchWheels } from "../fetch/fetch_wheels.ts";
import type { EngineBuild } from "./platform.ts";

/**
 * Where a build lies in the cache, fetched or not: a folder like Python's `site-packages`.
 *
 * @param build The build.
 * @param cache The project's cache folder.
 */
export function buildFolder(build: EngineBuild, cache: string): string {
  return join(cache, folderName(build));
}

/**
 * Fetches a build into the cache, unless another process does so first.
 *
 * @param build What to fetch.
 * @param options Where to, and with what.
 * @returns The build's folder, see {@linkcode buildFolder}.
 * @throws {Deno.errors.NotFound} If there is no pip.
 * @throws {Deno.errors.InvalidData} If a wheel is not the pinned one.
 * @throws {Error} If pip fails (its last lines are in the message) or the cache can't be written.
 */
export async function fetchBuild(build: EngineBuild, options: FetchOptions): Promise<string> {
  return await fetchWheels(build.wheels, folderName(build), options);
}

function folderName({ version, device }: EngineBuild): string {
  return `libtensorflow-${version}-${device}`;
}
