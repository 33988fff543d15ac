/**
 * The weights that a run's stages leave behind for one another.
 *
 * @module
 */
import { projectVersion } from "../base/version.ts";
import { configHash } from "../config/config_identity.ts";
import type { Config } from "../config/schema.ts";
import { decoderVersion } from "../data/decode.ts";
import { scoredStage } from "../run/plan.ts";
import { recordApproximation } from "../run/origin.ts";
import { type CheckpointOrigin, loadNewestCheckpoint, type LoadOptions } from "../train/checkpoint.ts";
import { checkNetworkMetadata, networkMetadata } from "../train/network_metadata.ts";
import type { TensorMap } from "../train/safetensors.ts";
import type { DeviceReport, TrainingTask } from "./worker_api.ts";

/**
 * What must be the same for a training to go on as if it had never stopped. Of Deno only V8 matters: its `Math`
 * computes boxes and draws.
 *
 * @param own What the training has of its own.
 */
export function originOf(
  config: Config,
  { tensorflow, threads, kernels }: DeviceReport,
  own: Pick<CheckpointOrigin, "data" | "workers"> = {},
): CheckpointOrigin {
  return {
    configHash: configHash(config),
    seed: config.seed,
    device: config.device.kind,
    threads,
    versions: { tensorflow, kernels, v8: Deno.version.v8, sharp: decoderVersion(), detnas: projectVersion },
    ...own,
  };
}

/** Records in a run what its trainings went on from although it differed. */
export class ApproximationRecorder {
  readonly #runDir: string;
  readonly #records: Promise<void>[] = [];

  /** @param runDir The run's folder. */
  constructor(runDir: string) {
    this.#runDir = runDir;
  }

  /** Begins to record a difference, see {@linkcode LoadOptions}. */
  readonly onDifference: NonNullable<LoadOptions["onDifference"]> = (path, difference) => {
    const checkpoint = path.startsWith(`${this.#runDir}/`) ? path.slice(this.#runDir.length + 1) : path;
    const last = this.#records.at(-1) ?? Promise.resolve();
    this.#records.push(last.then(() => recordApproximation(this.#runDir, { checkpoint, ...difference })));
  };

  /** Waits until all is recorded. Throws what writing threw. */
  async done(): Promise<void> {
    await Promise.all(this.#records);
  }
}

/**
 * The weights that a finished training left.
 *
 * @param folder Its folder, from the run's, e.g. `finetune`.
 * @param device What would go on from them.
 * @throws {Deno.errors.NotFound} If there are none.
 * @throws {RangeError} If they are of another config, version or network; names the field.
 */
export async function finishedWeights(
  { config, runDir, approximate }: TrainingTask,
  folder: string,
  device: DeviceReport,
): Promise<TensorMap> {
  const recorder = new ApproximationRecorder(runDir);
  const { onDifference } = recorder;
  const options = { origin: originOf(config, device), approximate, isFinished: true, onDifference };
  const weights = await newestWeights(config, runDir, folder, options);
  await recorder.done();
  return weights;
}

async function newestWeights(
  config: Config,
  runDir: string,
  folder: string,
  options: LoadOptions,
): Promise<TensorMap> {
  const dir = `${runDir}/${folder}`;
  const checkpoint = await loadNewestCheckpoint(dir, options);
  if (checkpoint === null) {
    throw new Deno.errors.NotFound(`Cannot find the weights of ${folder}: ${dir} has none`);
  }
  checkNetworkMetadata(dir, checkpoint.metadata, networkMetadata(config));
  return checkpoint.files.network;
}

/** Where an architecture's pre-training lies, in the folder of its training. */
export function pretrainingIn(folder: string): string {
  return `${folder}/classification`;
}

/**
 * The trained supernet's weights, of this run or of the one that the config names. Throws as the other does.
 *
 * @param scorer What scores with them. Its threads need not be those of the training, which are the config's.
 */
export async function supernetWeights(task: TrainingTask, scorer: DeviceReport): Promise<TensorMap> {
  const { supernetRun } = task.config;
  const device = { ...scorer, threads: task.config.device.threads };
  const stage = scoredStage(task.config);
  if (supernetRun === null) return await finishedWeights(task, stage, device);
  // Another config's by its nature; that it is the same network was checked before the run began.
  const options = { origin: originOf(task.config, device), approximate: true, isFinished: true };
  return await newestWeights(task.config, supernetRun, stage, options);
}
