/**
 * Targets of a head of one stage from an assignment of one's own: which anchors, cells or points stand for which object.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { boxWeights, encodeBoxAt } from "../boxes/box_coder.ts";
import type { DetectionBatch } from "../data/sample.ts";
import type { HeadTargets } from "./one_stage_detector.ts";

/** Tells which anchors stand for an object: indices into the anchors. */
export type Assign = (boxXyxy: Float32Array) => Iterable<number>;

/**
 * What `retinaLoss` wants to know of a batch, by an assignment: labels `[N, R]` int32, the class index of an anchor
 * that stands for an object, else K; and deltas `[N, R, 4]` float32 as `encodeBoxes` gives them, 0 at the others. Where two
 * objects get the same anchor, the later one has it.
 *
 * @param anchorsXyxy `[R, 4]` in canvas pixels: what boxes are told relative to.
 * @param classes K.
 * @param assign Asked for every object, with its box in canvas pixels.
 * @throws {RangeError} If it gives what is no anchor, or an anchor or a box has no area.
 */
export function matchedTargets(
  batch: DetectionBatch,
  anchorsXyxy: Float32Array,
  classes: number,
  assign: Assign,
): HeadTargets {
  const [images, anchors] = [batch.ids.length, anchorsXyxy.length / 4];
  const labels = new Int32Array(images * anchors).fill(classes);
  const deltas = new Float32Array(images * anchors * 4);
  batch.boxesXyxy.forEach((boxesXyxy, n) => {
    const ofImage = deltas.subarray(4 * n * anchors, 4 * (n + 1) * anchors);
    batch.classIndices[n].forEach((classIndex, i) => {
      for (const anchor of assign(boxesXyxy.subarray(4 * i, 4 * i + 4))) {
        checkAnchor(anchor, anchors);
        labels[n * anchors + anchor] = classIndex;
        encodeBoxAt(anchorsXyxy, anchor, boxesXyxy, i, boxWeights, ofImage);
      }
    });
  });
  const tensors = [
    tf.tensor2d(labels, [images, anchors], "int32"),
    tf.tensor3d(deltas, [images, anchors, 4]),
  ];
  return { tensors, positives: labels.filter((label) => label < classes).length };
}

function checkAnchor(anchor: number, anchors: number): void {
  if (Number.isInteger(anchor) && anchor >= 0 && anchor < anchors) return;
  throw new RangeError(
    `Cannot match an object as its anchor must be a whole number from 0 to ${anchors - 1}: it is ${anchor}`,
  );
}
