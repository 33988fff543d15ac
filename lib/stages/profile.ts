/**
 * Measures what the parts of a config's backbone take on the device in use, writes the table, and reads it for a
 * search whose budget is in milliseconds.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Config } from "../config/schema.ts";
import { makeFolder, writeFileAtomic } from "../run/atomic_file.ts";
import type { BlockLatencies } from "../space/latency.ts";
import {
  backboneHash,
  blockLatencies,
  checkLatencyTable,
  type LatencyTable,
  latencyTableVersion,
  type LatencyUse,
  type MeasuredDevice,
  parseLatencyTable,
} from "../space/latency_table.ts";
import { validateSums } from "../space/latency_validation.ts";
import type { ProfileOptions, ProfileResult } from "../train/profile.ts";
import type { CallableWorker } from "../workers/worker_process.ts";
import type { StageContext, StageObserver } from "./stage_context.ts";

/** How long a worker measures before it reports. */
const reportMs = 500;

/** What a profile needs: it has no run. */
export type ProfileContext = {
  readonly observer: Pick<StageObserver, "progress">;
  readonly worker: CallableWorker;
  readonly config: Config;
};

/**
 * Measures every choice of every block, and some whole backbones to compare the sums with.
 *
 * @param path Where the table goes; its folder is created if need be.
 * @returns The table, as it was written.
 */
export async function profile(
  context: ProfileContext,
  options: ProfileOptions,
  path: string,
): Promise<LatencyTable> {
  const { config, worker } = context;
  const device = await worker.call((api) => api.device());
  const table = latencyTable(config, device, await measure(context, options));
  await makeFolder(dirname(path), { recursive: true });
  await writeFileAtomic(path, JSON.stringify(table, null, 2) + "\n");
  return table;
}

/**
 * Reads a table for a use.
 *
 * @param path The file.
 * @param use What it must have been measured of and on.
 * @throws {RangeError} If there is no such file, another version wrote it, or it was measured of another space, with
 * another shuffle, at another resolution or on another device; says which, with both sides.
 * @throws {SyntaxError} If it is no JSON.
 * @throws {TypeError} If a field is missing or of another type.
 */
export async function readLatencyTable(path: string, use: LatencyUse): Promise<BlockLatencies> {
  const table = parseLatencyTable(await readText(path), path);
  checkLatencyTable(table, use, path);
  return blockLatencies(table);
}

/** The latencies that a run's candidates are counted with, checked against its device; null if its config names none. */
export async function searchLatencies({ run, worker }: StageContext): Promise<BlockLatencies | null> {
  const { space, shuffleMethod, detector, search } = run.config;
  if (search.latencyTable === null) return null;
  const device = await worker.call((api) => api.device());
  const use = { space, shuffleMethod, canvas: detector.canvases[0], device };
  return await readLatencyTable(search.latencyTable, use);
}

async function measure(
  { config, worker, observer }: ProfileContext,
  options: ProfileOptions,
): Promise<ProfileResult> {
  let status = await worker.call((api) => api.openProfile(config, options));
  while (status.done < status.total) {
    status = await worker.call((api) => api.profile(reportMs));
    observer.progress({ label: "profile", unit: "measurements", ...status });
  }
  return await worker.call((api) => api.closeProfile());
}

function latencyTable(
  { space, shuffleMethod, detector }: Config,
  { tensorflow, deviceName, threads, hostCpu, kernels }: MeasuredDevice,
  { stem, blocks, backbones }: ProfileResult,
): LatencyTable {
  return {
    version: latencyTableVersion,
    device: { tensorflow, deviceName, threads, hostCpu, kernels },
    space: { name: space.name, hash: backboneHash(space) },
    shuffleMethod,
    canvas: detector.canvases[0],
    stem,
    blocks,
    validation: validateSums(blockLatencies({ stem, blocks }), backbones),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new RangeError(
      `Cannot read latencies from ${path}: there is no such file; write it with deno task profile --out ${path}`,
      { cause },
    );
  }
}
