/**
 * What a detector found: plain records for users and files, columns for evaluation.
 *
 * @module
 */
import type { CanvasDetections } from "../boxes/detections.ts";
import type { GroundTruth } from "./ground_truth.ts";

/** One box that a detector found. */
export interface Detection {
  /** The image's id, as in {@linkcode GroundTruth.imageIds}. */
  readonly imageId: string;
  /** 0..K-1, index into the ground truth's classes. */
  readonly classIndex: number;
  /** Larger is surer. */
  readonly score: number;
  /** x1, y1, x2, y2 in pixels of the original image. */
  readonly boxXyxy: readonly [number, number, number, number];
}

/**
 * Detections as columns, in the order given; equal scores are ranked by that order. Boxes are float64 x, y, width,
 * height, as COCO's files hold them, since a size computed from two corners can differ in its last bit and fall on
 * the other side of an area limit.
 */
export interface DetectionColumns {
  /** `[D]`, index into the ground truth's images. */
  readonly imageIndices: Int32Array;
  /** `[D]`, 0..K-1. */
  readonly classIndices: Int32Array;
  /** `[D]` float64. */
  readonly scores: Float64Array;
  /** `[D, 4]` float64. */
  readonly boxesXywh: Float64Array;
}

/**
 * Records from what the detector found on a canvas: `original = canvas / scale`.
 *
 * @param imageId The image's id.
 * @param found Detections in canvas pixels.
 * @param placement The image's scale on its canvas.
 */
export function toDetections(
  imageId: string,
  found: CanvasDetections,
  placement: { readonly scaleX: number; readonly scaleY: number },
): Detection[] {
  const { scaleX, scaleY } = placement;
  return Array.from(found.scores, (score, i) => {
    const [x1, y1, x2, y2] = found.boxesXyxy.subarray(4 * i, 4 * i + 4);
    return {
      imageId,
      classIndex: found.classIndices[i],
      score,
      boxXyxy: [x1 / scaleX, y1 / scaleY, x2 / scaleX, y2 / scaleY],
    };
  });
}

/**
 * Columns from records.
 *
 * @param detections Records in any order; those of one image keep theirs.
 * @param groundTruth Which images and classes there are.
 * @throws {RangeError} Naming the detection if its image or class is unknown, or a number is not finite.
 */
export function detectionColumns(
  detections: readonly Detection[],
  groundTruth: Pick<GroundTruth, "imageIds" | "classes">,
): DetectionColumns {
  const indexOfImage = new Map(groundTruth.imageIds.map((id, index) => [id, index]));
  const columns = {
    imageIndices: new Int32Array(detections.length),
    classIndices: new Int32Array(detections.length),
    scores: new Float64Array(detections.length),
    boxesXywh: new Float64Array(4 * detections.length),
  };
  detections.forEach(({ imageId, classIndex, score, boxXyxy: [x1, y1, x2, y2] }, i) => {
    columns.imageIndices[i] = indexOfImage.get(imageId) ?? -1;
    columns.classIndices[i] = classIndex;
    columns.scores[i] = score;
    columns.boxesXywh.set([x1, y1, x2 - x1, y2 - y1], 4 * i);
    const problem = recordProblem(detections[i], indexOfImage, groundTruth.classes.length);
    if (problem) throw new RangeError(`Cannot evaluate detections: detection ${i} ${problem}`);
  });
  return columns;
}

function recordProblem(
  { imageId, classIndex, score, boxXyxy }: Detection,
  images: ReadonlyMap<string, number>,
  classCount: number,
): string | undefined {
  if (!images.has(imageId)) {
    return `names image ${JSON.stringify(imageId)}, which the ground truth does not have`;
  }
  if (!(Number.isInteger(classIndex) && classIndex >= 0 && classIndex < classCount)) {
    return `has class ${classIndex}, which is not in 0..${classCount - 1}`;
  }
  if (!Number.isFinite(score)) return `has score ${score}, which is not a finite number`;
  if (!boxXyxy.every(Number.isFinite)) return `has box ${boxXyxy}, which is not four finite numbers`;
  return undefined;
}
