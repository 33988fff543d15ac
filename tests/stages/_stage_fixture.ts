/**
 * A run in a temporary folder and workers that are plain objects: what stages are tested with, without an engine.
 *
 * @module
 */
import type { Config } from "../../lib/config/schema.ts";
import { openRun } from "../../lib/run/run_folder.ts";
import type { StageContext, StageProgress } from "../../lib/stages/stage_context.ts";
import { DataSets } from "../../lib/train/datasets.ts";
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerSlot } from "../../lib/workers/worker_slot.ts";
import { withFolder } from "../helpers/job.ts";
import { plainProcess } from "../helpers/plain_worker.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { VirtualTime } from "../helpers/virtual_time.ts";

/** What was said and shown. */
export interface Told {
  readonly sentences: string[];
  readonly stages: string[];
  readonly progress: StageProgress[];
}

/** What a test may want of its stages. */
export interface StageOptions {
  /** Calls of each process that is started, by worker; default: the same for all. */
  readonly start?: (worker: number) => Partial<WorkerApi>;
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly time?: VirtualTime;
}

/**
 * Opens a run, hands it to a test with workers of the given calls, and removes it. Time passes by itself.
 *
 * @param test Its third argument gives the same run with new workers, as the command has that is typed again.
 */
export function withStages(
  calls: Partial<WorkerApi>,
  test: (context: StageContext, told: Told, again: () => StageContext) => Promise<void>,
  config: Config = tinyConfig,
  options: StageOptions = {},
): Promise<void> {
  return withFolder(async (folder) => {
    await using run = await openRun(`${folder}/run`, config);
    const told: Told = { sentences: [], stages: [], progress: [] };
    const { start = () => calls, time = new VirtualTime(), signal = new AbortController().signal } = options;
    const memory = () => Promise.resolve({ rssBytes: 1e6, peakRssBytes: 2e6 });
    const device = () =>
      Promise.resolve({
        tensorflow: "2.21.0",
        deviceName: "CPU:0",
        threads: 2,
        hostCpu: null,
        kernels: "tensorflow",
      });
    const candidatePictures = () => Promise.resolve({ classNames: [], minScore: 0.3, pictures: [] });
    const slots = (signal: AbortSignal): WorkerSlot[] =>
      Array.from({ length: options.workers ?? 1 }, (_, i) =>
        new WorkerSlot({
          name: `worker ${i + 1}`,
          start: () => plainProcess({ memory, device, candidatePictures, ...start(i) }),
          timers: time,
          signal,
        }));
    const contextOf = (
      workers: readonly WorkerSlot[],
      signal: AbortSignal,
    ): StageContext => ({
      run,
      data: new DataSets(null),
      trainer: workers[0],
      machines: 1,
      worker: workers[0],
      workers,
      scorers: workers,
      observer: {
        progress: (update) => void told.progress.push(update),
        say: (line) => void told.sentences.push(line),
        started: (stage) => void told.stages.push(`${stage} started`),
        finished: (stage) => void told.stages.push(`${stage} finished`),
      },
      approximate: false,
      signal,
      timers: time,
    });
    const again = (): StageContext => {
      const { signal } = new AbortController();
      return contextOf(slots(signal), signal);
    };
    await time.run(test(contextOf(slots(signal), signal), told, again));
  });
}
