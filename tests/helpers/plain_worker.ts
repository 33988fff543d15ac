/**
 * A worker's process that is none: a plain object in this process.
 *
 * @module
 */
import type { ScoreOutcome, WorkerApi } from "../../lib/workers/worker_api.ts";
import { type RemoteWorker, WorkerError, type WorkerProcess } from "../../lib/workers/worker_process.ts";

/** @param given What it answers; nothing else may be asked. One that scores one candidate scores several in turn. */
export function plainProcess(given: Partial<WorkerApi>): WorkerProcess {
  const { score, scoreAll } = given;
  const api: Partial<WorkerApi> = score === undefined || scoreAll !== undefined
    ? given
    : { ...given, scoreAll: inTurn(score) };
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

/** What throws has no score; a worker that ends, ends at all of them. */
function inTurn(score: WorkerApi["score"]): WorkerApi["scoreAll"] {
  return async (candidates) => {
    const outcomes: ScoreOutcome[] = [];
    for (const choices of candidates) {
      outcomes.push(
        await score(choices).then((score) => ({ score }), (error) => {
          if (error instanceof WorkerError) throw error;
          return { reason: error.message };
        }),
      );
    }
    return outcomes;
  };
}
