/**
 * The supernet under its classifier, scored by top-1 accuracy: validation, and the search that the paper compares
 * with (ClsNASNet).
 *
 * @module
 */
import type { ClassificationTraining, Config } from "../config/schema.ts";
import { ClassificationLoader } from "../data/loader.ts";
import type { ClassificationBatch } from "../data/sample.ts";
import { countTopK } from "../eval/top_k.ts";
import { supernet } from "../models/backbone.ts";
import { classifierUnit } from "../models/classifier.ts";
import type { Unit } from "../nn/unit.ts";
import { loneWorker, type WorkerGroup } from "../nn/worker_group.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { someIndices } from "./candidate_scorer.ts";
import { ClassificationModel } from "./classification_model.ts";
import type { ClassificationData } from "./datasets.ts";
import type { CandidateScore } from "./candidate_race.ts";
import { type Device, threadsOf, unitCompilerOf } from "./device.ts";
import { NetworkState } from "./network_state.ts";
import { disposeTreeStatistics, measuredStatistics, type Recalibration } from "./path_statistics.ts";
import type { TensorMap } from "./safetensors.ts";
import type { SupernetScoring } from "./scoring.ts";
import { trainingBatchNorm } from "./training_batch_norm.ts";
import { unitsOnPath } from "./trunk.ts";
import { UnitRunner } from "./unit_runner.ts";

/** A classifier on a device: what training and scoring share. */
export interface ClassifierOnDevice {
  readonly model: ClassificationModel;
  readonly runner: UnitRunner;
  /** The backbone's units and the classifier's. */
  readonly units: readonly Unit[];
}

/**
 * Builds the classifier of a config.
 *
 * @param training How it is, or was, trained.
 * @param classes How many.
 * @param only The architecture, if there is only one: other units are then left out.
 * @param group The workers that train it together.
 */
export function classifierOnDevice(
  device: Device,
  config: Config,
  training: ClassificationTraining,
  classes: number,
  only: Architecture | null,
  group: WorkerGroup = loneWorker,
): ClassifierOnDevice {
  const net = supernet(config.space, config.shuffleMethod);
  const classifier = classifierUnit(config.space, classes);
  const runner = new UnitRunner(
    unitCompilerOf(device),
    trainingBatchNorm(group, config.syncBatchNorm),
    device.kernels,
  );
  const settings = {
    ...training,
    decayOn: "matrices",
    biasLearningRateFactor: 1,
    seed: config.seed,
  } as const;
  const model = new ClassificationModel(device, runner, net, classifier, settings, group);
  const backbone = only === null ? [net.stem, ...net.blocks.flat()] : unitsOnPath(net, only);
  return { model, runner, units: [...backbone, classifier] };
}

/** How many of a batch's first `validCount` images have their class as the largest logit. */
export function countCorrect(
  logits: Float32Array,
  batch: ClassificationBatch,
  validCount: number,
): number {
  const perImage = logits.length / batch.ids.length;
  const valid = logits.subarray(0, validCount * perImage);
  return countTopK(valid, batch.classIndices.subarray(0, validCount), [1])[0];
}

/**
 * Opens a pre-trained supernet for the search by accuracy: a candidate's score is the share of the scored images whose
 * class is the largest logit.
 *
 * @param recipe How it was trained: its resolution is scored at.
 * @throws {RangeError} If the weights are another network's.
 */
export function openClassifierScoring(
  device: Device,
  config: Config,
  recipe: ClassificationTraining,
  data: ClassificationData,
  weights: TensorMap,
  recalibration: Recalibration,
): SupernetScoring {
  const { model, runner, units } = classifierOnDevice(
    device,
    config,
    recipe,
    data.train.classes.length,
    null,
  );
  const state = new NetworkState(units, config.seed);
  state.fromHost(weights, { slots: false });
  const options = {
    ...recipe,
    seed: config.seed,
    maxImagePixels: config.maxImagePixels,
    ...threadsOf(device),
  };
  const calibration = {
    loader: new ClassificationLoader(data.train, { ...options, batchSize: recalibration.batchSize }),
    indices: someIndices(config.seed, "recalibration", data.train, recalibration.images),
  };
  const training = new ClassificationLoader(data.train, options);
  const scoring = new ClassificationLoader(data.val, options);
  const scored = someIndices(config.seed, "score", data.val, config.search.scoreImages);
  return {
    async scoreAll(candidates): Promise<CandidateScore[]> {
      const tree = model.prefixTree(candidates);
      const statistics = await measuredStatistics(model, state, calibration, recalibration, tree);
      const correct = new Map(candidates.map((choices) => [architectureKey(choices), 0]));
      try {
        for await (const { batch, validCount } of scoring.evaluationBatches(scored)) {
          for (const [key, logits] of model.treeLogits(state, batch, tree, statistics)) {
            correct.set(key, correct.get(key)! + countCorrect(logits, batch, validCount));
          }
        }
      } finally {
        disposeTreeStatistics(statistics);
      }
      return candidates.map((choices) => ({ score: correct.get(architectureKey(choices))! / scored.length }));
    },
    async gateGradients(choices, step): Promise<number[]> {
      return [...model.gateGradients(state, await training.batch(step), choices, step)];
    },
    detect: () => Promise.reject(new TypeError("Cannot detect with a classifier")),
    [Symbol.dispose](): void {
      for (const resource of [model, runner, state, calibration.loader, training, scoring]) {
        resource[Symbol.dispose]();
      }
    },
  };
}
