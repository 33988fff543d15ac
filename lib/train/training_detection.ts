/**
 * What a detector in training finds, for people to look at while it trains.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import type { DetectionSet } from "../data/sample.ts";
import type { Detection } from "../eval/detection.ts";
import type { Architecture } from "../space/architecture.ts";
import { cheapestArchitecture } from "../space/cost.ts";
import { evaluateDetector } from "./candidate_scorer.ts";
import type { DetectionModel } from "./detection_model.ts";
import type { Device } from "./device.ts";
import { loadedSet } from "./loaded_set.ts";
import type { NetworkState } from "./network_state.ts";
import { disposeTreeStatistics, inheritedTreeStatistics } from "./path_statistics.ts";
import type { TrainingDetection } from "./training_session.ts";

/** A network in training. */
export interface TrainedDetector {
  readonly device: Device;
  readonly config: Config;
  readonly model: DetectionModel;
  /** Only read. */
  readonly state: NetworkState;
}

/**
 * Detects with a network in training. One architecture detects as it will later, with its running averages. A supernet
 * detects along its cheapest path, normalised by the images' own statistics, as its averages are over all paths.
 *
 * @param only The architecture, if there is only one.
 */
export function trainingDetection(detector: TrainedDetector, only: Architecture | null): TrainingDetection {
  return (set, indices) => detectWith(detector, only, set, indices);
}

/** One batch of them all, where one canvas suits them. */
async function detectWith(
  { device, config, model, state }: TrainedDetector,
  only: Architecture | null,
  set: DetectionSet,
  indices: readonly number[],
): Promise<Detection[]> {
  const choices = only ?? cheapestArchitecture(config.space);
  const statistics = only && inheritedTreeStatistics(model, state, model.prefixTree([choices]));
  const images = loadedSet(device, set, config, Math.max(1, indices.length));
  try {
    return (await evaluateDetector(model, state, statistics, choices, images, indices)).detections;
  } finally {
    disposeTreeStatistics(statistics);
    images.loader[Symbol.dispose]();
  }
}
