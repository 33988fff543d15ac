/**
 * COCO's box evaluation, first of three steps: which detection takes which ground-truth box, at every IoU
 * threshold and in every area range. Follows the definitions of COCO's own evaluation, tie for tie.
 *
 * @module
 */
import { sortByScore } from "../boxes/score_order.ts";
import type { DetectionColumns } from "./detection.ts";
import type { GroundTruthColumns } from "./ground_truth.ts";
import { groupByClassAndImage, type Groups } from "./groups.ts";
import { overlapAt } from "./overlap.ts";

/** 0.50, 0.55, …, 0.95: the last bits are those of evenly spaced float64 numbers from 0.5 to 0.95. */
export const cocoIouThresholds: readonly number[] = Array.from(
  { length: 10 },
  (_, i) => i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9),
);

/** All, small, medium, large: least and largest area in square pixels, both included. */
export const cocoAreaRanges: readonly (readonly [number, number])[] = [
  [0, 1e10],
  [0, 32 ** 2],
  [32 ** 2, 96 ** 2],
  [96 ** 2, 1e10],
];

/** Detections considered per image and class, for AR1, AR10 and everything else. */
export const cocoMaxDetections: readonly [number, number, number] = [1, 10, 100];

/** What became of each detection; those after the 100 best of their image and class are left out. */
export interface CocoMatches {
  /** K. */
  readonly classCount: number;
  /** `[K + 1]`: class k's detections are entries `classStarts[k]` to `classStarts[k + 1]` of the arrays below. */
  readonly classStarts: Int32Array;
  /** `[D]`; within a class by image, and within an image by descending score. */
  readonly scores: Float64Array;
  /** `[D]`: 0 for the best of its image and class, then 1, … */
  readonly ranks: Uint8Array;
  /** Per area range `[D]`: bit t is set if the detection took a box at threshold t. */
  readonly matched: readonly Uint16Array[];
  /** Per area range `[D]`: bit t is set if the detection counts neither for nor against at threshold t. */
  readonly ignored: readonly Uint16Array[];
  /** `[K, A]`: ground-truth boxes that count. */
  readonly positives: Int32Array;
}

/**
 * Matches greedily, per image and class: detections in order of score (ties: as given) each take the free box
 * of largest IoU (ties: the last), preferring boxes that count. Crowds and boxes outside the area range do not
 * count; a crowd can be taken any number of times, by intersection over the detection's area. A detection that takes
 * such a box is ignored, and so is one that takes none and lies outside the area range itself.
 *
 * COCO's own tool notes the id of the box that a detection took, and reads 0 as "took none": a detection that takes
 * the object with id 0 counts as one that found nothing. Its numbers are the standard, so this does the same.
 *
 * @param groundTruth Boxes; not changed.
 * @param detections Detections over the same images and classes; not changed.
 */
export function matchCoco(groundTruth: GroundTruthColumns, detections: DetectionColumns): CocoMatches {
  const { classCount, imageCount } = groundTruth;
  const truths = groupByClassAndImage(groundTruth, classCount, imageCount);
  const found = groupByClassAndImage(detections, classCount, imageCount);
  const group = new Group(groundTruth, detections, largestGroup(truths));
  const classStarts = new Int32Array(classCount + 1);
  const rows = new Int32Array(found.rows.length);
  const ranks = new Uint8Array(found.rows.length);
  const matched = cocoAreaRanges.map(() => new Uint16Array(found.rows.length));
  const ignored = cocoAreaRanges.map(() => new Uint16Array(found.rows.length));
  const positives = new Int32Array(classCount * cocoAreaRanges.length);
  let count = 0;
  for (let index = 0; index < classCount * imageCount; index++) {
    const classIndex = Math.floor(index / imageCount);
    const boxes = groupRows(truths, index);
    const candidates = groupRows(found, index);
    if (boxes.length + candidates.length > 0) {
      const best = sortByScore(candidates.slice(), detections.scores).subarray(0, cocoMaxDetections[2]);
      group.open(boxes, best);
      rows.set(best, count);
      for (let i = 0; i < best.length; i++) ranks[count + i] = i;
      for (let area = 0; area < cocoAreaRanges.length; area++) {
        positives[classIndex * cocoAreaRanges.length + area] += group.selectArea(cocoAreaRanges[area]);
        group.match(matched[area], ignored[area], count);
      }
      count += best.length;
    }
    classStarts[classIndex + 1] = count;
  }
  return {
    classCount,
    classStarts,
    scores: Float64Array.from(rows.subarray(0, count), (row) => detections.scores[row]),
    ranks: ranks.subarray(0, count),
    matched: matched.map((bits) => bits.subarray(0, count)),
    ignored: ignored.map((bits) => bits.subarray(0, count)),
    positives,
  };
}

function groupRows(groups: Groups, index: number): Int32Array {
  return groups.rows.subarray(groups.starts[index], groups.starts[index + 1]);
}

