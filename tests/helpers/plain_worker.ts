/**
 * A worker's process that is none: a plain object in this process.
 *
 * @module
 */
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import { type RemoteWorker, WorkerError, type WorkerProcess } from "../../lib/workers/worker_process.ts";

/** @param api What it answers; nothing else may be asked. */
export function plainProcess(api: Partial<WorkerApi>): WorkerProcess {
  let kill = (_reason: string): void => {};
  const killed = new Promise<never>((_, reject) => {
    kill = (reason) => reject(new WorkerError(`The worker process was ended as it ${reason}`));
  });
  killed.catch(() => {});
  return {
    pid: 0,
    kill,
    call: (call) => Promise.race([killed, call(api as RemoteWorker)]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
