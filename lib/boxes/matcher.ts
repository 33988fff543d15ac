/**
 * Which anchor learns what: anchors are assigned to ground-truth boxes by overlap, then turned into the class
 * labels and box deltas that RetinaNet's loss compares with.
 *
 * @module
 */
import { boxCount } from "./box.ts";
import { boxWeights, encodeBoxAt } from "./box_coder.ts";

/** Label of an anchor that matches a ground-truth box. */
export const foreground: number = 1;
/** Label of an anchor that matches none. */
export const background: number = 0;
/** Label of an anchor between the two thresholds, and of one that takes no part in the loss. */
export const ignored: number = -1;

/** Where an overlap becomes a match. */
export interface MatchThresholds {
  /** An anchor whose best IoU is at least this is foreground; RetinaNet: 0.5. */
  readonly foregroundIou: number;
  /** An anchor whose best IoU is below this is background; RetinaNet: 0.4. Between the two it is ignored. */
  readonly backgroundIou: number;
}

/** One entry an anchor. */
export interface AnchorMatches {
  /** `[R]`: the ground-truth box that the anchor overlaps most, the first at a tie; -1 if it overlaps none. */
  readonly matchedIndices: Int32Array;
  /** `[R]`: {@linkcode foreground}, {@linkcode background} or {@linkcode ignored}. */
  readonly labels: Int8Array;
}

/** What the loss of one image compares the heads' outputs with. */
export interface RetinaTargets {
  /** `[R]`: 0..K-1 the class, K background, -1 ignored. */
  readonly labels: Int32Array;
  /** `[R, 4]`: deltas of the matched box where the anchor is foreground, else 0. */
  readonly deltas: Float32Array;
  /** How many anchors are foreground: what RetinaNet divides its loss by (with 1 as the least). */
  readonly positives: number;
}

/**
 * Assigns anchors to ground-truth boxes. Besides the thresholds, every ground-truth box claims the anchors that
 * overlap it most (all of them at a tie), however little, so that no box is left without one. As in the authors'
 * code, torchvision and detectron2, such an anchor still learns the box that *it* overlaps most, which nearly
 * always is the same one. Differs: a box that no anchor touches claims none, where theirs claims all.
 *
 * @param anchorsXyxy `[R, 4]`.
 * @param boxesXyxy Ground truth `[M, 4]`; M may be 0.
 * @param thresholds See {@linkcode MatchThresholds}.
 * @throws {RangeError} If backgroundIou is above foregroundIou.
 */
export function matchAnchors(
  anchorsXyxy: Float32Array,
  boxesXyxy: Float32Array,
  thresholds: MatchThresholds,
): AnchorMatches {
  checkThresholds(thresholds);
  const overlaps = bestOverlaps(anchorsXyxy, boxesXyxy);
  const matches = labelled(overlaps, thresholds);
  for (const anchors of overlaps.claims) {
    for (const anchor of anchors) matches.labels[anchor] = foreground;
  }
  return matches;
}

/**
 * Assigns boxes to ground-truth boxes by the thresholds alone: as {@linkcode matchAnchors}, but a ground-truth box
 * that none overlaps enough stays without.
 *
 * @param candidatesXyxy `[R, 4]`.
 * @param boxesXyxy Ground truth `[M, 4]`; M may be 0.
 * @param thresholds See {@linkcode MatchThresholds}.
 * @throws {RangeError} If backgroundIou is above foregroundIou.
 */
export function matchByOverlap(
  candidatesXyxy: Float32Array,
  boxesXyxy: Float32Array,
  thresholds: MatchThresholds,
): AnchorMatches {
  checkThresholds(thresholds);
  return labelled(bestOverlaps(candidatesXyxy, boxesXyxy), thresholds);
}

function labelled(
  { bestIous, matchedIndices }: { bestIous: Float64Array; matchedIndices: Int32Array },
  { foregroundIou, backgroundIou }: MatchThresholds,
): AnchorMatches {
  const labels = new Int8Array(matchedIndices.length);
  for (let i = 0; i < labels.length; i++) {
    labels[i] = bestIous[i] >= foregroundIou
      ? foreground
      : bestIous[i] < backgroundIou
      ? background
      : ignored;
    // An IoU of 0 reaches a threshold of 0, but there is no box to learn.
    if (matchedIndices[i] < 0) labels[i] = background;
  }
  return { matchedIndices, labels };
}

function checkThresholds({ foregroundIou, backgroundIou }: MatchThresholds): void {
  if (backgroundIou <= foregroundIou) return;
  throw new RangeError(
    `Cannot match anchors as backgroundIou must be <= foregroundIou: current values are ${backgroundIou} and ${foregroundIou}`,
  );
}

/**
 * RetinaNet's targets for one image (Lin et al. 2017, section 4).
 *
 * @param anchorsXyxy `[R, 4]`.
 * @param boxesXyxy Ground truth `[M, 4]` in the anchors' pixels; M may be 0.
 * @param classIndices `[M]`, 0..K-1.
 * @param options Thresholds and the number of classes K.
 * @throws {RangeError} If lengths disagree, a class is outside 0..K-1 or a matched box has no area.
 */
