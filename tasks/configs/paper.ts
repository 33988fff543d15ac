/**
 * What the paper's experiments share: the authors' recipes for ImageNet, for detection and for the search. Facts are
 * those of their released code (megvii-model/DetNAS and ShuffleNet-Series); where it has none, the comment says so.
 *
 * @module
 */
import type {
  ClassificationTraining,
  ConfigInput,
  DetectionTraining,
  FasterRcnnConfig,
  RetinaNetConfig,
  SearchConfig,
} from "../../lib/config/schema.ts";
import { strategySettings } from "./strategies.ts";

/** ImageNet, for supernets and single networks alike: 300,000 steps of 1,024 images. */
export const imageNetTraining = {
  duration: { steps: 300_000 },
  batchSize: 1024,
  resolutionPx: 224,
  learningRate: 0.5,
  momentum: 0.9,
  weightDecay: 4e-5,
  labelSmoothing: 0.1,
  dropout: 0.2,
  bnMomentum: 0.1,
  cropScale: [0.08, 1],
  colorJitter: 0.4,
  flip: true,
  checkpointSteps: 2000,
  validationImages: 50_000,
} satisfies ClassificationTraining;

/** Detection, "1x": 90,000 steps of 16 images, the learning rate falling at 60,000 and 80,000. */
const oneX = {
  duration: { steps: 90_000 },
  batchSize: 16,
  warmupSteps: 500,
  warmupFactor: 1 / 3,
  decayAt: [2 / 3, 8 / 9],
  momentum: 0.9,
  weightDecay: 1e-4,
  biasLearningRateFactor: 2,
  flip: true,
  verticalFlip: false,
  scaleJitter: [1, 1],
  colorJitter: 0,
  clipGradientNorm: null,
  checkpointSteps: 1000,
} satisfies Omit<DetectionTraining, "learningRate" | "bnMomentum">;

/** Peak learning rates by detector. */
const learningRates = { "faster-rcnn": 0.02, "retinanet": 0.01 } as const;

/** The supernet's fine-tuning: batch norm's statistics move faster than in a single network's training. */
export function supernetTraining(kind: keyof typeof learningRates): DetectionTraining {
  return { ...oneX, learningRate: learningRates[kind], bnMomentum: 0.1 };
}

/** A single network's training on boxes, after its own on ImageNet. */
export function networkTraining(kind: keyof typeof learningRates): ConfigInput["retrain"] {
  return {
    ...oneX,
    learningRate: learningRates[kind],
    bnMomentum: 0.01,
    initialise: "scratch",
    classification: imageNetTraining,
  };
}

/** 800 x 1333 px, rounded up to the stages' five halvings. */
const cocoCanvases: [number, number][] = [[800, 1344], [1344, 800]];

/** Faster R-CNN with FPN and a head of four convolutions and one linear layer. */
export const fasterRcnn = {
  kind: "faster-rcnn",
  levels: [2, 6],
  channels: 256,
  norm: "batch",
  scalesPerOctave: 1,
  aspectRatios: [0.5, 1, 2],
  anchorScale: 8,
  scoreThreshold: 0.05,
  nmsIou: 0.5,
  maxDetections: 100,
  canvases: cocoCanvases,
  proposals: {
    foregroundIou: 0.7,
    backgroundIou: 0.3,
    anchorsPerImage: 256,
    positiveShare: 0.5,
    smoothL1Beta: 1 / 9,
    nmsIou: 0.7,
    trainingCandidatesPerLevel: 2000,
    trainingProposals: 2000,
    candidatesPerLevel: 1000,
    proposals: 1000,
  },
  boxHead: {
    foregroundIou: 0.5,
    proposalsPerImage: 512,
    positiveShare: 0.25,
    poolSide: 7,
    samplingRatio: 2,
    convs: 4,
    hidden: 1024,
    smoothL1Beta: 1,
  },
} satisfies FasterRcnnConfig;

/** RetinaNet on C3 to C5, P6 and P7. */
export const retinaNet = {
  kind: "retinanet",
  levels: [3, 7],
  channels: 256,
  towerConvs: 4,
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
  canvases: cocoCanvases,
} satisfies RetinaNetConfig;

