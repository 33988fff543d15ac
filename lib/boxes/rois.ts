/**
 * Regions of interest: the proposals that a second stage looks at, what it is to say of them, on which level of the
 * pyramid each lies, and from what it says to detections (Girshick 2015, "Fast R-CNN"; Lin et al. 2017, "FPN").
 *
 * @module
 */
import type { RandomStream } from "../base/random.ts";
import { boxCount, clipBoxAt, hasAreaAt, joined, takeBoxes } from "./box.ts";
import { boxWeights, decodeBoxAt, encodeBoxAt } from "./box_coder.ts";
import { type CanvasDetections, checkBoxAt, suppress } from "./detections.ts";
import { checkClasses, ignored, matchByOverlap } from "./matcher.ts";
import { type ImageArea, repeatedBoxes } from "./proposals.ts";
import { drawSample } from "./sampling.ts";

/** Which proposals the second stage's loss is taken over. */
export interface RoiSampling {
  /** A proposal whose best IoU is at least this is positive, any other background; Faster R-CNN: 0.5. */
  readonly foregroundIou: number;
  /** How many an image; the authors: 512. */
  readonly proposalsPerImage: number;
  /** Largest share of positives among them; Faster R-CNN: 0.25. */
  readonly positiveShare: number;
  /** K. */
  readonly classCount: number;
}

/** One image's regions of interest, P of them, and what the loss compares with. */
export interface RoiTargets {
  /** `[P, 4]`. */
  readonly boxesXyxy: Float32Array;
  /** `[P]`: 0..K-1 the class, K background, ignored where a row repeats another. */
  readonly labels: Int32Array;
  /** `[P, 4]`: deltas of the matched object where the row is positive, else 0. */
  readonly deltas: Float32Array;
  /** How many rows are not ignored: none only if all candidates are positive and none of them may be drawn. */
  readonly sampled: number;
}

/**
 * Draws the proposals that an image's loss is taken over, the objects' own boxes among them. There are always P, as
 * compiled functions have fixed shapes: what is drawn is repeated, with a label that keeps repeats out of the loss. (As
 * copies of what was drawn, repeats leave batch norm's statistics representative, which empty boxes would not.)
 *
 * @param proposalsXyxy `[M, 4]`, M at least 1.
 * @param boxesXyxy Ground truth, may be none.
 * @param classIndices One a ground-truth box.
 * @param random Where the draws come from.
 */
export function roiTargets(
  proposalsXyxy: Float32Array,
  boxesXyxy: Float32Array,
  classIndices: Int32Array,
  options: RoiSampling,
  random: RandomStream,
): RoiTargets {
  const { foregroundIou, proposalsPerImage: count, positiveShare, classCount } = options;
  checkClasses(boxesXyxy, classIndices, classCount);
  const candidates = joined([proposalsXyxy, boxesXyxy]);
  const thresholds = { foregroundIou, backgroundIou: foregroundIou };
  const { labels: matched, matchedIndices } = matchByOverlap(candidates, boxesXyxy, thresholds);
  const { positives, negatives } = drawSample(matched, { count, positiveShare }, random);
  const drawn = [...positives, ...negatives];
  const rois = repeatedBoxes(drawn.length > 0 ? takeBoxes(candidates, drawn) : candidates, count);
  const labels = new Int32Array(count).fill(ignored).fill(classCount, 0, drawn.length);
  const deltas = new Float32Array(4 * count);
  positives.forEach((row, i) => {
    labels[i] = classIndices[matchedIndices[row]];
    encodeBoxAt(rois, i, boxesXyxy, matchedIndices[row], boxWeights, deltas);
  });
  return { boxesXyxy: rois, labels, deltas, sampled: drawn.length };
}

/** Side of the square that lies on {@linkcode canonicalLevel}: that of ImageNet's images (FPN, section 4.2). */
const canonicalPx = 224;

/** The level whose features were pre-trained on images of that size; made for images of 800 px. */
const canonicalLevel = 4;

/**
 * The level that a region is cut from: l = 4 + log2(sqrt(w h) / 224), rounded down (FPN, eq. 1), and no other than
 * there are.
 *
 * @param boxesXyxy `[M, 4]`.
 * @param i Which box.
 * @param levels The first and last level there are.
 */
