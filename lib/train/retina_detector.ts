/**
 * RetinaNet (Lin et al. 2017, "Focal loss"): classes and boxes at every anchor, in one stage.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { anchorsPerCell, anchorsPerLevel, pyramidAnchors } from "../boxes/anchors.ts";
import { type CanvasDetections, decodeDetections } from "../boxes/detections.ts";
import { retinaTargets } from "../boxes/matcher.ts";
import type { RetinaNetConfig } from "../config/schema.ts";
import type { DetectionBatch } from "../data/sample.ts";
import { retinaHeadUnit } from "../models/retina_head.ts";
import { retinaLoss } from "../models/retina_loss.ts";
import { type Canvas, canvasOf } from "./canvas_plans.ts";
import type { HeadTargets, OneStageHead } from "./one_stage_detector.ts";

/** What one canvas fixes. */
interface Anchors {
  /** `[R, 4]`. */
  readonly anchorsXyxy: Float32Array;
  /** How R divides into levels. */
  readonly anchorsPerLevel: readonly number[];
}

/**
 * RetinaNet's head as a config describes it.
 *
 * @param config The detector's numbers.
 * @param classes K.
 */
export function retinaHead(config: RetinaNetConfig, classes: number): OneStageHead {
  const { focalAlpha: alpha, focalGamma: gamma, smoothL1Beta } = config;
  const anchorsOf = rememberedByCanvas((canvas) => anchorsOn(canvas, config));
  return {
    unit: retinaHeadUnit({ ...config, classes, anchorsPerCell: anchorsPerCell(config) }),
    extraLevels: "convolved",
    lossNames: ["classLoss", "boxLoss"],
    loss: retinaLoss({ alpha, gamma, smoothL1Beta, classes }),
    targets: (batch) =>
      targetsOf(batch, anchorsOf(canvasOf(batch)).anchorsXyxy, { ...config, classCount: classes }),
    detect: (outputs, batch) => detections(outputs, batch, anchorsOf(canvasOf(batch)), config),
  };
}

function anchorsOn(canvas: Canvas, config: RetinaNetConfig): Anchors {
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

/** Outputs: class logits `[N, R, K]` and box deltas `[N, R, 4]`. */
function detections(
  outputs: readonly Tensor[],
  batch: DetectionBatch,
  anchors: Anchors,
  config: RetinaNetConfig,
): CanvasDetections[] {
  const [logits, deltas] = outputs.map((output) => rowsOf(output));
  return batch.placements.map((placement, i) =>
    decodeDetections({ logits: logits(i), deltas: deltas(i), ...anchors }, placement, config)
  );
}

/** What an output says of each image. */
function rowsOf(output: Tensor): (image: number) => Float32Array {
  const values = output.dataSync<"float32">();
  const length = values.length / output.shape[0];
  return (image) => values.subarray(image * length, (image + 1) * length);
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
