/**
 * A trained detector opened for scoring architectures and for looking at what it finds.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Config } from "../config/schema.ts";
import { DetectionLoader } from "../data/loader.ts";
import type { DetectionSet } from "../data/sample.ts";
import type { CocoEvaluation } from "../eval/coco.ts";
import type { Detection } from "../eval/detection.ts";
import type { Architecture } from "../space/architecture.ts";
import {
  CandidateScorer,
  evaluateDetector,
  inheritedStatistics,
  type LoadedSet,
  someIndices,
} from "./candidate_scorer.ts";
import type { DetectionData } from "./datasets.ts";
import type { Device } from "./device.ts";
import { detectorOnDevice, loading } from "./finetuning.ts";
import { NetworkState } from "./network_state.ts";
import type { TensorMap } from "./safetensors.ts";

/** Images a batch when detecting; results do not depend on it. */
const scoringBatchSize = 8;

/** A set's evaluation and what was found. */
export interface Scored {
  readonly evaluation: CocoEvaluation;
  readonly detections: Detection[];
}

/** A fine-tuned supernet, scoring candidates on the search's split. */
export interface SupernetScoring extends Disposable {
  /** Scores one architecture with statistics of its own. */
  score(choices: Architecture): Promise<Scored>;
}

/** Opens a fine-tuned supernet for the search. */
export function openSupernetScoring(
  device: Device,
  config: Config,
  data: DetectionData,
  weights: TensorMap,
): SupernetScoring {
  const { recalibration, scoreImages } = config.search;
  const { model, runner, units } = detectorOnDevice(device, config, data.train.classes.length, null);
  const state = new NetworkState(units, config.seed);
  state.fromHost(weights, { slots: false });
  const calibration = loadedSet(data.train, config, recalibration.batchSize);
  const scoring = loadedSet(data.val, config, scoringBatchSize);
  const scorer = new CandidateScorer(model, state, calibration, recalibration, config.seed);
  const indices = someIndices(config.seed, "score", data.val, scoreImages);
  return {
    score: (choices) => scorer.evaluate(choices, scoring, indices),
    [Symbol.dispose]: () => disposeAll([model, runner, state, calibration.loader, scoring.loader]),
  };
}

/** A retrained detector, evaluated with its own running statistics. */
export interface DetectorScoring extends Disposable {
  /** Evaluates on a split. */
  evaluate(set: DetectionSet): Promise<Scored>;
}

/** Opens a retrained detector. */
export function openDetectorScoring(
  device: Device,
  config: Config,
  classes: number,
  choices: Architecture,
  weights: TensorMap,
): DetectorScoring {
  const { model, runner, units } = detectorOnDevice(device, config, classes, choices);
  const state = new NetworkState(units, config.seed);
  state.fromHost(weights, { slots: false });
  return {
    async evaluate(set): Promise<Scored> {
      const scoring = loadedSet(set, config, scoringBatchSize);
      const statistics = inheritedStatistics(model, state, choices);
      try {
        const all = set.samples.map((_, i) => i);
        return await evaluateDetector(model, state, statistics, choices, scoring, all);
      } finally {
        for (const tensors of statistics.values()) tf.dispose([...tensors]);
        scoring.loader[Symbol.dispose]();
      }
    },
    [Symbol.dispose]: () => disposeAll([model, runner, state]),
  };
}

function loadedSet(set: DetectionSet, config: Config, batchSize: number): LoadedSet {
  const unchanged = { flip: false, verticalFlip: false, scaleJitter: [1, 1] } as const;
  return { set, loader: new DetectionLoader(set, { ...loading(config), ...unchanged, batchSize }) };
}

function disposeAll(resources: readonly Disposable[]): void {
  for (const resource of resources) resource[Symbol.dispose]();
}
