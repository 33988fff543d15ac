/**
 * Scores architectures with a trained network's weights: recalibrate, detect, evaluate.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import type { DetectionLoader } from "../data/loader.ts";
import type { DetectionSet } from "../data/sample.ts";
import { type CocoEvaluation, evaluateCoco } from "../eval/coco.ts";
import { type Detection, toDetections } from "../eval/detection.ts";
import { groundTruthOf } from "../eval/ground_truth.ts";
import type { Architecture } from "../space/architecture.ts";
import type { DetectionModel } from "./detection_model.ts";
import type { NetworkState } from "./network_state.ts";
import { disposeStatistics, measuredStatistics, type Recalibration } from "./path_statistics.ts";
import type { PathStatistics } from "./recalibrate.ts";

/** A set with its loader. */
export interface LoadedSet {
  readonly set: DetectionSet;
  readonly loader: DetectionLoader;
}

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
    const calibration = { loader: this.#calibrationSet.loader, indices: this.#calibrationIndices };
    const statistics = await measuredStatistics(
      this.#model,
      this.#state,
      calibration,
      this.#recalibration,
      choices,
    );
    try {
      return await evaluateDetector(this.#model, this.#state, statistics, choices, scoring, indices);
    } finally {
      disposeStatistics(statistics);
    }
  }
}

/**
 * Detects on a set's samples and evaluates what was found.
 *
 * @param statistics The batch norms'; null takes each batch's own.
 */
export async function evaluateDetector(
  model: DetectionModel,
  state: NetworkState,
  statistics: PathStatistics | null,
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
  const groundTruth = groundTruthOf({ classes, samples: indices.map((index) => samples.at(index)) });
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
  set: { readonly samples: { readonly length: number } },
  count: number | null,
): number[] {
  const all = permutation(stream(seed, purpose), set.samples.length);
  return [...all.slice(0, count ?? all.length)].sort((a, b) => a - b);
}
