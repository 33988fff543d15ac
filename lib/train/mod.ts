/**
 * `@detnas/detnas/train`: training a supernet along sampled paths, under a classifier or under a detector, also one's own;
 * recalibration and detection with the same weights. It runs on a {@linkcode Device}; the engine is one. Importing it
 * asks for no permission.
 *
 * @example Steps of a supernet, each on another path
 * ```ts
 * // deno run --allow-read --allow-write --allow-env --allow-ffi --allow-run=python3,python
 * import { type SearchSpace, searchSpaces } from "@detnas/detnas";
 * import { ClassificationLoader, shapesClassification } from "@detnas/detnas/data";
 * import { registerTensorFlow } from "@detnas/detnas/engine";
 * import { classifierUnit, supernet } from "@detnas/detnas/models";
 * import * as train from "@detnas/detnas/train";
 *
 * const device = await registerTensorFlow({ threads: 2 });
 * const small = { stageRepeats: [1, 1, 2, 1], stemChannels: 8, stageChannels: [16, 32, 48, 64], lastChannels: 64 };
 * const space: SearchSpace = { ...searchSpaces.small, ...small, name: "five blocks", resolution: 32 };
 * const images = shapesClassification({ seed: 1, split: "train", imagesPerClass: 1, imagePx: 32 });
 * const views = { resolutionPx: 32, cropScale: [1, 1], colorJitter: 0, flip: false } as const;
 * using loader = new ClassificationLoader(images, { seed: 1, batchSize: 10, maxImagePixels: 1e6, ...views });
 *
 * const net = supernet(space, 1);
 * const classifier = classifierUnit(space, images.classes.length);
 * const sgd = { momentum: 0.9, weightDecay: 4e-5, decayOn: "matrices", biasLearningRateFactor: 1 } as const;
 * const settings = { ...sgd, bnMomentum: 0.1, labelSmoothing: 0.1, dropout: 0, seed: 1 };
 * using runner = new train.UnitRunner(device.compiler, train.trainingBatchNorm(train.loneWorker, "counts"));
 * using model = new train.ClassificationModel(device, runner, net, classifier, settings);
 * using state = new train.NetworkState([net.stem, ...net.blocks.flat(), classifier], 1);
 *
 * const pathOf = train.uniformPaths({ space, seed: 1, stage: "pretrain" });
 * const rateOf = train.linearDecay(0.1, 20);
 * const losses: number[] = [];
 * for (let step = 0; step < 20; step++) {
 *   losses.push(model.trainStep(state, await loader.batch(step), pathOf(step), step, rateOf(step)));
 * }
 * console.log(losses.length, losses.every(Number.isFinite)); // 20 true
 * ```
 *
 * @module
 */

// What computes
export type { Device } from "./device.ts";
export type { BatchNormMaker } from "./unit_kernels.ts";
export {
  disposePass,
  type UnitGradients,
  type UnitPass,
  UnitRunner,
  type UnitUpdate,
  type UpdateSettings,
} from "./unit_runner.ts";
export { trainingBatchNorm } from "./training_batch_norm.ts";
export type { SgdSettings } from "../nn/sgd.ts";
export {
  gatherBytes,
  gatherNumbers,
  gatherRows,
  loneWorker,
  saidByFirst,
  shareBytes,
  sumNumbers,
  type WorkerGroup,
} from "../nn/worker_group.ts";

// Networks under training
export { NetworkState, type UnitState } from "./network_state.ts";
export { ClassificationModel, type ClassificationSettings } from "./classification_model.ts";
export { DetectionModel, type DetectionSettings, type PyramidOptions } from "./detection_model.ts";
export type { PrefixNode } from "./prefix_tree.ts";
export { unitsOnPath } from "./trunk.ts";
export { fairPaths, fixedPath, type PathDraws, type PathOfStep, uniformPaths } from "./path.ts";
export { linearDecay, type Schedule, warmupMultiStep, type WarmupMultiStepSettings } from "../nn/schedule.ts";

// Detectors
export {
  type DetectionLosses,
  type Detector,
  type DetectorContext,
  type DetectorGradients,
  type DetectorStep,
  type RunUnit,
} from "./detector.ts";
export { type HeadTargets, OneStageDetector, type OneStageHead } from "./one_stage_detector.ts";
export { type Canvas, canvasOf } from "./canvas_plans.ts";
export { type Assign, matchedTargets } from "./matched_targets.ts";
export { retinaHead, type RetinaSettings } from "./retina_detector.ts";
export {
  type AnchorOptions,
  anchorsPerLevel,
  pyramidAnchors,
  type PyramidLevel,
  pyramidLevels,
} from "../boxes/anchors.ts";
export { type BoxWeights, decodeBoxes, encodeBoxes } from "../boxes/box_coder.ts";
export { clipBoxes } from "../boxes/box.ts";
export type { MatchThresholds } from "../boxes/matcher.ts";
export { iouMatrix } from "../boxes/iou.ts";
export { classWiseNms, nms } from "../boxes/nms.ts";
export {
  type CanvasDetections,
  decodeDetections,
  type DetectionOptions,
  type RetinaOutputs,
  suppress,
} from "../boxes/detections.ts";

// Batches and weights
export type { ClassificationBatch, DetectionBatch, ImagePlacement } from "../data/sample.ts";
export {
  decodeSafetensors,
  type Dtype,
  encodeSafetensors,
  type SafetensorsContent,
  type StoredTensor,
  type TensorMap,
  type TypedArrays,
} from "./safetensors.ts";
export { movingAverage, type PathStatistics, type StatisticsCollector, trueAverage } from "./recalibrate.ts";
export { disposeStatistics, inheritedStatistics, type TreeStatistics } from "./path_statistics.ts";
