/**
 * The weights that a run's stages leave behind for one another.
 *
 * @module
 */
import { configHash } from "../config/config_identity.ts";
import type { Config } from "../config/schema.ts";
import { scoredStage } from "../run/plan.ts";
import { type CheckpointOrigin, loadNewestCheckpoint } from "../train/checkpoint.ts";
import { checkNetworkMetadata, networkMetadata } from "../train/network_metadata.ts";
import type { TensorMap } from "../train/safetensors.ts";
import type { DeviceReport, TrainingTask } from "./worker_api.ts";

/** What must be the same for a training to go on as if it had never stopped. */
export function originOf(config: Config, { tensorflow, threads }: DeviceReport): CheckpointOrigin {
  return { configHash: configHash(config), seed: config.seed, threads, versions: { tensorflow } };
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
  const dir = `${runDir}/${folder}`;
  const checkpoint = await loadNewestCheckpoint(dir, { origin: originOf(config, device), approximate });
  if (checkpoint === null) {
    throw new Deno.errors.NotFound(`Cannot find the weights of ${folder}: ${dir} has none`);
  }
  checkNetworkMetadata(dir, checkpoint.metadata, networkMetadata(config));
  return checkpoint.files.network;
}

/** The trained supernet's weights, of this run or of the one that the config names. Throws as the other does. */
export async function supernetWeights(task: TrainingTask, device: DeviceReport): Promise<TensorMap> {
  const { supernetRun } = task.config;
  const stage = scoredStage(task.config);
  if (supernetRun === null) return await finishedWeights(task, stage, device);
  // Another config's by its nature; that it is the same network was checked before the run began.
  return await finishedWeights({ ...task, runDir: supernetRun, approximate: true }, stage, device);
}
