/**
 * COCO's box evaluation: the twelve numbers, per-class AP and precision-recall curves, equal to those of COCO's own
 * tool (checked against its output in `tests/fixtures`). Three pure steps: match, accumulate, summarise.
 *
 * @module
 */
import { sortByScore } from "../boxes/score_order.ts";
import {
  cocoAreaRanges,
  cocoIouThresholds,
  type CocoMatches,
  cocoMaxDetections,
  matchCoco,
} from "./coco_match.ts";
import { type Detection, type DetectionColumns, detectionColumns } from "./detection.ts";
import {
  byClassName,
  type GroundTruth,
  type GroundTruthColumns,
  groundTruthColumns,
} from "./ground_truth.ts";

/** The twelve numbers, each in 0..1, or -1 where no ground truth defines it. */
export interface CocoSummary {
  /** Mean average precision over IoU 0.50..0.95, all areas. */
  readonly AP: number;
  /** AP at IoU 0.50. */
  readonly AP50: number;
  /** AP at IoU 0.75. */
  readonly AP75: number;
  /** AP of objects up to 32 x 32 px. */
  readonly APs: number;
  /** AP of objects from 32 x 32 to 96 x 96 px. */
  readonly APm: number;
  /** AP of objects from 96 x 96 px. */
  readonly APl: number;
  /** Mean largest recall over IoU 0.50..0.95 with 1 detection an image and class. */
  readonly AR1: number;
  /** AR with 10. */
  readonly AR10: number;
  /** AR with 100. */
  readonly AR100: number;
  /** AR100 of small objects. */
  readonly ARs: number;
  /** AR100 of medium objects. */
  readonly ARm: number;
  /** AR100 of large objects. */
  readonly ARl: number;
}

/** One class's average precision; -1 if it has no ground truth. */
export interface ClassAp {
  /** Mean over the thresholds 0.50..0.95. */
  readonly AP: number;
  /** At the threshold 0.50. */
  readonly AP50: number;
}

/** One class's average precision and recall; -1 if it has no ground truth. */
export interface ClassScores extends ClassAp {
  /** Mean largest recall over the thresholds with 100 detections an image. */
  readonly AR100: number;
}

/** Precision and recall of every class; entries of a class without ground truth in the area range are -1. */
export interface CocoCurves {
  /** K. */
  readonly classCount: number;
  /** `[K, A, T, 101]`: largest precision at recall of at least 0.00, 0.01, …, 1.00; 100 detections per image. */
  readonly precision: Float64Array;
  /** `[K, A, T, 3]`: recall reached with 1, 10 and 100 detections per image and class. */
  readonly recall: Float64Array;
}

/** All there is to know of an evaluation. */
export interface CocoEvaluation {
  /** Over all classes that have ground truth. */
  readonly summary: CocoSummary;
  /** By class name. */
  readonly perClass: Readonly<Record<string, ClassAp>>;
  /** What summary and perClass are means of. */
  readonly curves: CocoCurves;
}

/** One precision-recall curve. */
export interface PrecisionRecallCurve {
  /** `[101]` 0.00, 0.01, …, 1.00. */
  readonly recall: Float64Array;
  /** `[101]`; never rises. */
  readonly precision: Float64Array;
}

const recallCount = 101;
const thresholdCount = cocoIouThresholds.length;
const areaCount = cocoAreaRanges.length;
const all = 0, small = 1, medium = 2, large = 3; // in cocoAreaRanges

/**
 * Evaluates boxes as COCO's evaluation (pycocotools' `COCOeval`) does: AP, AR and precision-recall curves.
 *
 * @param groundTruth Images, classes and annotations; not changed.
 * @param detections Any number per image, in any order; not changed.
 * @throws {RangeError} Naming the record whose image, class or numbers are not valid.
 *
 * @example Detection AP from arrays
 * ```ts
 * import { evaluateCoco, type GroundTruth } from "@detnas/detnas";
 *
 * const truth: GroundTruth = {
 *   imageIds: ["a.jpg", "b.jpg"],
 *   classes: ["cell"],
 *   annotations: [
 *     { imageId: "a.jpg", classIndex: 0, boxXyxy: [10, 10, 50, 50], isCrowd: false, isDifficult: false, areaPx: 1600 },
 *     { imageId: "b.jpg", classIndex: 0, boxXyxy: [0, 0, 40, 20], isCrowd: false, isDifficult: false, areaPx: 800 },
 *   ],
 * };
 * const { summary, perClass } = evaluateCoco(truth, [
 *   { imageId: "a.jpg", classIndex: 0, score: 0.9, boxXyxy: [10, 10, 50, 50] }, // the box itself
 *   { imageId: "b.jpg", classIndex: 0, score: 0.8, boxXyxy: [0, 0, 40, 12] }, // IoU 0.6
 * ]);
 * console.log(summary.AP50, perClass.cell.AP50); // 1 1
 * console.log(summary.AP75.toFixed(3), summary.AP.toFixed(3)); // 0.505 0.653
 * ```
 */
