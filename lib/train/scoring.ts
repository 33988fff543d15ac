/**
 * A trained detector opened for scoring architectures and for looking at what it finds.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import { DetectionLoader } from "../data/loader.ts";
import type { DetectionSet } from "../data/sample.ts";
import type { Detection } from "../eval/detection.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { CandidateRace, type CandidateScore } from "./candidate_race.ts";
import { CandidateScorer, type Evaluated, evaluateDetector, someIndices } from "./candidate_scorer.ts";
import type { DetectionData } from "./datasets.ts";
import { type Device, threadsOf } from "./device.ts";
import { detectorOnDevice } from "./finetuning.ts";
import { loadedSet, loading } from "./loaded_set.ts";
import { NetworkState } from "./network_state.ts";
import { disposeTreeStatistics, inheritedTreeStatistics, type Recalibration } from "./path_statistics.ts";
import type { TensorMap } from "./safetensors.ts";

/** Images a batch when detecting; results do not depend on it. */
const scoringBatchSize = 8;

/** A trained supernet, scoring candidates with its weights. */
export interface SupernetScoring extends Disposable {
  /**
   * Scores architectures, at least one, each with batch-norm statistics of its own; higher is better. Those that start
   * alike share work; each score is the same to the bit as if it were alone.
   *
   * @param rivals Whose least score counts, if the config's early stop may leave out those that won't reach it.
   */
  scoreAll(
    candidates: readonly Architecture[],
    rivals?: readonly Architecture[] | null,
  ): Promise<CandidateScore[]>;
  /** One derivative a block: how the loss of a training batch changes with a gate on the chosen operation. */
  gateGradients(choices: Architecture, step: number): Promise<number[]>;
  /**
   * What an architecture finds, with the statistics that it is scored with.
   *
   * @param indices Which images of the search's split.
   * @throws {TypeError} If it is no detector that is scored.
   */
  detect(choices: Architecture, indices: readonly number[]): Promise<Detection[]>;
}

/**
 * Opens a fine-tuned supernet for the search by detection: a candidate's score is COCO's AP on the search's split.
 *
 * @throws {RangeError} If the weights are another network's.
 */
export function openSupernetScoring(
  device: Device,
  config: Config,
  data: DetectionData,
  weights: TensorMap,
  recalibration: Recalibration,
): SupernetScoring {
  const { model, runner, units } = detectorOnDevice(device, config, data.train.classes.length, null);
  const state = new NetworkState(units, config.seed);
  state.fromHost(weights, { slots: false });
  const calibration = loadedSet(device, data.train, config, recalibration.batchSize);
  const scoring = loadedSet(device, data.val, config, scoringBatchSize);
  const training = new DetectionLoader(data.train, {
    ...config.finetune,
    ...loading(config),
    ...threadsOf(device),
  });
  const scorer = new CandidateScorer(model, state, calibration, recalibration, config.seed);
  const indices = someIndices(config.seed, "score", data.val, config.search.scoreImages);
  const { earlyStop } = config.search;
  const race = earlyStop && new CandidateRace(scorer, scoring, indices, earlyStop, config.seed);
  return {
    async scoreAll(candidates, rivals = null): Promise<CandidateScore[]> {
      if (race !== null) return await race.scoreAll(candidates, rivals);
      const evaluated = await scorer.evaluateAll(candidates, scoring, indices);
      return evaluated.map(({ evaluation }) => ({ score: evaluation.summary.AP }));
    },
    async gateGradients(choices, step): Promise<number[]> {
      return [...model.gateGradients(state, await training.batch(step), choices, step)];
    },
    detect: (choices, indices) =>
      scorer.withStatistics(
        [choices],
        async (detect) => (await detect([choices], scoring, indices)).get(architectureKey(choices))!,
      ),
    [Symbol.dispose]: () => disposeAll([model, runner, state, calibration.loader, scoring.loader, training]),
  };
}

/** A retrained detector, evaluated with the statistics stored with it. */
export interface DetectorScoring extends Disposable {
  /** Evaluates on a split. */
  evaluate(set: DetectionSet): Promise<Evaluated>;
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
    async evaluate(set): Promise<Evaluated> {
      const scoring = loadedSet(device, set, config, scoringBatchSize);
      const statistics = inheritedTreeStatistics(model, state, model.prefixTree([choices]));
      const all = Array.from({ length: set.samples.length }, (_, i) => i);
      try {
        return await evaluateDetector(model, state, statistics, choices, scoring, all);
      } finally {
        disposeTreeStatistics(statistics);
        scoring.loader[Symbol.dispose]();
      }
    },
    [Symbol.dispose]: () => disposeAll([model, runner, state]),
  };
}

function disposeAll(resources: readonly Disposable[]): void {
  for (const resource of resources) resource[Symbol.dispose]();
}