function largestGroup({ starts }: Groups): number {
  let largest = 0;
  for (let i = 1; i < starts.length; i++) largest = Math.max(largest, starts[i] - starts[i - 1]);
  return largest;
}

/** The boxes and detections of one image and class; its memory is used again for the next group. */
class Group {
  readonly #truth: GroundTruthColumns;
  readonly #found: DetectionColumns;
  #boxes: Int32Array = new Int32Array(0);
  #best: Int32Array = new Int32Array(0);
  /** `[detections, boxes]`. */
  readonly #ious: Float64Array;
  /** Per detection its largest IoU: below a threshold there is nothing to look for. */
  readonly #largestIous = new Float64Array(cocoMaxDetections[2]);
  /** Boxes of the area range, those that count first. */
  readonly #order: Int32Array;
  /** How many of `#order` count. */
  #counting = 0;
  /** Per box: bit t is set if it is taken at threshold t. */
  readonly #taken: Uint16Array;
  #range: readonly [number, number] = cocoAreaRanges[0];

  constructor(truth: GroundTruthColumns, found: DetectionColumns, largest: number) {
    this.#truth = truth;
    this.#found = found;
    this.#ious = new Float64Array(largest * cocoMaxDetections[2]);
    this.#order = new Int32Array(largest);
    this.#taken = new Uint16Array(largest);
  }

  /** Starts on a group: its boxes, and its detections best first. */
  open(boxes: Int32Array, best: Int32Array): void {
    this.#boxes = boxes;
    this.#best = best;
    for (let d = 0, at = 0; d < best.length; d++) {
      let largest = 0;
      for (let g = 0; g < boxes.length; g++, at++) {
        const isCrowd = this.#truth.isCrowd[boxes[g]] === 1;
        this.#ious[at] = overlapAt(this.#found.boxesXywh, best[d], this.#truth.boxesXywh, boxes[g], isCrowd);
        if (this.#ious[at] > largest) largest = this.#ious[at];
      }
      this.#largestIous[d] = largest;
    }
  }

  /** Chooses an area range, and returns how many boxes count in it. */
  selectArea(range: readonly [number, number]): number {
    this.#range = range;
    let place = 0;
    for (let g = 0; g < this.#boxes.length; g++) {
      if (this.#counts(g)) this.#order[place++] = g;
    }
    this.#counting = place;
    for (let g = 0; g < this.#boxes.length; g++) {
      if (!this.#counts(g)) this.#order[place++] = g;
    }
    return this.#counting;
  }

  /** Matches at every threshold, writing each detection's bits from `offset` on. */
  match(matched: Uint16Array, ignored: Uint16Array, offset: number): void {
    this.#taken.fill(0, 0, this.#boxes.length);
    for (let d = 0; d < this.#best.length; d++) {
      let matchedBits = 0;
      let ignoredBits = this.#isOutside(this.#best[d]) ? 0xffff : 0;
      for (let t = 0; t < cocoIouThresholds.length; t++) {
        if (this.#largestIous[d] < cocoIouThresholds[t]) break;
        const place = this.#bestPlace(d, t);
        if (place < 0) continue;
        const bit = 1 << t;
        const g = this.#order[place];
        this.#taken[g] |= bit;
        if (place >= this.#counting) ignoredBits |= bit;
        if (this.#truth.hasIdZero[this.#boxes[g]]) continue; // overlooked
        matchedBits |= bit;
        if (place < this.#counting) ignoredBits &= ~bit;
      }
      matched[offset + d] = matchedBits;
      ignored[offset + d] = ignoredBits;
    }
  }

  /** Where in `#order` the box stands that detection `d` takes at threshold `t`; -1 if none. */
  #bestPlace(d: number, t: number): number {
    const { isCrowd } = this.#truth;
    const boxes = this.#boxes;
    const order = this.#order;
    const row = d * boxes.length;
    let largest = cocoIouThresholds[t];
    let place = -1;
    for (let i = 0; i < boxes.length; i++) {
      // A box that counts is never given up for one that does not.
      if (i === this.#counting && place >= 0) break;
      const g = order[i];
      if (this.#ious[row + g] < largest) continue;
      if ((this.#taken[g] >> t & 1) && !isCrowd[boxes[g]]) continue;
      largest = this.#ious[row + g];
      place = i;
    }
    return place;
  }

  #counts(g: number): boolean {
    const { areasPx, isCrowd } = this.#truth;
    const box = this.#boxes[g];
    return !isCrowd[box] && areasPx[box] >= this.#range[0] && areasPx[box] <= this.#range[1];
  }

  #isOutside(detection: number): boolean {
    const boxes = this.#found.boxesXywh;
    const area = boxes[4 * detection + 2] * boxes[4 * detection + 3];
    return area < this.#range[0] || area > this.#range[1];
  }
}
