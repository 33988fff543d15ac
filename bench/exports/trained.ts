/**
 * A run's trained detector on this machine's engine: what exports are compared with.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { CanvasDetections } from "../../lib/boxes/detections.ts";
import type { Config } from "../../lib/config/schema.ts";
import type { DetectionBatch } from "../../lib/data/sample.ts";
import type { TrainedNetwork } from "../../lib/export/network_graph.ts";
import type { Device } from "../../lib/train/device.ts";
import { detectorOnDevice } from "../../lib/train/finetuning.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { inheritedStatistics } from "../../lib/train/path_statistics.ts";

/** A detector with its weights. */
export interface TrainedDetector extends Disposable {
  /** What it finds in a batch of one image. */
  detect(batch: DetectionBatch): CanvasDetections;
}

/** Opens a network of a run with this config. */
export function openTrained(
  device: Device,
  config: Config,
  { choices, classes, tensors }: TrainedNetwork,
): TrainedDetector {
  const { model, runner, units } = detectorOnDevice(device, config, classes.length, choices);
  const state = new NetworkState(units, config.seed);
  state.fromHost(tensors, { slots: false });
  const statistics = inheritedStatistics(state, model.unitsOnPath(choices));
  return {
    detect: (batch): CanvasDetections => {
      const found: CanvasDetections[] = [];
      tf.tidy(() => {
        found.push(...model.detect(state, statistics, batch, choices));
      });
      return found[0];
    },
    [Symbol.dispose](): void {
      for (const tensors of statistics.values()) tf.dispose([...tensors]);
      for (const owned of [model, runner, state]) owned[Symbol.dispose]();
    },
  };
}
