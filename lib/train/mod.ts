/**
 * `@detnas/detnas/train`: training a supernet along sampled paths, under a classifier or under a detector, also one's own;
 * recalibration and detection with the same weights. It runs on a {@linkcode Device}; the engine is one. Importing it
 * asks for no permission.
 *
 * @module
 */

// What computes
export type { Device } from "./device.ts";
export {
  type BatchNormMaker,
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
