/**
 * The confusion matrix of a detector: which class it calls an object of which class, what it misses and what it
 * sees where nothing is.
 *
 * @module
 */
import { sortByScore } from "../boxes/score_order.ts";
import type { DetectionColumns } from "./detection.ts";
import type { GroundTruthColumns } from "./ground_truth.ts";
import { groupByClassAndImage } from "./groups.ts";
import { overlapAt } from "./overlap.ts";

/** When a detection is one, and when it has found a box. */
export interface ConfusionThresholds {
  /** Detections below it are left out. */
  readonly score: number;
  /** Least overlap of a detection with its box. */
  readonly iou: number;
}

/** Counts by true class and detected class; the last row and column, number K, are the background. */
export interface ConfusionMatrix {
  /** K. */
  readonly classCount: number;
  /**
   * `[K + 1, K + 1]`: entry `[i, j]` counts objects of class i that were detected as class j; `[i, K]` objects that
   * no detection took; `[K, j]` detections of class j that took no object.
   */
  readonly counts: Int32Array;
}

/**
 * Counts what was taken for what. In each image the detections of at least the score, best first (ties: as given),
 * each take the free box of any class that they overlap most, if the IoU is enough; of equal overlaps the first of the
 * detection's own class, else the first. A detection that takes none is laid to the background, unless it lies on a
 * crowd (by intersection over its own area) or a difficult object: that counts nowhere, nor do these boxes themselves.
 *
 * So an object has one cell, and so has a detection: rows but the last sum to the classes' objects.
 *
 * @param groundTruth Boxes; not changed.
 * @param detections Detections over the same images and classes; not changed.
 * @param thresholds Of score and overlap.
 */
export function confusionMatrix(
  groundTruth: GroundTruthColumns,
  detections: DetectionColumns,
  thresholds: ConfusionThresholds,
): ConfusionMatrix {
  const { classCount, imageCount } = groundTruth;
  const counts = new Int32Array((classCount + 1) ** 2);
  const count = (truth: number, found: number): void => {
    counts[truth * (classCount + 1) + found]++;
  };
  const background = classCount;
  const boxesOf = rowsByImage(groundTruth.imageIndices, imageCount);
  const foundsOf = rowsByImage(detections.imageIndices, imageCount);
  const overlap = (row: number, box: number, isCrowd: boolean): number =>
    overlapAt(detections.boxesXywh, row, groundTruth.boxesXywh, box, isCrowd);
  for (let image = 0; image < imageCount; image++) {
    const all = boxesOf(image);
    const free = new Set(all.filter((box) => isCounted(groundTruth, box)));
    const excused = all.filter((box) => !isCounted(groundTruth, box));
    const rows = foundsOf(image).filter((row) => detections.scores[row] >= thresholds.score);
    for (const row of sortByScore(rows, detections.scores)) {
      const found = detections.classIndices[row];
      const isOwn = (box: number): boolean => groundTruth.classIndices[box] === found;
      const box = bestBox(free, (box) => overlap(row, box, false), isOwn, thresholds.iou);
      if (box !== null) {
        free.delete(box);
        count(groundTruth.classIndices[box], found);
      } else if (
        !excused.some((box) => overlap(row, box, groundTruth.isCrowd[box] === 1) >= thresholds.iou)
      ) {
        count(background, found);
      }
    }
    for (const box of free) count(groundTruth.classIndices[box], background);
  }
  return { classCount, counts };
}

function rowsByImage(imageIndices: Int32Array, imageCount: number): (image: number) => Int32Array {
  const classIndices = new Int32Array(imageIndices.length); // as if of one class
  const { starts, rows } = groupByClassAndImage({ classIndices, imageIndices }, 1, imageCount);
  return (image) => rows.subarray(starts[image], starts[image + 1]);
}

function isCounted({ isCrowd, isDifficult }: GroundTruthColumns, box: number): boolean {
  return !isCrowd[box] && !isDifficult[box];
}

/** The box of largest overlap, at least `least`; of equals the first that is the detection's own, else the first. */
function bestBox(
  boxes: Iterable<number>,
  overlapWith: (box: number) => number,
  isOwn: (box: number) => boolean,
  least: number,
): number | null {
  let best: number | null = null;
  let largest = least;
  for (const box of boxes) {
    const overlap = overlapWith(box);
    if (overlap < largest) continue;
    if (best !== null && overlap === largest && (isOwn(best) || !isOwn(box))) continue;
    best = box;
    largest = overlap;
  }
  return best;
}
