/**
 * A run's workers.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import type { EngineLibrary } from "../lib/engine/library.ts";
import type { KernelBuild } from "../lib/fused/mod.ts";
import { indexStore } from "./index_store.ts";
import { systemTimers } from "../lib/workers/timers.ts";
import { startWorker } from "../lib/workers/worker_process.ts";
import type { WorkerPlace } from "../lib/workers/worker_place.ts";
import { WorkerSlot } from "../lib/workers/worker_slot.ts";

/**
 * The place of a run's worker, which owns a device and may write nowhere but into the run's folder; its process is
 * started by the first call.
 *
 * @param kernels What runs the backbone's blocks; null: TensorFlow.
 * @param index Which of the run's workers, from 0; of this machine's GPUs it has the one of this number.
 * @param signal Aborts when the job is to stop.
 * @param place Its place among workers that train together; default: it works alone.
 * @param name For messages.
 */
export function runWorker(
  library: EngineLibrary,
  kernels: KernelBuild | null,
  config: Config,
  runDir: string,
  index: number,
  signal: AbortSignal,
  place: () => Promise<WorkerPlace | null> = () => Promise.resolve(null),
  name = `worker ${index + 1}`,
): WorkerSlot {
  const options = {
    entry: new URL("./worker.ts", import.meta.url),
    libraryPath: library.path,
    libraryFolders: library.libraryFolders,
    kernels,
    usesXla: config.device.kernels === "xla",
    device: config.device.kind,
    deviceIndex: index,
    threads: config.device.threads,
    runDir,
    indexDir: indexStore()?.dir ?? null,
  };
  return new WorkerSlot({
    name,
    start: async () => startWorker({ ...options, place: await place() }),
    timers: systemTimers,
    signal,
  });
}
