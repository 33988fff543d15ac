/**
 * Scores architectures with a trained network's weights: recalibrate, detect, evaluate.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import type { EvaluationBatch } from "../data/loader.ts";
import type { DetectionBatch } from "../data/sample.ts";
import { type CocoEvaluation, evaluateCoco } from "../eval/coco.ts";
import { type Detection, toDetections } from "../eval/detection.ts";
import { groundTruthOf } from "../eval/ground_truth.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import type { DetectionModel } from "./detection_model.ts";
import type { LoadedSet } from "./loaded_set.ts";
import type { NetworkState } from "./network_state.ts";
import {
  disposeTreeStatistics,
  measuredStatistics,
  type Recalibration,
  type TreeStatistics,
} from "./path_statistics.ts";

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
    return await this.withStatistics(
      candidates,
      async (detect) =>
        evaluateFound(await detect(candidates, scoring, indices), candidates, scoring, indices),
    );
  }

  /**
   * Measures the statistics of some candidates, for as long as a function takes.
   *
   * @param use Is given what detects with each candidate's own, for any of them.
   */
  async withStatistics<T>(
    candidates: readonly Architecture[],
    use: (detect: Detect) => Promise<T>,
  ): Promise<T> {
    const [model, state] = [this.#model, this.#state];
    const calibration = { loader: this.#calibrationSet.loader, indices: this.#calibrationIndices };
    const tree = model.prefixTree(candidates);
    const statistics = await measuredStatistics(model, state, calibration, this.#recalibration, tree);
    try {
      return await use((some, { loader }, indices) =>
        detectAll(model, state, statistics, some, loader.evaluationBatches(indices))
      );
    } finally {
      disposeTreeStatistics(statistics);
    }
  }
}

/** Detects with some architectures on samples of a set; by architecture's key. */
export type Detect = (
  candidates: readonly Architecture[],
  scoring: LoadedSet,
  indices: readonly number[],
) => Promise<Map<string, Detection[]>>;

/** A set's evaluation, and what was found in it. */
export interface Evaluated {
  readonly evaluation: CocoEvaluation;
  readonly detections: Detection[];
}

/**
 * Detects on a set's samples with an architecture, and evaluates what was found.
 *
 * @param statistics The batch norms', by node; null takes each batch's own.
 */
export async function evaluateDetector(
  model: DetectionModel,
  state: NetworkState,
  statistics: TreeStatistics | null,
  choices: Architecture,
  scoring: LoadedSet,
  indices: readonly number[],
): Promise<Evaluated> {
  const batches = scoring.loader.evaluationBatches(indices);
  const found = await detectAll(model, state, statistics, [choices], batches);
  return evaluateFound(found, [choices], scoring, indices)[0];
}

async function detectAll(
  model: DetectionModel,
  state: NetworkState,
  statistics: TreeStatistics | null,
  candidates: readonly Architecture[],
  batches: AsyncIterable<EvaluationBatch<DetectionBatch>>,
): Promise<Map<string, Detection[]>> {
  const tree = model.prefixTree(candidates);
  const detections = new Map(
    candidates.map((choices): [string, Detection[]] => [architectureKey(choices), []]),
  );
  for await (const { batch, validCount } of batches) {
    for (const [key, found] of model.detectTree(state, statistics, batch, tree)) {
      found.slice(0, validCount).forEach((inImage, i) =>
        detections.get(key)!.push(...toDetections(batch.ids[i], inImage, batch.placements[i]))
      );
    }
  }
  return detections;
}

function evaluateFound(
  found: ReadonlyMap<string, Detection[]>,
  candidates: readonly Architecture[],
  { set: { classes, samples } }: LoadedSet,
  indices: readonly number[],
): Evaluated[] {
  const groundTruth = groundTruthOf({ classes, samples: indices.map((index) => samples.at(index)) });
  return candidates.map((choices) => {
    const detections = found.get(architectureKey(choices))!;
    return { evaluation: evaluateCoco(groundTruth, detections), detections };
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
