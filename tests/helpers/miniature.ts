/**
 * A config's experiment on a table top: the same stages, detector, space's depth and choices, strategies and modes, over
 * a few narrow channels, small generated images and two steps.
 *
 * @module
 */
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config, ConfigInput } from "../../lib/config/schema.ts";

const canvasPx = 64;
const steps = 2;

/** Shrinks a config to what runs in seconds. */
export function miniature(config: ConfigInput): Config {
  // Parsed first, as the config may name its space; a folder that is to be filled in is not read.
  const { space, pretrainData, ...whole } = parseConfig({
    ...config,
    device: { kind: "cpu", threads: 2 },
    pretrainData: config.pretrainData && { kind: "folder", path: "absent" },
    detectionData: { kind: "folder", path: "absent", searchImages: null },
  }, config.name);
  const training = { duration: { steps }, batchSize: 2, checkpointSteps: 1 };
  const labels = {
    ...training,
    resolutionPx: 32,
    learningRate: 0.01,
    validationImages: Math.min(4, whole.pretrain?.validationImages ?? 0),
  };
  const boxes = { ...training, learningRate: 0.001, warmupSteps: 1 };
  const classification = whole.retrain.classification;
  return parseConfig({
    ...whole,
    space: miniatureSpace(space),
    pretrainData: pretrainData && { kind: "shapes", imagesPerClass: 2, imagePx: 32, valImagesPerClass: 1 },
    detectionData: { kind: "shapes", train: 6, val: 2, test: 2, widthPx: canvasPx, heightPx: canvasPx },
    pretrain: whole.pretrain && { ...whole.pretrain, ...labels },
    detector: miniatureDetector(whole.detector),
    finetune: { ...whole.finetune, ...boxes },
    search: {
      ...whole.search,
      population: 2,
      generations: 2,
      parents: 1,
      mutants: 1,
      crossovers: 1,
      budget: { macs: null, parameters: null, latencyMs: null },
      recalibration: { ...whole.search.recalibration, images: 4, batchSize: 2 },
      scoreImages: 2,
    },
    retrain: {
      ...whole.retrain,
      ...boxes,
      classification: classification && { ...classification, ...labels },
      statistics: whole.retrain.statistics && { images: 4 },
    },
  }, `miniature of ${config.name}`);
}

function miniatureSpace(space: Config["space"]): Config["space"] {
  return {
    ...space,
    stemChannels: 4,
    stageChannels: [8, 12, 16, 20],
    lastChannels: space.lastChannels === null ? null : 16,
    resolution: canvasPx,
  };
}

function miniatureDetector(detector: Config["detector"]): Config["detector"] {
  const narrow = { channels: 8, canvases: [[canvasPx, canvasPx] as [number, number]], scoreThreshold: 0 };
  if (detector.kind === "retinanet") {
    return { ...detector, ...narrow, candidatesPerLevel: 20, maxDetections: 10 };
  }
  return {
    ...detector,
    ...narrow,
    maxDetections: 10,
    proposals: {
      ...detector.proposals,
      anchorsPerImage: 16,
      trainingCandidatesPerLevel: 20,
      trainingProposals: 20,
      candidatesPerLevel: 20,
      proposals: 10,
    },
    boxHead: { ...detector.boxHead, proposalsPerImage: 8, hidden: 16 },
  };
}
