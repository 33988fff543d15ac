/**
 * How `odd_worker.ts` is started.
 *
 * @module
 */
import type { WorkerOptions } from "../../lib/workers/worker_process.ts";

/** @param runDir The only folder it may write to. */
export function oddWorkerOptions(runDir: string): WorkerOptions {
  return {
    entry: new URL("./odd_worker.ts", import.meta.url),
    libraryPath: "none.so",
    libraryFolders: [],
    kernels: null,
    usesXla: false,
    device: "cpu",
    deviceIndex: 0,
    threads: 3,
    runDir,
    indexDir: null,
    place: null,
  };
}
