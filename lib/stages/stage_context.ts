/**
 * What every stage is given: the run, workers, and someone to tell.
 *
 * @module
 */
import type { RunFolder, Stage } from "../run/run_folder.ts";
import type { DataSets } from "../train/datasets.ts";
import type { TrainingTask } from "../workers/worker_api.ts";
import type { Trainer } from "../workers/training_group.ts";
import type { Timers } from "../workers/timers.ts";
import type { WorkerSlot } from "../workers/worker_slot.ts";

/** How far a stage's work is. */
export interface StageProgress {
  /** What is being done, e.g. `finetune`. */
  readonly label: string;
  /** What is counted, e.g. `steps`. */
  readonly unit: string;
  readonly done: number;
  readonly total: number;
  readonly loss?: number;
  /** Of the worker, resident. */
  readonly memoryBytes?: number;
  /** Anything else worth a few words. */
  readonly note?: string;
}

/** Told how the stages go; the library itself prints nothing. */
export interface StageObserver {
  /** Often, while work goes on. */
  progress(progress: StageProgress): void;
  /** A sentence for the user. */
  say(sentence: string): void;
  /** A stage that was not finished begins, or goes on. */
  started(stage: Stage): void;
  /** A stage is finished, and what it has found is stored: plain JSON. */
  finished(stage: Stage, result: unknown): void;
}

/** A stage's surroundings. */
export interface StageContext {
  readonly run: RunFolder;
  /** What trainings run on: the only worker, or a group that acts as one. */
  readonly trainer: Trainer;
  /** How many machines train and score together; this one is the first. */
  readonly machines: number;
  /** The first of the workers, which does all that is done by one. */
  readonly worker: WorkerSlot;
  /** All workers; those after the first run only while there is work for them. */
  readonly workers: readonly WorkerSlot[];
  /**
   * Those that score a search's candidates: the workers; or, on a CPU, processes of one thread each, which share the
   * workers' cores and run only during the search.
   */
  readonly scorers: readonly WorkerSlot[];
  /** The data sets, as this process reads them. */
  readonly data: DataSets;
  readonly observer: StageObserver;
  /** Whether checkpoints of other versions, threads or seed are gone on from. */
  readonly approximate: boolean;
  /** Aborts when the job is to stop: a stage then leaves a state that it can go on from, and throws the reason. */
  readonly signal: AbortSignal;
  readonly timers: Timers;
}

/** The worker's task for a run. */
export function trainingTask({ run, approximate }: StageContext): TrainingTask {
  return { config: run.config, runDir: run.dir, approximate };
}

/**
 * Runs a stage unless it is finished.
 *
 * @param body The stage; what it returns is stored and handed to later stages.
 * @returns The stored result, of this or an earlier run.
 */
export async function onceFinished<T>(
  context: StageContext,
  stage: Stage,
  body: () => Promise<T>,
): Promise<T> {
  const state = await context.run.stageState(stage);
  if (state.status !== "finished") return await recorded(context, stage, body);
  context.observer.say(`${stage}: finished ${state.finishedAt}, skipped`);
  return state.result as T;
}

/**
 * Runs a stage, finished before or not, and records its start, its end and its result.
 *
 * @param body The stage; what it returns is stored and handed to later stages.
 */
export async function recorded<T>(
  { run, observer }: StageContext,
  stage: Stage,
  body: () => Promise<T>,
): Promise<T> {
  await run.startStage(stage);
  observer.started(stage);
  const result = await body();
  await run.finishStage(stage, result);
  observer.finished(stage, result);
  return result;
}

/** Fails unless a stage is finished, and gives its result. */
export async function requireFinished<T>(run: RunFolder, stage: Stage): Promise<T> {
  const state = await run.stageState(stage);
  if (state.status === "finished") return state.result as T;
  throw new RangeError(
    `Cannot go on in ${run.dir} as stage ${stage} is not finished: run deno task ${stage} --run ${run.dir} first`,
  );
}
