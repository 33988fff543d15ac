/**
 * Scores architectures with a trained network's weights: recalibrate, detect, evaluate.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { permutation, stream } from "../base/random.ts";
import type { SearchConfig } from "../config/schema.ts";
import type { DetectionLoader } from "../data/loader.ts";
import type { DetectionSet } from "../data/sample.ts";
import { type CocoEvaluation, evaluateCoco } from "../eval/coco.ts";
import { type Detection, toDetections } from "../eval/detection.ts";
import { groundTruthOf } from "../eval/ground_truth.ts";
import type { Architecture } from "../space/architecture.ts";
import type { DetectionModel, PathStatistics } from "./detection_model.ts";
import type { NetworkState } from "./network_state.ts";
import { movingAverage, trueAverage } from "./recalibrate.ts";

/** A set with its loader. */
export interface LoadedSet {
  readonly set: DetectionSet;
  readonly loader: DetectionLoader;
}

/** How batch-norm statistics are measured before scoring. */
export type Recalibration = SearchConfig["recalibration"];

/** Scores architectures one after the other; nothing of one candidate reaches the next. */
export class CandidateScorer {
  readonly #model: DetectionModel;
  readonly #state: NetworkState;
  readonly #calibrationSet: LoadedSet;
  readonly #recalibration: Recalibration;
  readonly #calibrationIndices: readonly number[];

  /**
   * @param model The network.
   * @param state Its weights; only read.
   * @param calibrationSet Training images, loaded in batches of the recalibration's size.
   * @param recalibration How statistics are measured.
   * @param seed Names the choice of images.
   */
  constructor(
    model: DetectionModel,
    state: NetworkState,
    calibrationSet: LoadedSet,
    recalibration: Recalibration,
    seed: number,
  ) {
    this.#model = model;
    this.#state = state;
    this.#calibrationSet = calibrationSet;
    this.#recalibration = recalibration;
    this.#calibrationIndices = someIndices(seed, "recalibration", calibrationSet.set, recalibration.images);
  }

  /**
   * Detects and evaluates with a candidate's own statistics.
   *
   * @param scoring What to score on; its loader's batch size is the scoring's.
   * @param indices Which of its samples.
   */
  async evaluate(
    choices: Architecture,
    scoring: LoadedSet,
    indices: readonly number[],
  ): Promise<{ evaluation: CocoEvaluation; detections: Detection[] }> {
    const statistics = await this.#pathStatistics(choices);
    try {
      return await evaluateDetector(this.#model, this.#state, statistics, choices, scoring, indices);
    } finally {
      for (const tensors of statistics.values()) tf.dispose([...tensors]);
    }
  }

  async #pathStatistics(choices: Architecture): Promise<PathStatistics> {
    const { mode, momentum, batchSize } = this.#recalibration;
    if (mode === "inherited") return inheritedStatistics(this.#model, this.#state, choices);
    const collector = mode === "average" ? trueAverage() : movingAverage(momentum);
    for await (
      const { batch, validCount } of this.#calibrationSet.loader.evaluationBatches(this.#calibrationIndices)
    ) {
      // A batch that is filled up with repeats would count its last image more than once.
      if (validCount < batchSize && this.#calibrationIndices.length >= batchSize) continue;
      collector.add(this.#model.batchMoments(this.#state, batch, choices));
    }
    return collector.statistics();
  }
}

/** Copies of the running statistics of a path's units; the caller disposes them. */
export function inheritedStatistics(
  model: DetectionModel,
  state: NetworkState,
  choices: Architecture,
): PathStatistics {
  return new Map(
    model.unitsOnPath(choices).map((
      unit,
    ) => [unit, state.of(unit).statistics.map((tensor) => tensor.clone())]),
  );
}

/** Detects on a set's samples and evaluates what was found. */
export async function evaluateDetector(
  model: DetectionModel,
  state: NetworkState,
  statistics: PathStatistics,
  choices: Architecture,
  scoring: LoadedSet,
  indices: readonly number[],
): Promise<{ evaluation: CocoEvaluation; detections: Detection[] }> {
  const detections: Detection[] = [];
  for await (const { batch, validCount } of scoring.loader.evaluationBatches(indices)) {
    model.detect(state, statistics, batch, choices).slice(0, validCount).forEach((found, i) =>
      detections.push(...toDetections(batch.ids[i], found, batch.placements[i]))
    );
  }
  const { classes, samples } = scoring.set;
  const groundTruth = groundTruthOf({ classes, samples: indices.map((index) => samples[index]) });
  return { evaluation: evaluateCoco(groundTruth, detections), detections };
}

/**
 * A fixed choice of samples.
 *
 * @param count How many; null or more than there are takes all.
 * @returns Ascending indices.
 */
export function someIndices(
  seed: number,
  purpose: string,
  set: DetectionSet,
  count: number | null,
): number[] {
  const all = permutation(stream(seed, purpose), set.samples.length);
  return [...all.slice(0, count ?? all.length)].sort((a, b) => a - b);
}
