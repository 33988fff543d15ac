/**
 * Training on boxes: the supernet's fine-tuning under a detector (one uniformly sampled path a step), or one
 * architecture's retraining.
 *
 * @module
 */
import { durationSteps } from "../config/duration.ts";
import type { Config, DetectionTraining } from "../config/schema.ts";
import { DetectionLoader } from "../data/loader.ts";
import { supernet } from "../models/backbone.ts";
import { warmupMultiStep } from "../nn/schedule.ts";
import type { DetectionBatch, DetectionSet } from "../data/sample.ts";
import type { Unit } from "../nn/unit.ts";
import { loneWorker, type WorkerGroup } from "../nn/worker_group.ts";
import type { Architecture } from "../space/architecture.ts";
import { DetectionModel } from "./detection_model.ts";
import { detectorOf } from "./detector_of.ts";
import { type Device, threadsOf, unitCompilerOf } from "./device.ts";
import { loading } from "./loaded_set.ts";
import { NetworkState } from "./network_state.ts";
import type { PathOfStep } from "./path.ts";
import type { TensorMap } from "./safetensors.ts";
import { trainingDetection } from "./training_detection.ts";
import { trainingBatchNorm } from "./training_batch_norm.ts";
import { measuringRun, type PopulationMeasurement } from "./population_run.ts";
import { openSession, type SessionOptions, type TrainingSession, waitFor } from "./training_session.ts";
import { unitsOnPath } from "./trunk.ts";
import { UnitRunner } from "./unit_runner.ts";

/** A detector on a device: what training and scoring share. */
export interface DetectorOnDevice {
  readonly model: DetectionModel;
  readonly runner: UnitRunner;
  /** The backbone's units and the detector's. */
  readonly units: readonly Unit[];
}

/**
 * Builds the detector of a config.
 *
 * @param classes How many.
 * @param only The architecture, if there is only one: other units are then left out.
 * @param group The workers that train it together.
 */
export function detectorOnDevice(
  device: Device,
  config: Config,
  classes: number,
  only: readonly number[] | null,
  group: WorkerGroup = loneWorker,
): DetectorOnDevice {
  const net = supernet(config.space, config.shuffleMethod);
  const runner = new UnitRunner(
    unitCompilerOf(device),
    trainingBatchNorm(group, config.syncBatchNorm),
    device.kernels,
  );
  const context = { device, runner, classes, seed: config.seed, group };
  const model = new DetectionModel(
    context,
    config.space,
    net,
    config.detector,
    detectorOf(context, config.detector),
  );
  const backbone = only === null ? [net.stem, ...net.blocks.flat()] : unitsOnPath(net, only);
  return { model, runner, units: [...backbone, ...model.detectorUnits] };
}

/** What a training on boxes is told. */
export interface FinetuningOptions
  extends Omit<SessionOptions, "steps" | "checkpointSteps" | "statistics" | "detect"> {
  readonly config: Config;
  readonly training: DetectionTraining;
  readonly path: PathOfStep;
  readonly only: readonly number[] | null;
  /** The weights it starts from, if any; those of units that are not among them stay as drawn. */
  readonly initial: () => Promise<TensorMap | null>;
  /** Images for the batch-norm statistics measured after the last step, at least; null (default) leaves running averages. */
  readonly statistics?: { readonly images: number } | null;
}

/** Opens a training on boxes, where it was left; with a group, each worker opens the same and trains its share. */
export async function openFinetuning(
  device: Device,
  train: DetectionSet,
  options: FinetuningOptions,
): Promise<TrainingSession> {
  const { statistics, ...session } = options;
  const { config, training, path } = session;
  const { group = loneWorker } = device;
  const { model, runner, units } = detectorOnDevice(
    device,
    config,
    train.classes.length,
    options.only,
    group,
  );
  const state = new NetworkState(units, config.seed);
  const loader = new DetectionLoader(train, {
    ...training,
    ...loading(config),
    ...threadsOf(device),
    share: group,
  });
  const steps = durationSteps(training.duration, train.samples.length, training.batchSize);
  const schedule = warmupMultiStep({ ...training, totalSteps: steps });
  const settings = { ...training, decayOn: "weights" } as const;
  const population = statistics && measurementOn(loader, model, state, {
    ...training,
    ...statistics,
    steps,
    choices: path(steps),
  });
  return await openSession(
    {
      ...session,
      steps,
      checkpointSteps: training.checkpointSteps,
      group,
      ...(population ? { statistics: population } : {}),
      detect: trainingDetection({ device, config, model, state }, options.only),
    },
    state,
    async () => {
      const initial = await options.initial();
      if (initial !== null) state.fromHost(initial, { slots: false, mayLack: true });
    },
    async (step) => {
      const { batch, waitMs } = await waitFor(loader.batch(step));
      const [choices, learningRate] = [path(step), schedule(step)];
      const { loss, parts } = model.trainStep(state, batch, choices, step, learningRate, settings);
      return { loss, parts, learningRate, waitMs, choices, ids: batch.ids };
    },
    [model, runner, loader],
  );
}

/**
 * Measures on the training's next whole batches, as if it went on: varied as in training, since that is what the weights
 * were trained to be normalised by. As evaluation places them does worse, see docs/decisions.md.
 */
function measurementOn(
  loader: DetectionLoader,
  model: DetectionModel,
  state: NetworkState,
  { images, batchSize, steps, choices }: {
    images: number;
    batchSize: number;
    steps: number;
    choices: Architecture;
  },
): PopulationMeasurement {
  const batches = Math.ceil(images / batchSize);
  const population = {
    batches,
    units: model.unitsOnPath(choices).length,
    load: (index: number) => loader.batch(steps + index),
    measure: (loaded: readonly DetectionBatch[]) => model.measurePopulation(state, loaded, choices),
  };
  return { images: batches * batchSize, start: () => measuringRun(population) };
}
