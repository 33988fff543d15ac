/**
 * Pascal VOC's box evaluation: AP at one IoU threshold, by 11 points (VOC 2007) and by area (from VOC 2010 on).
 *
 * @module
 */
import { sortByScore } from "../boxes/score_order.ts";
import { type Detection, type DetectionColumns, detectionColumns } from "./detection.ts";
import {
  byClassName,
  type GroundTruth,
  type GroundTruthColumns,
  groundTruthColumns,
} from "./ground_truth.ts";
import { groupByClassAndImage, type Groups } from "./groups.ts";
import { overlapAt } from "./overlap.ts";

/** Average precision in 0..1, or -1 where no ground truth defines it. */
export interface VocAp {
  /** Mean of the best precision at recall of at least 0, 0.1, …, 1. */
  readonly AP11: number;
  /** Area under the precision-recall curve, made to never rise. */
  readonly APArea: number;
}

/** Means over the classes that have ground truth, and each class by name. */
export interface VocEvaluation extends VocAp {
  /** By class name. */
  readonly perClass: Readonly<Record<string, VocAp>>;
}

/** Precision and recall after each detection of a class, best first. */
interface Curve {
  readonly precision: Float64Array;
  readonly recall: Float64Array;
}

/**
 * Evaluates records as VOC's development kit does: a detection belongs to the box that it overlaps most, taken or not,
 * if the IoU reaches the threshold. A second detection of a box is a false positive; one of a difficult box (or of
 * a crowd) counts neither for nor against. Equal scores are ranked as given. Boxes are in continuous coordinates,
 * where a reader has already made VOC's inclusive ones (x1 - 1, y1 - 1, x2, y2).
 *
 * @param groundTruth Images, classes and annotations; not changed.
 * @param detections Any number per image; not changed.
 * @param iouThreshold VOC's is 0.5.
 * @throws {RangeError} Naming the record whose image, class or numbers are not valid.
 */
export function evaluateVoc(
  groundTruth: GroundTruth,
  detections: readonly Detection[],
  iouThreshold = 0.5,
): VocEvaluation {
  const truth = groundTruthColumns(groundTruth);
  return evaluateVocColumns(
    truth,
    detectionColumns(detections, groundTruth),
    groundTruth.classes,
    iouThreshold,
  );
}

/**
 * Evaluates columns, as {@linkcode evaluateVoc} does records.
 *
 * @param truth Boxes; not changed.
 * @param found Detections over the same images and classes; not changed.
 * @param classes Names by class index.
 * @param iouThreshold VOC's is 0.5.
 */
export function evaluateVocColumns(
  truth: GroundTruthColumns,
  found: DetectionColumns,
  classes: readonly string[],
  iouThreshold = 0.5,
): VocEvaluation {
  const truths = groupByClassAndImage(truth, truth.classCount, truth.imageCount);
  const founds = groupByClassAndImage(found, truth.classCount, truth.imageCount);
  const aps = classes.map((_, k): VocAp => {
    const curve = classCurve(k, truth, truths, found, founds, iouThreshold);
    return curve ? { AP11: elevenPointAp(curve), APArea: areaAp(curve) } : { AP11: -1, APArea: -1 };
  });
  return {
    AP11: meanOfDefined(aps.map(({ AP11 }) => AP11)),
    APArea: meanOfDefined(aps.map(({ APArea }) => APArea)),
    perClass: byClassName(classes, aps),
  };
}

/** Null if the class has no box that counts. */
function classCurve(
  classIndex: number,
  truth: GroundTruthColumns,
  truths: Groups,
  found: DetectionColumns,
  founds: Groups,
  iouThreshold: number,
): Curve | null {
  const first = classIndex * truth.imageCount;
  const boxes = truths.rows.subarray(truths.starts[first], truths.starts[first + truth.imageCount]);
  const positives = boxes.reduce((sum, box) => sum + (counts(truth, box) ? 1 : 0), 0);
  if (positives === 0) return null;
  const rows = founds.rows.slice(founds.starts[first], founds.starts[first + truth.imageCount]);
  const taken = new Uint8Array(truth.imageIndices.length);
  const precision: number[] = [];
  const recall: number[] = [];
  let truePositives = 0;
  for (const row of sortByScore(rows, found.scores)) {
    const group = first + found.imageIndices[row];
    const inImage = truths.rows.subarray(truths.starts[group], truths.starts[group + 1]);
    const box = mostOverlapped(row, found, inImage, truth, iouThreshold);
    if (box >= 0 && !counts(truth, box)) continue;
    if (box >= 0 && !taken[box]) {
      taken[box] = 1;
      truePositives++;
    }
    precision.push(truePositives / (precision.length + 1));
    recall.push(truePositives / positives);
  }
  return { precision: Float64Array.from(precision), recall: Float64Array.from(recall) };
}

function counts(truth: GroundTruthColumns, box: number): boolean {
  return !truth.isDifficult[box] && !truth.isCrowd[box];
}

/** The box of largest IoU (ties: the first) if that reaches the threshold, else -1. */
function mostOverlapped(
  row: number,
  found: DetectionColumns,
  boxes: Int32Array,
  truth: GroundTruthColumns,
  iouThreshold: number,
): number {
  let largest = 0;
  let best = -1;
  for (const box of boxes) {
    const isCrowd = false; // VOC has none; one counts like a difficult object, by plain IoU
    const overlap = overlapAt(found.boxesXywh, row, truth.boxesXywh, box, isCrowd);
    if (overlap <= largest) continue;
    largest = overlap;
    best = box;
  }
  return largest >= iouThreshold ? best : -1;
}

function elevenPointAp({ precision, recall }: Curve): number {
  let sum = 0;
  for (let point = 0; point <= 10; point++) {
    // point / 10 is the nearest number to the decimal, so 3 of 10 found reaches the recall 0.3.
    sum += precision.reduce((best, value, i) => recall[i] >= point / 10 ? Math.max(best, value) : best, 0);
  }
  return sum / 11;
}

function areaAp({ precision, recall }: Curve): number {
  let best = 0; // precision at this recall or any larger one
  let area = 0;
  for (let i = precision.length - 1; i >= 0; i--) {
    best = Math.max(best, precision[i]);
    area += best * (recall[i] - (i > 0 ? recall[i - 1] : 0));
  }
  return area;
}

function meanOfDefined(values: readonly number[]): number {
  const defined = values.filter((value) => value >= 0);
  return defined.length === 0 ? -1 : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
