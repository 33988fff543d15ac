/**
 * Trains a small detector with a head of our own on generated images, and prints its loss and what it finds:
 *
 *     deno run --allow-read --allow-write --allow-env --allow-run=python3,python --allow-ffi examples/train_custom_head.ts
 *
 * @module
 */
import type { Architecture } from "@detnas/detnas";
import { type DetectionBatch, DetectionLoader, shapesDetection } from "@detnas/detnas/data";
import { registerTensorFlow } from "@detnas/detnas/engine";
import { supernet } from "@detnas/detnas/models";
import * as train from "@detnas/detnas/train";
import { centreHead } from "./custom_head.ts";
import { space } from "./train_custom_block.ts";

const architecture: Architecture = [0, 1, 1, 0, 1];

/** What training gave. */
export interface Trained {
  /** Each step's losses. */
  readonly losses: readonly train.DetectionLosses[];
  /** The last batch, and what was found in each of its images by running statistics. */
  readonly batch: DetectionBatch;
  readonly found: readonly train.CanvasDetections[];
}

/**
 * Trains one architecture.
 *
 * @param device What computes.
 * @param steps How many.
 */
export async function trainCustomHead(device: train.Device, steps: number): Promise<Trained> {
  const images = shapesDetection({ seed: 1, split: "train", count: 8, widthPx: 96, heightPx: 96 });
  const canvases = [{ heightPx: 96, widthPx: 96 }];
  const views = { canvases, flip: false, verticalFlip: false, scaleJitter: [1, 1] } as const;
  using loader = new DetectionLoader(images, { seed: 1, batchSize: 8, maxImagePixels: 1e6, ...views });
  using runner = new train.UnitRunner(device.compiler, train.trainingBatchNorm(train.loneWorker, "counts"));
  const net = supernet(space, 1);
  const context = { device, runner, classes: images.classes.length, seed: 1 };
  const pyramid = { levels: [3, 5], channels: 32, norm: "batch" } as const;
  const detector = new train.OneStageDetector(
    context,
    centreHead(pyramid.levels, pyramid.channels, context.classes),
  );
  using model = new train.DetectionModel(context, space, net, pyramid, detector);
  using state = new train.NetworkState(model.unitsOnPath(architecture), 1);
  const sgd = { momentum: 0.9, weightDecay: 1e-4, decayOn: "weights", biasLearningRateFactor: 2 } as const;
  const settings = { ...sgd, bnMomentum: 0.1, clipGradientNorm: 10 };
  const losses: train.DetectionLosses[] = [];
  for (let step = 0; step < steps; step++) {
    const rate = 0.02 * Math.min(1, (step + 1) / 10);
    losses.push(model.trainStep(state, await loader.batch(step), architecture, step, rate, settings));
  }
  const batch = await loader.batch(steps);
  const statistics = train.inheritedStatistics(state, model.unitsOnPath(architecture));
  const found = model.detect(state, statistics, batch, architecture);
  train.disposeStatistics(statistics);
  return { losses, batch, found };
}

if (import.meta.main) {
  const { losses, batch, found } = await trainCustomHead(await registerTensorFlow(), 100);
  console.log(`loss ${losses[0].loss.toFixed(3)} to ${losses[losses.length - 1].loss.toFixed(3)}`);
  found.forEach(({ scores }, i) => console.log(`${batch.ids[i]}: ${scores.length} found, best ${scores[0]}`));
}
