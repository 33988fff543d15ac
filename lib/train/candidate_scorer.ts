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
import { type Architecture, architectureKey } from "../space/architecture.ts";
import type { DetectionModel } from "./detection_model.ts";
import type { NetworkState } from "./network_state.ts";
import {
  disposeTreeStatistics,
  measuredStatistics,
  type Recalibration,
  type TreeStatistics,
} from "./path_statistics.ts";

/** A set with its loader. */
export interface LoadedSet {
  readonly set: DetectionSet;
  readonly loader: DetectionLoader;
}

/** Scores architectures; nothing of one call reaches the next. */
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
   * Detects and evaluates with each candidate's own statistics. Candidates that start alike share that work, which
   * changes no bit of what comes out.
   *
   * @param candidates At least one.
   * @param scoring What to score on; its loader's batch size is the scoring's.
   * @param indices Which of its samples.
   * @returns In the order of the candidates.
   */
  async evaluateAll(
    candidates: readonly Architecture[],
    scoring: LoadedSet,
    indices: readonly number[],
  ): Promise<Evaluated[]> {
    const statistics = await measuredStatistics(
      this.#model,
      this.#state,
      { loader: this.#calibrationSet.loader, indices: this.#calibrationIndices },
      this.#recalibration,
      this.#model.prefixTree(candidates),
    );
    try {
      return await evaluateDetectors(this.#model, this.#state, statistics, candidates, scoring, indices);
    } finally {
      disposeTreeStatistics(statistics);
    }
  }
}

/** A set's evaluation, and what was found in it. */
export interface Evaluated {
  readonly evaluation: CocoEvaluation;
  readonly detections: Detection[];
}

/**
 * Detects on a set's samples with each of some architectures, and evaluates what was found.
 *
 * @param statistics The batch norms', by node of the architectures' tree; null takes each batch's own.
 * @returns In the order of the candidates.
 */
export async function evaluateDetectors(
  model: DetectionModel,
  state: NetworkState,
  statistics: TreeStatistics | null,
  candidates: readonly Architecture[],
  scoring: LoadedSet,
  indices: readonly number[],
): Promise<Evaluated[]> {
  const tree = model.prefixTree(candidates);
  const detections = new Map(
    candidates.map((choices): [string, Detection[]] => [architectureKey(choices), []]),
  );
  for await (const { batch, validCount } of scoring.loader.evaluationBatches(indices)) {
    for (const [key, found] of model.detectTree(state, statistics, batch, tree)) {
      found.slice(0, validCount).forEach((inImage, i) =>
        detections.get(key)!.push(...toDetections(batch.ids[i], inImage, batch.placements[i]))
      );
    }
  }
  const { classes, samples } = scoring.set;
  const groundTruth = groundTruthOf({ classes, samples: indices.map((index) => samples.at(index)) });
  return candidates.map((choices) => {
    const found = detections.get(architectureKey(choices))!;
    return { evaluation: evaluateCoco(groundTruth, found), detections: found };
  });
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
