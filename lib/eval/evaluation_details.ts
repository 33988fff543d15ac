/**
 * What stands behind an evaluation's few numbers: each class's curves, objects by size, what was taken for what, and
 * how each image fared. Plain data, for files and pictures.
 *
 * @module
 */
import { classScores, type CocoEvaluation, precisionRecallCurve } from "./coco.ts";
import { cocoAreaRanges } from "./coco_match.ts";
import { confusionMatrix, type ConfusionThresholds } from "./confusion.ts";
import { type Detection, detectionColumns } from "./detection.ts";
import { type GroundTruth, type GroundTruthAnnotation, groundTruthColumns } from "./ground_truth.ts";
import { ImageAps } from "./image_aps.ts";

/** One class's numbers; an AP or AR is -1 if it has no ground truth. */
export interface ClassDetails {
  /** The class. */
  readonly name: string;
  /** Objects; crowds are none. */
  readonly objects: number;
  /** Mean over the thresholds 0.50..0.95. */
  readonly AP: number;
  /** At the threshold 0.50. */
  readonly AP50: number;
  /** At the threshold 0.75. */
  readonly AP75: number;
  /** Mean largest recall over the thresholds with 100 detections an image. */
  readonly AR100: number;
  /** `[101]` precision at recall 0.00, 0.01, …, 1.00 and IoU 0.50, five decimals; null without ground truth. */
  readonly precision50: readonly number[] | null;
  /** The same at IoU 0.75. */
  readonly precision75: readonly number[] | null;
}

/** Objects of one of COCO's area ranges, over all classes; -1 where there are none. */
export interface SizeDetails {
  /** Which range. */
  readonly name: "small" | "medium" | "large";
  /** Objects in it, crowds left out; those exactly on a border are in both ranges, as COCO has it. */
  readonly objects: number;
  /** Mean over the thresholds 0.50..0.95. */
  readonly AP: number;
  /** Mean largest recall over the thresholds with 100 detections an image. */
  readonly AR100: number;
}

/** How one image fared. */
export interface ImageDetails {
  /** Its id. */
  readonly id: string;
  /** COCO's AP of this image alone; -1 without objects. */
  readonly AP: number;
  /** Objects that count in the confusion matrix: neither crowds nor difficult ones. */
  readonly objects: number;
  /** Objects that a detection of their class took, by the confusion matrix's thresholds. */
  readonly found: number;
  /** Detections that took none or one of another class. */
  readonly spurious: number;
}

/** All of it. */
export interface EvaluationDetails {
  /** By class index. */
  readonly classes: readonly ClassDetails[];
  /** Small, medium, large. */
  readonly sizes: readonly SizeDetails[];
  /** `[K + 1, K + 1]`, by true class and detected class; the last of both is the background. */
  readonly confusion: {
    readonly thresholds: ConfusionThresholds;
    readonly counts: readonly (readonly number[])[];
  };
  /** In the ground truth's order. */
  readonly images: readonly ImageDetails[];
}

/**
 * Looks closer at an evaluation.
 *
 * @param groundTruth What was evaluated on; not changed.
 * @param detections What was found in its images; not changed.
 * @param evaluation By `evaluateCoco`, of the same.
 * @param thresholds For what was taken for what.
 */
export function evaluationDetails(
  groundTruth: GroundTruth,
  detections: readonly Detection[],
  evaluation: CocoEvaluation,
  thresholds: ConfusionThresholds,
): EvaluationDetails {
  const size = groundTruth.classes.length + 1;
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const images = imagesOf(groundTruth, detections).map((image): ImageDetails => {
    const matrix = imageMatrix(image, thresholds);
    matrix.forEach((row, i) => row.forEach((count, j) => counts[i][j] += count));
    return { id: image.truth.imageIds[0], AP: imageAp(image), ...outcomeOf(matrix) };
  });
  return {
    classes: classDetails(groundTruth, evaluation),
    sizes: sizeDetails(groundTruth, evaluation),
    confusion: { thresholds, counts },
    images,
  };
}

/** One image as an evaluation of its own. */
interface ImagePart {
  readonly truth: GroundTruth;
  readonly found: readonly Detection[];
}

function imagesOf(
  { imageIds, classes, annotations }: GroundTruth,
  detections: readonly Detection[],
): ImagePart[] {
  const truths = Map.groupBy(annotations, ({ imageId }) => imageId);
  const founds = Map.groupBy(detections, ({ imageId }) => imageId);
  return imageIds.map((id) => ({
    truth: { imageIds: [id], classes, annotations: truths.get(id) ?? [] },
    found: founds.get(id) ?? [],
  }));
}

/** An object and a detection meet within an image only, so the matrix of all images is the sum of theirs. */
function imageMatrix({ truth, found }: ImagePart, thresholds: ConfusionThresholds): number[][] {
  const { classCount, counts } = confusionMatrix(
    groundTruthColumns(truth),
    detectionColumns(found, truth),
    thresholds,
  );
  const size = classCount + 1;
  return Array.from({ length: size }, (_, i) => [...counts.subarray(i * size, (i + 1) * size)]);
}

function outcomeOf(
  matrix: readonly (readonly number[])[],
): Pick<ImageDetails, "objects" | "found" | "spurious"> {
  const classes = matrix.length - 1;
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const found = sum(matrix.map((row, i) => row[i]));
  const detected = sum(matrix.map((row) => sum(row.slice(0, classes))));
  return { objects: sum(matrix.slice(0, classes).map(sum)), found, spurious: detected - found };
}

function imageAp({ truth, found }: ImagePart): number {
  const aps = new ImageAps(truth.classes.length);
  aps.add(truth, found);
  return aps.ap();
}

function classDetails({ classes, annotations }: GroundTruth, { curves }: CocoEvaluation): ClassDetails[] {
  const objects = Map.groupBy(annotations.filter(isObject), ({ classIndex }) => classIndex);
  return classScores(curves).map((scores, k): ClassDetails => {
    const at75 = precisionRecallCurve(curves, k, 0.75);
    return {
      name: classes[k],
      objects: objects.get(k)?.length ?? 0,
      ...scores,
      AP75: at75 === null
        ? -1
        : at75.precision.reduce((sum, value) => sum + value, 0) / at75.precision.length,
      precision50: rounded(precisionRecallCurve(curves, k, 0.5)?.precision),
      precision75: rounded(at75?.precision),
    };
  });
}

function sizeDetails({ annotations }: GroundTruth, { summary }: CocoEvaluation): SizeDetails[] {
  const [, ...ranges] = cocoAreaRanges;
  const numbers = [
    { name: "small", AP: summary.APs, AR100: summary.ARs },
    { name: "medium", AP: summary.APm, AR100: summary.ARm },
    { name: "large", AP: summary.APl, AR100: summary.ARl },
  ] as const;
  return numbers.map(({ name, ...scores }, i) => {
    const [least, largest] = ranges[i];
    const own = annotations.filter((one) => isObject(one) && one.areaPx >= least && one.areaPx <= largest);
    return { name, objects: own.length, ...scores };
  });
}

/** What AP is measured on: COCO knows no difficult objects, so those are among them. */
function isObject({ isCrowd }: GroundTruthAnnotation): boolean {
  return !isCrowd;
}

function rounded(precision: Float64Array | undefined): number[] | null {
  return precision === undefined ? null : Array.from(precision, (value) => +value.toFixed(5));
}
