/**
 * From the heads' raw outputs to an image's detections: the inference half of RetinaNet, on typed arrays.
 *
 * @module
 */
import { boxCount, clipBoxAt, hasAreaAt, takeBoxes } from "./box.ts";
import { boxWeights, decodeBoxAt } from "./box_coder.ts";
import { classWiseNms } from "./nms.ts";
import { bestRows } from "./score_order.ts";

/** How many detections survive, and which. */
export interface DetectionOptions {
  /** A class whose probability is not above this at an anchor is no candidate; RetinaNet: 0.05. */
  readonly scoreThreshold: number;
  /** Overlap above which NMS suppresses; the authors' RetinaNet: 0.4. */
  readonly nmsIou: number;
  /** Candidates kept per pyramid level before decoding; RetinaNet: 1,000. */
  readonly candidatesPerLevel: number;
  /** Detections per image after NMS; COCO: 100. */
  readonly maxDetections: number;
}

/** The raw outputs for one image, and where they lie. */
export interface RetinaOutputs {
  /** `[R, K]` class logits; the score is their sigmoid. */
  readonly logits: Float32Array;
  /** `[R, 4]`. */
  readonly deltas: Float32Array;
  /** `[R, 4]` x1, y1, x2, y2 in canvas pixels. */
  readonly anchorsXyxy: Float32Array;
  /** How R divides into levels, e.g. from {@linkcode anchorsPerLevel}. */
  readonly anchorsPerLevel: readonly number[];
}

/** Detections of one image in canvas pixels, best first. */
export interface CanvasDetections {
  /** `[N, 4]` x1, y1, x2, y2, within the image. */
  readonly boxesXyxy: Float32Array;
  /** `[N]` in 0..1, descending. */
  readonly scores: Float32Array;
  /** `[N]` 0..K-1. */
  readonly classIndices: Int32Array;
}

/**
 * Detects: per level the best candidates above the threshold, decoded, clipped to the image, suppressed class by
 * class (Lin et al. 2017, section 4). An anchor may give several classes. Ties in score go to the earlier anchor,
 * then class. Boxes without area after clipping are dropped.
 *
 * @param outputs The heads' outputs for one image.
 * @param image The valid part of the canvas, from its top left corner.
 * @param options See {@linkcode DetectionOptions}.
 * @throws {RangeError} If lengths disagree, or a logit or the box of a candidate is not a number.
 */
export function decodeDetections(
  outputs: RetinaOutputs,
  image: { readonly widthPx: number; readonly heightPx: number },
  options: DetectionOptions,
): CanvasDetections {
  const classCount = checkOutputs(outputs);
  const candidates = levelCandidates(outputs, classCount, options);
  const boxes = new Float32Array(4 * candidates.length);
  const logits = new Float32Array(candidates.length);
  const classes = new Int32Array(candidates.length);
  let count = 0;
  for (const candidate of candidates) {
    const anchor = Math.floor(candidate / classCount);
    decodeBoxAt(outputs.anchorsXyxy, anchor, outputs.deltas, anchor, boxWeights, boxes, count);
    checkBoxAt(boxes, count, `anchor ${anchor}`);
    clipBoxAt(boxes, count, image);
    if (!hasAreaAt(boxes, count)) continue; // the next candidate overwrites the row
    logits[count] = outputs.logits[candidate];
    classes[count++] = candidate % classCount;
  }
  // Suppression goes by logits: sigmoid keeps their order, but rounds large ones to equal scores.
  const found = suppress(
    boxes.subarray(0, 4 * count),
    logits.subarray(0, count),
    classes.subarray(0, count),
    options,
  );
  return { ...found, scores: found.scores.map((logit) => 1 / (1 + Math.exp(-logit))) };
}

/**
 * The last step of both detectors: suppression class by class, and the best of what is left.
 *
 * @param boxesXyxy `[M, 4]` x1, y1, x2, y2 in pixels.
 * @param scores `[M]`, on any scale.
 * @param classIndices `[M]`, 0 or more.
 * @returns The boxes that are left, best first; the scores on the scale that they were given on.
 * @throws {RangeError} If lengths disagree or a score is NaN.
 */
export function suppress(
  boxesXyxy: Float32Array,
  scores: Float32Array,
  classIndices: Int32Array,
  { nmsIou, maxDetections }: { readonly nmsIou: number; readonly maxDetections: number },
): CanvasDetections {
  const kept = classWiseNms(boxesXyxy, scores, classIndices, nmsIou, maxDetections);
  return {
    boxesXyxy: takeBoxes(boxesXyxy, kept),
    scores: Float32Array.from(kept, (row) => scores[row]),
    classIndices: Int32Array.from(kept, (row) => classIndices[row]),
  };
}

/**
 * Refuses a box that is not a number.
 *
 * @param source Whose box `i` is, for the message.
 * @throws {RangeError} If one of its coordinates is NaN.
 */
export function checkBoxAt(boxesXyxy: Float32Array, i: number, source: string): void {
  for (let at = 4 * i; at < 4 * i + 4; at++) {
    if (!Number.isNaN(boxesXyxy[at])) continue;
    throw new RangeError(`Cannot decode detections as boxes must be numbers: the box of ${source} is NaN`);
  }
}

/** Positions in `logits` of all levels' candidates, level by level, each best first. */
function levelCandidates(outputs: RetinaOutputs, classCount: number, options: DetectionOptions): number[] {
  // sigmoid(x) > t is x > log(t / (1 - t)): one logarithm instead of R * K exponentials.
  const threshold = Math.log(options.scoreThreshold / (1 - options.scoreThreshold));
  const candidates: number[] = [];
  let begin = 0;
  for (const anchors of outputs.anchorsPerLevel) {
    const end = begin + anchors * classCount;
    candidates.push(...bestRows(outputs.logits, begin, end, threshold, options.candidatesPerLevel));
    begin = end;
  }
  return candidates;
}

/** Checks that all arrays have the same R, and returns K. */
function checkOutputs(
  { logits, deltas, anchorsXyxy, anchorsPerLevel }: RetinaOutputs,
): number {
  const anchors = boxCount(anchorsXyxy, "anchorsXyxy");
  const levels = anchorsPerLevel.reduce((sum, count) => sum + count, 0);
  if (
    deltas.length !== anchorsXyxy.length || levels !== anchors || anchors === 0 ||
    logits.length % anchors !== 0
  ) {
    throw new RangeError(
      `Cannot decode detections as logits [R, K], deltas [R, 4], anchors [R, 4] and levels must have one R > 0: lengths are ${logits.length}, ${deltas.length}, ${anchorsXyxy.length}, and levels sum to ${levels}`,
    );
  }
  return logits.length / anchors;
}