/** The authors' evolution: 20 generations of 50, scored on 5,000 images, batch norm re-measured on 4,000. */
export const paperSearch = {
  population: 50,
  generations: 20,
  parents: 10,
  mutants: 20,
  mutationRate: 0.1,
  crossovers: 20,
  maxAttempts: 1000,
  budget: { macs: 300e6, parameters: null, latencyMs: null },
  latencyTable: null,
  recalibration: { mode: "moving", images: 4000, batchSize: 8, momentum: 0.1 },
  scoreImages: 5000,
  earlyStop: null,
  objective: "detection",
  strategies: ["evolution", "random"],
  seeds: 1,
  ...strategySettings,
} satisfies SearchConfig;

/** DetNAS on COCO with Faster R-CNN, over the space of 20 blocks: what the other experiments are variations of. */
export const detnas = {
  name: "coco-fpn-300m",
  seed: 1,
  space: "small",
  shuffleMethod: 1,
  syncBatchNorm: "counts",
  device: { kind: "gpu", threads: null },
  workers: 1,
  // Filled in by --pretrain-data and --data.
  pretrainData: { kind: "folder", path: "" },
  detectionData: { kind: "folder", path: "", searchImages: 5000 },
  // ImageNet's largest has 61 million.
  maxImagePixels: 100_000_000,
  architecture: null,
  supernetRun: null,
  paths: {
    pretrain: { kind: "macs-bins", lowest: 290e6, highest: 360e6, width: 10e6, maxAttempts: 500 },
    finetune: { kind: "uniform" },
  },
  pretrain: imageNetTraining,
  detector: fasterRcnn,
  finetune: supernetTraining("faster-rcnn"),
  search: paperSearch,
  retrain: networkTraining("faster-rcnn"),
} satisfies ConfigInput;

/** The same under RetinaNet. */
export const withRetinaNet = {
  detector: retinaNet,
  finetune: supernetTraining("retinanet"),
  retrain: networkTraining("retinanet"),
} satisfies Partial<ConfigInput>;

/** VOC's customary 600 x 1000 px, rounded up likewise. */
const vocCanvases: [number, number][] = [[608, 1024], [1024, 608]];

/** The authors published no training of theirs on VOC: this is about 17 epochs of VOC 2007 and 2012's trainval. */
const vocSteps = { steps: 18_000 };

/**
 * An experiment's detector and trainings on VOC in place of COCO; the search's split is a tenth of the training images.
 */
export function onVoc<D extends FasterRcnnConfig | RetinaNetConfig>(
  { detector, finetune, retrain }: {
    readonly detector: D;
    readonly finetune: DetectionTraining;
    readonly retrain: ConfigInput["retrain"];
  },
): Pick<ConfigInput, "detector" | "finetune" | "retrain" | "detectionData"> {
  return {
    detectionData: { kind: "folder", path: "", searchImages: null },
    detector: { ...detector, canvases: vocCanvases },
    finetune: { ...finetune, duration: vocSteps },
    retrain: { ...retrain, duration: vocSteps },
  };
}

/**
 * An experiment without ImageNet. The authors published no such training: the supernet's is as long as ever, the
 * winner's three times as long, as networks that start from nothing need (He, Girshick and Dollar 2019).
 */
export function fromScratch(
  { retrain }: Pick<ConfigInput, "retrain">,
): Pick<ConfigInput, "pretrainData" | "pretrain" | "retrain"> {
  const { duration } = retrain;
  const longer = "steps" in duration ? { steps: 3 * duration.steps } : { epochs: 3 * duration.epochs };
  return {
    pretrainData: null,
    pretrain: null,
    retrain: { ...retrain, classification: null, duration: longer },
  };
}

/** ClsNASNet's search: the pre-trained supernet's top-1 accuracy scores, and no box is looked at before retraining. */
export const classificationSearch = {
  ...paperSearch,
  objective: "classification",
} satisfies SearchConfig;
