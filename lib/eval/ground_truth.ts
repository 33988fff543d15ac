/**
 * What evaluation compares detections with: images, classes and annotated boxes.
 *
 * @module
 */

/** One annotated box. */
export interface GroundTruthAnnotation {
  /** One of {@linkcode GroundTruth.imageIds}. */
  readonly imageId: string;
  /** 0..K-1, index into {@linkcode GroundTruth.classes}. */
  readonly classIndex: number;
  /** x1, y1, x2, y2 in pixels of the original image. */
  readonly boxXyxy: readonly [number, number, number, number];
  /** COCO: a region of many objects; detections in it count neither for nor against. */
  readonly isCrowd: boolean;
  /** VOC: an object that counts neither for nor against. */
  readonly isDifficult: boolean;
  /** In square pixels, for COCO's area ranges; of the mask where there is one. */
  readonly areaPx: number;
}

/** A data set's annotations. */
export interface GroundTruth {
  /** Every evaluated image, also those without annotations. At equal scores the earlier image comes first. */
  readonly imageIds: readonly string[];
  /** Names by class index. */
  readonly classes: readonly string[];
  /** In any order. */
  readonly annotations: readonly GroundTruthAnnotation[];
}

/** Ground truth as columns; boxes are float64 x, y, width, height for the reason given at `DetectionColumns`. */
export interface GroundTruthColumns {
  /** Images, also those without annotations. */
  readonly imageCount: number;
  /** Classes, also those without annotations. */
  readonly classCount: number;
  /** `[M]`, 0..imageCount-1. */
  readonly imageIndices: Int32Array;
  /** `[M]`, 0..classCount-1. */
  readonly classIndices: Int32Array;
  /** `[M, 4]` float64. */
  readonly boxesXywh: Float64Array;
  /** `[M]` float64. */
  readonly areasPx: Float64Array;
  /** `[M]`, 0 or 1. */
  readonly isCrowd: Uint8Array;
  /** `[M]`, 0 or 1. */
  readonly isDifficult: Uint8Array;
  /** `[M]`, 1 at the annotation whose id in COCO's file is 0; see `matchCoco` for what that does. */
  readonly hasIdZero: Uint8Array;
}

/**
 * Ground truth of a readable detection set.
 *
 * @param set Classes, and samples with their annotations; `DetectionSet` of `lib/data` is one.
 */
export function groundTruthOf(set: {
  readonly classes: readonly string[];
  readonly samples: Iterable<{
    readonly id: string;
    readonly annotations: readonly Omit<GroundTruthAnnotation, "imageId">[];
  }>;
}): GroundTruth {
  const samples = Array.from(set.samples);
  return {
    imageIds: samples.map(({ id }) => id),
    classes: set.classes,
    annotations: samples.flatMap(({ id, annotations }) =>
      annotations.map((annotation) => ({ ...annotation, imageId: id }))
    ),
  };
}

/**
 * Columns from records.
 *
 * @param groundTruth The records.
 * @throws {RangeError} If an image is listed twice, or an annotation's image or class is unknown or a number not finite.
 */
export function groundTruthColumns(groundTruth: GroundTruth): GroundTruthColumns {
  const { imageIds, classes, annotations } = groundTruth;
  const indexOfImage = new Map(imageIds.map((id, index) => [id, index]));
  if (indexOfImage.size !== imageIds.length) {
    const twice = imageIds.find((id, index) => indexOfImage.get(id) !== index);
    throw new RangeError(
      `Cannot evaluate: image ${JSON.stringify(twice)} is listed twice in the ground truth`,
    );
  }
  const columns = {
    imageCount: imageIds.length,
    classCount: classes.length,
    imageIndices: new Int32Array(annotations.length),
    classIndices: Int32Array.from(annotations, ({ classIndex }) => classIndex),
    boxesXywh: new Float64Array(4 * annotations.length),
    areasPx: Float64Array.from(annotations, ({ areaPx }) => areaPx),
    isCrowd: Uint8Array.from(annotations, ({ isCrowd }) => isCrowd ? 1 : 0),
    isDifficult: Uint8Array.from(annotations, ({ isDifficult }) => isDifficult ? 1 : 0),
    hasIdZero: new Uint8Array(annotations.length),
  };
  annotations.forEach((annotation, i) => {
    const problem = recordProblem(annotation, indexOfImage, classes.length);
    if (problem) throw new RangeError(`Cannot evaluate: annotation ${i} of the ground truth ${problem}`);
    const [x1, y1, x2, y2] = annotation.boxXyxy;
    columns.imageIndices[i] = indexOfImage.get(annotation.imageId) ?? -1;
    columns.boxesXywh.set([x1, y1, x2 - x1, y2 - y1], 4 * i);
  });
  return columns;
}

/**
 * Results of all classes by name.
 *
 * @param classes Names by class index.
 * @param results One a class.
 * @throws {RangeError} If there are not as many names as results, or a name is there twice.
 */
export function byClassName<Result>(
  classes: readonly string[],
  results: readonly Result[],
): Record<string, Result> {
  if (classes.length !== results.length) {
    throw new RangeError(
      `Cannot list results by class as there must be a name a class: ${classes.length} names for ${results.length} classes`,
    );
  }
  const twice = classes.find((name, index) => classes.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(`Cannot list results by class: two classes are named ${JSON.stringify(twice)}`);
  }
  return Object.fromEntries(classes.map((name, index) => [name, results[index]]));
}

function recordProblem(
  { imageId, classIndex, boxXyxy, areaPx }: GroundTruthAnnotation,
  images: ReadonlyMap<string, number>,
  classCount: number,
): string | undefined {
  if (!images.has(imageId)) return `names image ${JSON.stringify(imageId)}, which is not listed`;
  if (!(Number.isInteger(classIndex) && classIndex >= 0 && classIndex < classCount)) {
    return `has class ${classIndex}, which is not in 0..${classCount - 1}`;
  }
  if (!boxXyxy.every(Number.isFinite)) return `has box ${boxXyxy}, which is not four finite numbers`;
  if (!Number.isFinite(areaPx)) return `has areaPx ${areaPx}, which is not a finite number`;
  return undefined;
}
