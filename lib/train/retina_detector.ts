/**
 * RetinaNet (Lin et al. 2017, "Focal loss"): classes and boxes at every anchor, in one stage.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { type AnchorOptions, anchorsPerCell, anchorsPerLevel, pyramidAnchors } from "../boxes/anchors.ts";
import { decodeDetections, type DetectionOptions } from "../boxes/detections.ts";
import { type MatchThresholds, retinaTargets } from "../boxes/matcher.ts";
import type { DetectionBatch } from "../data/sample.ts";
import type { DetectorNorm } from "../models/fpn.ts";
import { retinaHeadUnit } from "../models/retina_head.ts";
import { retinaLoss } from "../models/retina_loss.ts";
import { type Canvas, canvasOf } from "./canvas_plans.ts";
import type { HeadTargets, OneStageHead } from "./one_stage_detector.ts";

/** RetinaNet's numbers: of its anchors, of its head, of the loss and of what it keeps in detection. */
export interface RetinaSettings extends AnchorOptions, MatchThresholds, DetectionOptions {
  /** First and last level, inclusive, 3 or more. */
  readonly levels: readonly [first: number, last: number];
  /** Channels of the levels and of the towers. */
  readonly channels: number;
  /** 3x3 convolutions in each tower. */
  readonly towerConvs: number;
  /** After the towers' convolutions. */
  readonly norm: DetectorNorm;
  /** Probability that a fresh head gives to every class at every anchor. */
  readonly prior: number;
  /** Weight of positives in the focal loss. */
  readonly focalAlpha: number;
  /** How much well-classified examples are discounted in the focal loss. */
  readonly focalGamma: number;
  /** Where the box loss bends from quadratic to linear. */
  readonly smoothL1Beta: number;
}

/** What one canvas fixes. */
interface Anchors {
  /** `[R, 4]`. */
  readonly anchorsXyxy: Float32Array;
  /** How R divides into levels. */
  readonly anchorsPerLevel: readonly number[];
}

/**
 * RetinaNet's head (Lin et al. 2017, "Focal loss"), for a {@linkcode OneStageDetector}.
 *
 * @param config Its numbers.
 * @param classes K.
 * @returns Outputs of its unit: class logits `[N, R, K]` and box deltas `[N, R, 4]`.
 * @throws {RangeError} If the prior is not between 0 and 1.
 */
export function retinaHead(config: RetinaSettings, classes: number): OneStageHead {
  const { focalAlpha: alpha, focalGamma: gamma, smoothL1Beta } = config;
  const anchorsOf = rememberedByCanvas((canvas) => anchorsOn(canvas, config));
  return {
    unit: retinaHeadUnit({ ...config, classes, anchorsPerCell: anchorsPerCell(config) }),
    extraLevels: "convolved",
    lossNames: ["classLoss", "boxLoss"],
    loss: retinaLoss({ alpha, gamma, smoothL1Beta, classes }),
    targets: (batch) =>
      targetsOf(batch, anchorsOf(canvasOf(batch)).anchorsXyxy, { ...config, classCount: classes }),
    detect: ([logits, deltas], batch, image) =>
      decodeDetections({ logits, deltas, ...anchorsOf(canvasOf(batch)) }, batch.placements[image], config),
  };
}

function anchorsOn(canvas: Canvas, config: RetinaSettings): Anchors {
  return {
    anchorsXyxy: pyramidAnchors(config.levels, canvas, config),
    anchorsPerLevel: anchorsPerLevel(config.levels, canvas, config),
  };
}

/** What each anchor should say, over the whole batch. */
function targetsOf(
  batch: DetectionBatch,
  anchorsXyxy: Float32Array,
  options: Parameters<typeof retinaTargets>[3],
): HeadTargets {
  const [images, anchors] = [batch.ids.length, anchorsXyxy.length / 4];
  const labels = new Int32Array(images * anchors);
  const targets = new Float32Array(images * anchors * 4);
  let positives = 0;
  batch.boxesXyxy.forEach((boxesXyxy, i) => {
    const image = retinaTargets(anchorsXyxy, boxesXyxy, batch.classIndices[i], options);
    labels.set(image.labels, i * anchors);
    targets.set(image.deltas, i * anchors * 4);
    positives += image.positives;
  });
  const tensors = [
    tf.tensor2d(labels, [images, anchors], "int32"),
    tf.tensor3d(targets, [images, anchors, 4]),
  ];
  return { tensors, positives };
}

function rememberedByCanvas<T>(make: (canvas: Canvas) => T): (canvas: Canvas) => T {
  const made = new Map<string, T>();
  return (canvas) => {
    const key = `${canvas.heightPx}x${canvas.widthPx}`;
    const value = made.get(key) ?? make(canvas);
    made.set(key, value);
    return value;
  };
}
