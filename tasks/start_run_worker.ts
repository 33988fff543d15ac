/**
 * Starts a run's worker process.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import type { EngineLibrary } from "../lib/engine/library.ts";
import { indexStore } from "./index_store.ts";
import { startWorker, type WorkerProcess } from "../lib/workers/worker_process.ts";

/** Starts the worker that owns a run's device; it may write nowhere but into the run's folder. */
export function startRunWorker(library: EngineLibrary, config: Config, runDir: string): WorkerProcess {
  return startWorker({
    entry: new URL("./worker.ts", import.meta.url),
    libraryPath: library.path,
    libraryFolders: library.libraryFolders,
    device: config.device.kind,
    threads: config.device.threads,
    runDir,
    indexDir: indexStore()?.dir ?? null,
  });
}