export function evaluateCoco(groundTruth: GroundTruth, detections: readonly Detection[]): CocoEvaluation {
  const truth = groundTruthColumns(groundTruth);
  return evaluateCocoColumns(truth, detectionColumns(detections, groundTruth), groundTruth.classes);
}

/**
 * Evaluates columns, as {@linkcode evaluateCoco} does records.
 *
 * @param groundTruth Boxes; not changed.
 * @param detections Detections over the same images and classes; not changed.
 * @param classes Names by class index.
 */
export function evaluateCocoColumns(
  groundTruth: GroundTruthColumns,
  detections: DetectionColumns,
  classes: readonly string[],
): CocoEvaluation {
  const curves = accumulateCoco(matchCoco(groundTruth, detections));
  return { summary: summariseCoco(curves), perClass: classAps(curves, classes), curves };
}

/**
 * Second step: ranks each class's detections over all images, and reads precision at 101 recalls.
 *
 * @param matches From {@linkcode matchCoco}; not changed.
 */
export function accumulateCoco(matches: CocoMatches): CocoCurves {
  const { classCount, classStarts, positives } = matches;
  const precision = new Float64Array(classCount * areaCount * thresholdCount * recallCount).fill(-1);
  const recall = new Float64Array(classCount * areaCount * thresholdCount * 3).fill(-1);
  const scratch = new Float64Array(2 * matches.scores.length);
  for (let k = 0; k < classCount; k++) {
    const rows = Int32Array.from(
      { length: classStarts[k + 1] - classStarts[k] },
      (_, i) => classStarts[k] + i,
    );
    sortByScore(rows, matches.scores);
    for (let area = 0; area < areaCount; area++) {
      const count = positives[k * areaCount + area];
      if (count === 0) continue;
      for (let t = 0; t < thresholdCount; t++) {
        const at = (k * areaCount + area) * thresholdCount + t;
        const outcome = { matched: matches.matched[area], ignored: matches.ignored[area], bit: 1 << t };
        const points = precision.subarray(at * recallCount, (at + 1) * recallCount);
        fillPrecision(points, rows, outcome, count, scratch);
        fillRecall(recall.subarray(at * 3, at * 3 + 3), rows, outcome, count, matches.ranks);
      }
    }
  }
  return { classCount, precision, recall };
}

/**
 * Third step: means over classes and thresholds, leaving out what is undefined.
 *
 * @param curves Of a {@linkcode CocoEvaluation}.
 */
export function summariseCoco(curves: CocoCurves): CocoSummary {
  const threshold75 = cocoIouThresholds.indexOf(0.75);
  return {
    AP: meanPrecision(curves, all),
    AP50: meanPrecision(curves, all, 0, 1),
    AP75: meanPrecision(curves, all, threshold75, threshold75 + 1),
    APs: meanPrecision(curves, small),
    APm: meanPrecision(curves, medium),
    APl: meanPrecision(curves, large),
    AR1: meanRecall(curves, all, 0),
    AR10: meanRecall(curves, all, 1),
    AR100: meanRecall(curves, all, 2),
    ARs: meanRecall(curves, small, 2),
    ARm: meanRecall(curves, medium, 2),
    ARl: meanRecall(curves, large, 2),
  };
}

/**
 * Each class's AP and AP50 over all areas, by name.
 *
 * @param curves Of a {@linkcode CocoEvaluation}.
 * @param classes Names by class index.
 * @throws {RangeError} If there are not as many names as classes, or a name is there twice.
 */
export function classAps(curves: CocoCurves, classes: readonly string[]): Record<string, ClassAp> {
  return byClassName(classes, classScores(curves).map(({ AP, AP50 }): ClassAp => ({ AP, AP50 })));
}

/**
 * Each class's numbers over all areas.
 *
 * @param curves Of a {@linkcode CocoEvaluation}.
 * @returns By class index.
 */
