/**
 * Measures real training steps at growing batch sizes, in a worker that may run out of memory and end.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import { isPlanned } from "../run/plan.ts";
import { type CostTable, costTable } from "../space/cost.ts";
import type { Architecture } from "../space/architecture.ts";
import type { TrainingStatus, TrainingTask } from "../workers/worker_api.ts";
import type { WorkerSlot } from "../workers/worker_slot.ts";
import type { RemoteWorker } from "../workers/worker_process.ts";
import { type BatchDecision, type BatchLimits, type BatchMeasurement, decideBatch } from "./batch_fit.ts";

/** The trainings whose batch is chosen. */
export type BatchedTraining = "pretrain" | "finetune" | "retrain";

/** What was found for one training. */
export interface ChosenBatch {
  readonly training: BatchedTraining;
  readonly batchSize: number;
  /** Why not more. */
  readonly reason: string;
  readonly measured: readonly BatchMeasurement[];
}

/** Steps of a size before it is timed: each choice of each block is compiled on its first. */
const warmupSteps = 6;
/** For how long steps are then timed, at least one. */
const timedMs = 1500;

/** The trainings that a config has, in order. */
export function batchedTrainings(config: Config): BatchedTraining[] {
  return (["pretrain", "finetune", "retrain"] as const).filter((stage) => isPlanned(config, stage));
}

/**
 * Finds a training's batch size.
 *
 * @param slot A worker of the probe's own; its process is ended at the end.
 * @param task Its config's batch sizes don't matter; its folder is only written to if the worker makes folders.
 * @param limits Of one worker.
 * @param first The size to begin with.
 * @param onMeasured Told of each size.
 * @throws {RangeError} If not even one image fits.
 * @throws What a step throws that has not to do with memory.
 */
export async function probeBatch(
  slot: WorkerSlot,
  task: TrainingTask,
  training: BatchedTraining,
  limits: BatchLimits,
  first: number,
  onMeasured: (measurement: BatchMeasurement) => void,
): Promise<ChosenBatch> {
  const measured: BatchMeasurement[] = [];
  let failed: number | null = null;
  try {
    for (;;) {
      const decision: BatchDecision = decideBatch(measured, failed, limits, first);
      if (!("next" in decision)) {
        return { training, batchSize: decision.chosen, reason: decision.reason, measured };
      }
      const measurement = await measure(slot, task, training, decision.next);
      if (measurement === null) failed = decision.next;
      else {
        measured.push(measurement);
        onMeasured(measurement);
      }
    }
  } finally {
    await slot.end();
  }
}

/** The config with a training's batch size, and its learning rate scaled as much (Goyal et al. 2017, section 2.1). */
export function withBatch(config: Config, training: BatchedTraining, batchSize: number): Config {
  const recipe = config[training];
  if (recipe === null) return config;
  const learningRate = (recipe.learningRate * batchSize) / recipe.batchSize;
  return { ...config, [training]: { ...recipe, batchSize, learningRate } };
}

/** @returns Null where there was not enough memory. */
async function measure(
  slot: WorkerSlot,
  task: TrainingTask,
  training: BatchedTraining,
  batchSize: number,
): Promise<BatchMeasurement | null> {
  const probe = { ...task, config: probeConfig(task.config, batchSize) };
  try {
    await slot.call((worker) => open(worker, probe, training));
    for (let step = 0; step < warmupSteps;) step += (await slot.call((worker) => worker.train(0))).length;
    const steps = await slot.call((worker) => worker.train(timedMs));
    const { peakRssBytes } = await slot.call((worker) => worker.memory());
    await slot.call((worker) => worker.closeTraining());
    const stepsMs = steps.map(({ elapsedMs }) => elapsedMs).sort((a, b) => a - b);
    const medianMs = stepsMs[Math.floor(stepsMs.length / 2)];
    return { batchSize, peakBytes: peakRssBytes, imagesPerSecond: (1000 * batchSize) / medianMs };
  } catch (error) {
    if (isOutOfMemory(error)) return null;
    throw error;
  }
}

/** TensorFlow's and V8's words for it; a process that the system has ended only says by what signal. */
function isOutOfMemory(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  return /\bOOM\b|out of memory|RESOURCE_EXHAUSTED|allocation fail|ended with SIG(KILL|ABRT)/i.test(message);
}

/** The same steps without what they build on: memory and time do not depend on the weights. */
function probeConfig(config: Config, batchSize: number): Config {
  const steps = { batchSize, duration: { steps: 1e6 }, checkpointSteps: 1e6 };
  return {
    ...config,
    supernetRun: null,
    pretrain: config.pretrain && { ...config.pretrain, ...steps },
    finetune: { ...config.finetune, ...steps },
    retrain: { ...config.retrain, ...steps, initialise: "scratch", classification: null },
  };
}

function open(worker: RemoteWorker, task: TrainingTask, training: BatchedTraining): Promise<TrainingStatus> {
  const { config } = task;
  if (training === "pretrain") return worker.openPretraining(task);
  if (training === "finetune") {
    return worker.openFinetuning({ ...task, config: { ...config, pretrain: null } });
  }
  return worker.openRetraining(task, largestArchitecture(costTable(config.space)));
}

/** Each block's most expensive choice: the winner is not known yet, and takes no more. */
export function largestArchitecture(table: CostTable): Architecture {
  const blocks = table.blocks.map((choices) => choices.map(({ macs }) => macs));
  return blocks.map((macs) => macs.indexOf(Math.max(...macs)));
}
