/**
 * One worker of a synchronized training, for `synchronized_test.ts`: trains a tiny network together with the others and
 * leaves what became of it in a file.
 *
 * @module
 */
import { stream } from "../../lib/base/random.ts";
import type { Config, SyncBatchNormMode } from "../../lib/config/schema.ts";
import { ClassificationLoader, DetectionLoader } from "../../lib/data/loader.ts";
import { ensureLibrary, type GroupOptions, startEngine } from "../../lib/engine/mod.ts";
import { loneWorker, type WorkerGroup } from "../../lib/nn/worker_group.ts";
import { leaveTogether } from "../../lib/train/batch_share.ts";
import { classifierOnDevice } from "../../lib/train/classification_scoring.ts";
import type { Device } from "../../lib/train/device.ts";
import { detectorOnDevice } from "../../lib/train/finetuning.ts";
import { loading } from "../../lib/train/loaded_set.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { type PathOfStep, uniformPaths } from "../../lib/train/path.ts";
import { encodeSafetensors } from "../../lib/train/safetensors.ts";
import { fusedKernels } from "../helpers/fused_kernels.ts";
import { smoothActivations } from "../helpers/smooth_activation.ts";
import {
  tinyClassificationSet,
  tinyConfig,
  tinyDetectionSet,
  tinyPretraining,
  tinyTwoStageConfig,
} from "../helpers/tiny_data.ts";

/** What the workers do. */
export interface SynchronizedTask {
  readonly training: "classifier" | "retinanet" | "faster-rcnn";
  /** Of weights, data and draws. */
  readonly seed: number;
  readonly syncBatchNorm: SyncBatchNormMode;
  /** Whether activations have no kinks, see {@linkcode smoothActivations}. */
  readonly smooth: boolean;
  /** Whether the backbone's blocks are run by fused kernels, which know no other activation than ReLU. */
  readonly fused: boolean;
  /** Of all workers. */
  readonly batchSize: number;
  readonly steps: number;
  /** Seeds how long each worker dawdles before each step; null: none does. */
  readonly arrivalSeed: number | null;
  /** Something that happens to one worker before a step. */
  readonly fault: {
    readonly kind: "kill" | "stop" | "throw" | "nan";
    readonly rank: number;
    readonly step: number;
  } | null;
  /** Where each worker leaves `RANK.losses.json` and `RANK.STEP.safetensors` after the first and the last step. */
  readonly folder: string;
}

/** Trains one step, and gives the loss. */
type Step = (step: number) => Promise<number>;

/** A network with its data. */
interface Training {
  readonly state: NetworkState;
  readonly step: Step;
}

function classifierTraining(
  device: Device,
  group: WorkerGroup,
  { batchSize, seed, syncBatchNorm }: SynchronizedTask,
): Training {
  const config = { ...tinyConfig, seed, syncBatchNorm };
  const recipe = { ...tinyPretraining, dropout: 0.2, batchSize };
  const { model, units } = classifierOnDevice(device, config, recipe, 10, null, group);
  const state = new NetworkState(units, seed);
  const loader = new ClassificationLoader(tinyClassificationSet("train", 2), {
    ...recipe,
    seed,
    maxImagePixels: 1e6,
    share: group,
  });
  const path = pathsOf(config);
  const step: Step = async (step) => model.trainStep(state, await loader.batch(step), path(step), step, 0.1);
  return { state, step };
}

function detectorTraining(
  device: Device,
  group: WorkerGroup,
  { batchSize, seed, syncBatchNorm }: SynchronizedTask,
  detection = tinyConfig,
): Training {
  const config = { ...detection, seed, syncBatchNorm };
  const { model, units } = detectorOnDevice(device, config, 5, null, group);
  const state = new NetworkState(units, seed);
  const settings = { ...config.finetune, decayOn: "weights" } as const;
  const loader = new DetectionLoader(tinyDetectionSet("train", 12), {
    ...config.finetune,
    ...loading(config),
    batchSize,
    share: group,
  });
  const path = pathsOf(config);
  const step: Step = async (step) =>
    model.trainStep(state, await loader.batch(step), path(step), step, 0.01, settings).loss;
  return { state, step };
}

function pathsOf({ space, seed }: Config): PathOfStep {
  return uniformPaths({ space, seed, stage: "synchronized" });
}

function openTraining(device: Device, group: WorkerGroup, task: SynchronizedTask): Training {
  switch (task.training) {
    case "classifier":
      return classifierTraining(device, group, task);
    case "retinanet":
      return detectorTraining(device, group, task);
    case "faster-rcnn":
      return detectorTraining(device, group, task, tinyTwoStageConfig);
  }
}

/** Trains and leaves the files; what a test runs by itself is the lone worker. */
export async function trainTogether(
  device: Device,
  group: WorkerGroup,
  task: SynchronizedTask,
): Promise<void> {
  const { state, step } = openTraining(device, group, task);
  const losses: number[] = [];
  for (let i = 0; i < task.steps; i++) {
    losses.push(
      await leaveTogether(group, async () => {
        await dawdle(group.rank, i, task.arrivalSeed);
        befall(group.rank, i, state, task.fault);
        return await step(i);
      }),
    );
    if (i > 0 && i < task.steps - 1) continue;
    await Deno.writeFile(
      `${task.folder}/${group.rank}.${i}.safetensors`,
      ReadableStream.from(encodeSafetensors(state.toHost())),
    );
  }
  await Deno.writeTextFile(`${task.folder}/${group.rank}.losses.json`, JSON.stringify(losses));
}

/** Comes late by up to 30 ms. */
async function dawdle(rank: number, step: number, arrivalSeed: number | null): Promise<void> {
  if (arrivalSeed === null) return;
  const lateMs = 30 * stream(arrivalSeed, "arrival", rank, step).uniform();
  await new Promise((resolve) => setTimeout(resolve, lateMs));
}

function befall(rank: number, step: number, state: NetworkState, fault: SynchronizedTask["fault"]): void {
  if (fault === null || fault.rank !== rank || fault.step !== step) return;
  if (fault.kind === "kill") Deno.kill(Deno.pid, "SIGKILL");
  if (fault.kind === "stop") Deno.kill(Deno.pid, "SIGSTOP");
  if (fault.kind === "throw") throw new RangeError("Cannot decode image 7: it is torn");
  const stored = state.toHost();
  for (const { data } of stored.values()) data[0] = NaN;
  state.fromHost(stored, { slots: true });
}

if (import.meta.main) {
  const [rank, addresses, task] = Deno.args;
  const group: GroupOptions = {
    rank: Number(rank),
    addresses: addresses.split(","),
    joinMs: 30_000,
    heartbeatMs: 2_000,
  };
  const { path: libraryPath } = await ensureLibrary({});
  const engine = await startEngine({ libraryPath, threads: 1, group });
  const options: SynchronizedTask = JSON.parse(await Deno.readTextFile(task));
  if (options.smooth) smoothActivations();
  const device = options.fused ? { ...engine, kernels: await fusedKernels(engine) } : engine;
  const start = performance.now();
  try {
    await trainTogether(device, engine.group ?? loneWorker, options);
  } catch (error) {
    console.error(`left after ${Math.round(performance.now() - start)} ms: ${error}`);
    Deno.exit(1);
  }
}