export function classScores(curves: CocoCurves): ClassScores[] {
  return Array.from({ length: curves.classCount }, (_, k): ClassScores => {
    const at = k * areaCount * thresholdCount; // area range "all" comes first
    const precisions = (thresholds: number): Float64Array =>
      curves.precision.subarray(at * recallCount, (at + thresholds) * recallCount);
    const recalls = curves.recall.subarray(at * 3, (at + thresholdCount) * 3).filter((_, i) => i % 3 === 2);
    return {
      AP: meanOfDefined([precisions(thresholdCount)]),
      AP50: meanOfDefined([precisions(1)]),
      AR100: meanOfDefined([recalls]),
    };
  });
}

/**
 * The curve that a report draws: precision at 101 recalls over all areas.
 *
 * @param curves Of a {@linkcode CocoEvaluation}.
 * @param classIndex 0..K-1.
 * @param iouThreshold 0.5, 0.55, … or 0.95; 0.5 by default.
 * @returns The curve, or null if the class has no ground truth.
 * @throws {RangeError} If there is no such class or threshold.
 */
export function precisionRecallCurve(
  curves: CocoCurves,
  classIndex: number,
  iouThreshold = 0.5,
): PrecisionRecallCurve | null {
  const t = cocoIouThresholds.findIndex((threshold) => Math.abs(threshold - iouThreshold) < 1e-9);
  if (t < 0 || !(classIndex >= 0 && classIndex < curves.classCount)) {
    throw new RangeError(
      `Cannot draw a precision-recall curve as the class must be in 0..${
        curves.classCount - 1
      } and the IoU threshold in 0.50, 0.55, …, 0.95: current values are ${classIndex} and ${iouThreshold}`,
    );
  }
  const at = (classIndex * areaCount * thresholdCount + t) * recallCount;
  const precision = curves.precision.slice(at, at + recallCount);
  if (precision[0] < 0) return null;
  return { recall: Float64Array.from(precision, (_, i) => i * 0.01), precision };
}

/** What became of a class's detections at one threshold in one area range. */
interface Outcome {
  readonly matched: Uint16Array;
  readonly ignored: Uint16Array;
  readonly bit: number;
}

function fillPrecision(
  points: Float64Array,
  rows: Int32Array,
  { matched, ignored, bit }: Outcome,
  positives: number,
  scratch: Float64Array,
): void {
  const half = scratch.length / 2;
  let truePositives = 0;
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    if (ignored[rows[i]] & bit) continue;
    if (matched[rows[i]] & bit) truePositives++;
    count++;
    scratch[count - 1] = truePositives / positives; // recall
    scratch[half + count - 1] = truePositives / (count + Number.EPSILON); // precision; COCO's tool adds the epsilon
  }
  // Precision at a recall is the best at that recall or any larger one.
  for (let i = half + count - 1; i > half; i--) scratch[i - 1] = Math.max(scratch[i - 1], scratch[i]);
  for (let r = 0, i = 0; r < recallCount; r++) {
    while (i < count && scratch[i] < r * 0.01) i++;
    points[r] = i < count ? scratch[half + i] : 0;
  }
}

function fillRecall(
  points: Float64Array,
  rows: Int32Array,
  { matched, ignored, bit }: Outcome,
  positives: number,
  ranks: Uint8Array,
): void {
  points.fill(0);
  for (let i = 0; i < rows.length; i++) {
    if (ignored[rows[i]] & bit || !(matched[rows[i]] & bit)) continue;
    for (let m = 0; m < 3; m++) {
      if (ranks[rows[i]] < cocoMaxDetections[m]) points[m]++;
    }
  }
  for (let m = 0; m < 3; m++) points[m] /= positives;
}

function meanPrecision(curves: CocoCurves, area: number, begin = 0, end = thresholdCount): number {
  return meanOfDefined(Array.from({ length: curves.classCount }, (_, k) => {
    const at = (k * areaCount + area) * thresholdCount;
    return curves.precision.subarray((at + begin) * recallCount, (at + end) * recallCount);
  }));
}

function meanRecall(curves: CocoCurves, area: number, maxDetections: number): number {
  return meanOfDefined(Array.from({ length: curves.classCount }, (_, k) => {
    const at = (k * areaCount + area) * thresholdCount;
    return Float64Array.from(
      { length: thresholdCount },
      (_, t) => curves.recall[(at + t) * 3 + maxDetections],
    );
  }));
}

/** Mean of all values but -1; -1 if there is none. */
function meanOfDefined(parts: readonly Float64Array[]): number {
  let sum = 0;
  let count = 0;
  for (const part of parts) {
    for (const value of part) {
      if (value < 0) continue;
      sum += value;
      count++;
    }
  }
  return count === 0 ? -1 : sum / count;
}
