/**
 * The whole job in well under a minute: `shapes` over a space of five small blocks, a few dozen steps, images of
 * 64 pixels. For tests and for trying commands; its numbers mean nothing.
 *
 * Time: well under a minute on 2 cores.
 * Command: `deno task search --config shapes-tiny`
 *
 * @module
 */
import type { ConfigInput } from "../../lib/config/schema.ts";
import { authorsChoices } from "../../lib/space/search_space.ts";
import { shapes } from "./shapes.ts";

/** The config `shapes-tiny`. */
export const shapesTiny = {
  ...shapes,
  name: "shapes-tiny",
  space: {
    name: "tiny",
    choices: [...authorsChoices],
    stem: "shufflenet",
    stageRepeats: [1, 1, 2, 1],
    stemChannels: 4,
    stageChannels: [8, 16, 24, 32],
    lastChannels: 32,
    resolution: 64,
  },
  pretrainData: { kind: "shapes", imagesPerClass: 16, imagePx: 32, valImagesPerClass: 4 },
  detectionData: { kind: "shapes", train: 24, val: 8, test: 8, widthPx: 64, heightPx: 64 },
  pretrain: {
    ...shapes.pretrain,
    duration: { steps: 12 },
    batchSize: 8,
    resolutionPx: 32,
    checkpointSteps: 4,
    validationImages: 16,
  },
  detector: {
    ...shapes.detector,
    levels: [3, 5],
    channels: 16,
    scalesPerOctave: 2,
    aspectRatios: [1],
    candidatesPerLevel: 50,
    maxDetections: 20,
    canvases: [[64, 64]],
  },
  finetune: { ...shapes.finetune, duration: { steps: 12 }, batchSize: 4, warmupSteps: 2, checkpointSteps: 4 },
  search: {
    ...shapes.search,
    population: 4,
    generations: 2,
    parents: 2,
    mutants: 1,
    crossovers: 1,
    maxAttempts: 100,
    budget: { macs: null, parameters: null, latencyMs: null },
    recalibration: { ...shapes.search.recalibration, images: 8, batchSize: 4 },
  },
  retrain: {
    ...shapes.retrain,
    duration: { steps: 12 },
    batchSize: 4,
    warmupSteps: 2,
    checkpointSteps: 4,
    statistics: { images: 8 },
  },
} satisfies ConfigInput;