export function roiLevel(
  boxesXyxy: Float32Array,
  i: number,
  [first, last]: readonly [number, number],
): number {
  const width = boxesXyxy[4 * i + 2] - boxesXyxy[4 * i];
  const height = boxesXyxy[4 * i + 3] - boxesXyxy[4 * i + 1];
  // The small number keeps a box of exactly a power of two on its level, whatever the square root's rounding.
  const level = Math.floor(canonicalLevel + Math.log2(Math.sqrt(width * height) / canonicalPx + 1e-6));
  return Math.min(Math.max(level, first), last);
}

/** The second stage's raw outputs for one image. */
export interface RoiOutputs {
  /** `[M, K + 1]`: logits of the classes and, last, of background. */
  readonly logits: Float32Array;
  /** `[M, 4 K]`: four deltas for each class. */
  readonly deltas: Float32Array;
  /** `[M, 4]`: the regions. */
  readonly boxesXyxy: Float32Array;
}

/** Which detections survive. */
export interface RoiDetectionOptions {
  /** A class whose probability is not above this is no candidate; Faster R-CNN: 0.05. */
  readonly scoreThreshold: number;
  /** Overlap above which the lower of two of a class is dropped; Faster R-CNN: 0.5. */
  readonly nmsIou: number;
  /** Detections an image; COCO: 100. */
  readonly maxDetections: number;
}

/**
 * Detects: every class of every region above the threshold, decoded by its own deltas, clipped to the image and
 * suppressed class by class. A region may give several classes.
 *
 * @throws {RangeError} If lengths disagree, or a candidate's box is not a number.
 */
export function decodeRois(
  { logits, deltas, boxesXyxy }: RoiOutputs,
  image: ImageArea,
  options: RoiDetectionOptions,
): CanvasDetections {
  const rois = boxCount(boxesXyxy);
  const classCount = checkOutputs(rois, logits, deltas);
  const probabilities = softmaxRows(logits, classCount + 1);
  const candidates = foregroundAbove(probabilities, classCount, options.scoreThreshold);
  const boxes = new Float32Array(4 * candidates.length);
  const scores = new Float32Array(candidates.length);
  const classes = new Int32Array(candidates.length);
  let count = 0;
  for (const [roi, classIndex] of candidates) {
    decodeBoxAt(boxesXyxy, roi, deltas, roi * classCount + classIndex, boxWeights, boxes, count);
    checkBoxAt(boxes, count, `region ${roi}`);
    clipBoxAt(boxes, count, image);
    if (!hasAreaAt(boxes, count)) continue; // the next candidate overwrites the row
    scores[count] = probabilities[roi * (classCount + 1) + classIndex];
    classes[count++] = classIndex;
  }
  return suppress(
    boxes.subarray(0, 4 * count),
    scores.subarray(0, count),
    classes.subarray(0, count),
    options,
  );
}

/** Region and class of every probability above the threshold, background left out. */
function foregroundAbove(probabilities: Float32Array, classCount: number, threshold: number): number[][] {
  const found: number[][] = [];
  probabilities.forEach((probability, i) => {
    const classIndex = i % (classCount + 1);
    if (classIndex < classCount && !(probability <= threshold)) { // NaN too, for suppression to refuse
      found.push([Math.floor(i / (classCount + 1)), classIndex]);
    }
  });
  return found;
}

/** `[M, D]`, each row its softmax. */
function softmaxRows(logits: Float32Array, depth: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let begin = 0; begin < logits.length; begin += depth) {
    const row = logits.subarray(begin, begin + depth);
    const largest = Math.max(...row);
    const sum = row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    row.forEach((logit, k) => probabilities[begin + k] = Math.exp(logit - largest) / sum);
  }
  return probabilities;
}

/** Checks that all arrays have the same M, and returns K. */
function checkOutputs(rois: number, logits: Float32Array, deltas: Float32Array): number {
  const classCount = logits.length / rois - 1;
  if (Number.isInteger(classCount) && classCount >= 1 && deltas.length === 4 * classCount * rois) {
    return classCount;
  }
  throw new RangeError(
    `Cannot decode regions as logits [M, K + 1], deltas [M, 4 K] and boxes [M, 4] must have one M and K: ` +
      `lengths are ${logits.length}, ${deltas.length} and ${4 * rois}`,
  );
}