export function retinaTargets(
  anchorsXyxy: Float32Array,
  boxesXyxy: Float32Array,
  classIndices: Int32Array,
  options: MatchThresholds & { readonly classCount: number },
): RetinaTargets {
  checkClasses(boxesXyxy, classIndices, options.classCount);
  const matches = matchAnchors(anchorsXyxy, boxesXyxy, options);
  const labels = new Int32Array(matches.labels.length).fill(options.classCount);
  const deltas = new Float32Array(anchorsXyxy.length);
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (matches.labels[i] === background) continue;
    labels[i] = ignored;
    if (matches.labels[i] === ignored) continue;
    labels[i] = classIndices[matches.matchedIndices[i]];
    encodeBoxAt(anchorsXyxy, i, boxesXyxy, matches.matchedIndices[i], boxWeights, deltas);
    positives++;
  }
  return { labels, deltas, positives };
}

/**
 * One pass over anchors x boxes, without the matrix: 20,000 x 30 an image is the hot loop of a training step's host
 * side. Anchors that follow each other lie side by side, so whole blocks of them miss most boxes.
 */
function bestOverlaps(
  anchors: Float32Array,
  boxes: Float32Array,
): { bestIous: Float64Array; matchedIndices: Int32Array; claims: number[][] } {
  const rows = boxCount(anchors, "anchorsXyxy");
  const bestIous = new Float64Array(rows);
  const matchedIndices = new Int32Array(rows).fill(-1);
  const claimedIous = new Float64Array(boxCount(boxes)); // per box, the IoU of the anchors in its claim
  const claims: number[][] = Array.from(claimedIous, () => []);
  const block = 36;
  for (let begin = 0; begin < rows; begin += block) {
    const end = Math.min(begin + block, rows);
    const near = boxesNear(anchors, begin, end, boxes);
    for (let n = 0; n < near.length; n++) {
      const j = near[n];
      const bx1 = boxes[4 * j], by1 = boxes[4 * j + 1], bx2 = boxes[4 * j + 2], by2 = boxes[4 * j + 3];
      const boxArea = (bx2 - bx1) * (by2 - by1);
      for (let i = begin; i < end; i++) {
        const x1 = anchors[4 * i], y1 = anchors[4 * i + 1], x2 = anchors[4 * i + 2], y2 = anchors[4 * i + 3];
        const width = (x2 < bx2 ? x2 : bx2) - (x1 > bx1 ? x1 : bx1);
        if (width <= 0) continue;
        const height = (y2 < by2 ? y2 : by2) - (y1 > by1 ? y1 : by1);
        if (height <= 0) continue;
        const intersection = width * height;
        const iou = intersection / ((x2 - x1) * (y2 - y1) + boxArea - intersection);
        if (iou > bestIous[i]) {
          bestIous[i] = iou;
          matchedIndices[i] = j;
        }
        if (iou < claimedIous[j]) continue;
        if (iou > claimedIous[j]) claims[j].length = 0;
        claimedIous[j] = iou;
        claims[j].push(i);
      }
    }
  }
  return { bestIous, matchedIndices, claims };
}

/** Boxes, ascending, that touch the rectangle around some anchors. */
function boxesNear(anchors: Float32Array, begin: number, end: number, boxes: Float32Array): number[] {
  let x1 = Infinity, y1 = Infinity, x2 = -Infinity, y2 = -Infinity;
  for (let a = 4 * begin; a < 4 * end; a += 4) {
    if (anchors[a] < x1) x1 = anchors[a];
    if (anchors[a + 1] < y1) y1 = anchors[a + 1];
    if (anchors[a + 2] > x2) x2 = anchors[a + 2];
    if (anchors[a + 3] > y2) y2 = anchors[a + 3];
  }
  const near: number[] = [];
  for (let b = 0; b < boxes.length; b += 4) {
    if (boxes[b] < x2 && boxes[b + 2] > x1 && boxes[b + 1] < y2 && boxes[b + 3] > y1) near.push(b / 4);
  }
  return near;
}

/**
 * Refuses objects of which one has no class.
 *
 * @throws {RangeError} If there is not one class in 0..K-1 a box.
 */
export function checkClasses(boxes: Float32Array, classIndices: Int32Array, classCount: number): void {
  if (classIndices.length !== boxCount(boxes)) {
    throw new RangeError(
      `Cannot make targets as classIndices must have one entry a box: lengths are ${classIndices.length} and ${
        boxCount(boxes)
      }`,
    );
  }
  const row = classIndices.findIndex((index) => index < 0 || index >= classCount);
  if (row >= 0) {
    throw new RangeError(
      `Cannot make targets as classes must be in 0..${classCount - 1}: classIndices[${row}] is ${
        classIndices[row]
      }`,
    );
  }
}
