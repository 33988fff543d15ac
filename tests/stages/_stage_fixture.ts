/**
 * A run in a temporary folder and a worker that is a plain object: what stages are tested with, without an engine.
 *
 * @module
 */
import type { Config } from "../../lib/config/schema.ts";
import { openRun } from "../../lib/run/run_folder.ts";
import type { StageContext, StageProgress } from "../../lib/stages/stage_context.ts";
import { DataSets } from "../../lib/train/datasets.ts";
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import type { RemoteWorker } from "../../lib/workers/worker_process.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

/** What was said and shown. */
export interface Told {
  readonly sentences: string[];
  readonly progress: StageProgress[];
}

/** Opens a run, hands it to a test with a worker of the given calls, and removes it. */
export function withStages(
  calls: Partial<WorkerApi>,
  test: (context: StageContext, told: Told) => Promise<void>,
  config: Config = tinyConfig,
): Promise<void> {
  return withFolder(async (folder) => {
    await using run = await openRun(`${folder}/run`, config);
    const told: Told = { sentences: [], progress: [] };
    const api = {
      memory: () => Promise.resolve({ rssBytes: 1e6, peakRssBytes: 2e6 }),
      ...calls,
    } as RemoteWorker;
    await test({
      run,
      data: new DataSets(null),
      worker: { call: (call) => call(api), [Symbol.asyncDispose]: () => Promise.resolve() },
      observer: {
        progress: (update) => void told.progress.push(update),
        say: (line) => void told.sentences.push(line),
      },
      allowOtherOrigin: false,
    }, told);
  });
}
