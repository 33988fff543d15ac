/**
 * A network as an export takes it, beside what the project itself finds with it.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { CanvasDetections } from "../../lib/boxes/detections.ts";
import type { Config } from "../../lib/config/schema.ts";
import type { DetectionBatch } from "../../lib/data/sample.ts";
import type { TrainedNetwork } from "../../lib/export/network_graph.ts";
import { inheritedStatistics } from "../../lib/train/path_statistics.ts";
import type { tinyDetector } from "../helpers/tiny_data.ts";

/** Disposed, the network that it was made of is gone as well. */
export interface NetworkToExport extends Disposable {
  readonly network: TrainedNetwork;
  /** What `evaluate` finds in a batch, image by image. */
  detect(batch: DetectionBatch): CanvasDetections[];
}

/** Takes a network over, with the statistics that it has. */
export function networkToExport(
  tiny: ReturnType<typeof tinyDetector>,
  config: Config,
  choices: readonly number[],
  classes: readonly string[],
): NetworkToExport {
  const { model, state } = tiny;
  const statistics = inheritedStatistics(state, model.unitsOnPath(choices));
  return {
    network: { config, choices, tensors: state.toHost(), classes },
    detect: (batch) => model.detect(state, statistics, batch, choices),
    [Symbol.dispose](): void {
      for (const tensors of statistics.values()) tf.dispose([...tensors]);
      tiny[Symbol.dispose]();
    },
  };
}
