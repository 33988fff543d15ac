/**
 * Trains a supernet in which each block is a ShuffleNetV2 block or one of our own, on generated images, and prints the loss:
 *
 *     deno run --allow-read --allow-write --allow-env --allow-run=python3,python --allow-ffi examples/train_custom_block.ts
 *
 * @module
 */
import { authorsChoices, countMacs, type SearchSpace } from "@detnas/detnas";
import { ClassificationLoader, shapesClassification } from "@detnas/detnas/data";
import { registerTensorFlow } from "@detnas/detnas/engine";
import { classifierUnit, supernet } from "@detnas/detnas/models";
import * as train from "@detnas/detnas/train";
import { invertedResidual } from "./custom_block.ts";

/** Five blocks, each one of two choices. */
export const space: SearchSpace = {
  name: "with an inverted residual",
  choices: [authorsChoices[0], invertedResidual],
  stem: "shufflenet",
  stageRepeats: [1, 1, 2, 1],
  stemChannels: 8,
  stageChannels: [16, 32, 48, 64],
  lastChannels: 64,
  resolution: 32,
};

/**
 * Trains, each step on another path.
 *
 * @param device What computes.
 * @param steps How many.
 * @returns The loss of each step.
 */
export async function trainCustomBlock(device: train.Device, steps: number): Promise<number[]> {
  const images = shapesClassification({ seed: 1, split: "train", imagesPerClass: 2, imagePx: 32 });
  const views = { resolutionPx: 32, cropScale: [1, 1], colorJitter: 0, flip: false } as const;
  using loader = new ClassificationLoader(images, { seed: 1, batchSize: 20, maxImagePixels: 1e6, ...views });
  const net = supernet(space, 1);
  const classifier = classifierUnit(space, images.classes.length);
  using runner = new train.UnitRunner(device.compiler, train.trainingBatchNorm(train.loneWorker, "counts"));
  const sgd = { momentum: 0.9, weightDecay: 4e-5, decayOn: "matrices", biasLearningRateFactor: 1 } as const;
  const settings = { ...sgd, bnMomentum: 0.1, labelSmoothing: 0.1, dropout: 0, seed: 1 };
  using model = new train.ClassificationModel(device, runner, net, classifier, settings);
  using state = new train.NetworkState([net.stem, ...net.blocks.flat(), classifier], 1);
  const path = train.uniformPaths({ space, seed: 1, stage: "pretrain" });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push(model.trainStep(state, await loader.batch(step), path(step), step, 0.05));
  }
  return losses;
}

if (import.meta.main) {
  const losses = await trainCustomBlock(await registerTensorFlow(), 100);
  console.log(`loss ${losses[0].toFixed(3)} to ${losses[losses.length - 1].toFixed(3)}`);
  const ownBlocksOnly = [1, 1, 1, 1, 1];
  console.log(`${countMacs(space, ownBlocksOnly)} multiply-adds with our own blocks only`);
}
