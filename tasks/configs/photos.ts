/**
 * A user's own annotated photographs on one machine: a few hundred to a few thousand images of any classes, in
 * Pascal VOC's or COCO's layout. The search scores on the validation split, the report on the test split.
 * Pre-training takes an image folder; without one it learns from generated shapes.
 *
 * Time: 20 minutes on 2 cores for some 400 photographs, as far as nothing else runs.
 * Command: `deno task search --config photos --data DIR [--pretrain-data DIR]`
 *
 * @module
 */
import type { ConfigInput, DetectionTraining } from "../../lib/config/schema.ts";
import { strategySettings } from "./strategies.ts";

/** What fine-tuning the supernet and retraining the winner share. */
const detectionTraining = {
  batchSize: 8,
  learningRate: 0.02,
  warmupSteps: 100,
  warmupFactor: 1 / 3,
  decayAt: [2 / 3, 8 / 9],
  momentum: 0.9,
  weightDecay: 1e-4,
  biasLearningRateFactor: 2,
  bnMomentum: 0.1,
  flip: true,
  verticalFlip: false,
  scaleJitter: [0.8, 1.25],
  colorJitter: 0,
  clipGradientNorm: 10,
  checkpointSteps: 100,
} satisfies Omit<DetectionTraining, "duration">;

/** The config `photos`. */
export const photos = {
  name: "photos",
  seed: 1,
  space: "small",
  shuffleMethod: 1,
  syncBatchNorm: "counts",
  device: { kind: "cpu", threads: null },
  workers: 1,
  pretrainData: { kind: "shapes", imagesPerClass: 4000, imagePx: 64, valImagesPerClass: 100 },
  // Filled in by --data.
  detectionData: { kind: "folder", path: "", searchImages: null },
  maxImagePixels: 50_000_000,
  architecture: null,
  supernetRun: null,
  paths: { pretrain: { kind: "uniform" }, finetune: { kind: "uniform" } },
  pretrain: {
    duration: { steps: 800 },
    batchSize: 64,
    resolutionPx: 64,
    // The authors' 0.5 at 1,024 images a step is 0.03 at 64; a training this short never outgrows the noise of that.
    learningRate: 0.01,
    momentum: 0.9,
    weightDecay: 4e-5,
    labelSmoothing: 0.1,
    dropout: 0.2,
    bnMomentum: 0.1,
    cropScale: [0.35, 1],
    colorJitter: 0.4,
    flip: true,
    checkpointSteps: 250,
    validationImages: 1000,
  },
  detector: {
    kind: "retinanet",
    levels: [3, 7],
    channels: 64,
    towerConvs: 2,
    norm: "batch",
    scalesPerOctave: 3,
    aspectRatios: [0.5, 1, 2],
    anchorScale: 4,
    focalAlpha: 0.25,
    focalGamma: 2,
    smoothL1Beta: 0.11,
    prior: 0.01,
    foregroundIou: 0.5,
    backgroundIou: 0.4,
    scoreThreshold: 0.05,
    nmsIou: 0.4,
    candidatesPerLevel: 1000,
    maxDetections: 100,
    // A photograph of 4:3 fills 240 of the 256 rows; the stages halve the image five times, hence multiples of 32.
    canvases: [[256, 320], [320, 256]],
  },
  finetune: { ...detectionTraining, duration: { steps: 1200 } },
  search: {
    population: 12,
    generations: 6,
    parents: 5,
    mutants: 5,
    mutationRate: 0.1,
    crossovers: 5,
    maxAttempts: 500,
    budget: { macs: 300e6, parameters: null, latencyMs: null },
    recalibration: { mode: "average", images: 64, batchSize: 16, momentum: 0.1 },
    scoreImages: 80,
    earlyStop: null,
    objective: "detection",
    strategies: ["evolution", "random"],
    seeds: 1,
    latencyTable: null,
    ...strategySettings,
  },
  retrain: {
    ...detectionTraining,
    initialise: "supernet",
    classification: null,
    duration: { steps: 1600 },
  },
} satisfies ConfigInput;
