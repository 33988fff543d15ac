/**
 * A run's data sets, from its config: a user's folders, or the generated shapes. Opening reads annotations, never
 * pixels.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import { openImageFolder } from "../data/image_folder.ts";
import { openDetectionFolder } from "../data/open_folder.ts";
import type { ClassificationSet, DetectionSample, DetectionSet, SkippedAnnotation } from "../data/sample.ts";
import { shapesClassification, shapesDetection } from "../data/shapes.ts";

/** Images with labels. */
export interface ClassificationData {
  readonly train: ClassificationSet;
  readonly val: ClassificationSet;
}

/** Images with boxes: trained on, scored on in the search, and reported on; no two share an image. */
export interface DetectionData {
  readonly train: DetectionSet;
  readonly val: DetectionSet;
  readonly test: DetectionSet;
  /** Annotations left out, of all splits. */
  readonly skipped: readonly SkippedAnnotation[];
  /** How the splits were made, where that needs saying; sentences. */
  readonly notes: readonly string[];
}

/**
 * Opens what the supernet is pre-trained on. Throws what the reader throws, naming file and value.
 *
 * @throws {RangeError} If there is nothing to tell apart.
 */
export async function openClassificationData(config: Config): Promise<ClassificationData> {
  const data = config.pretrainData;
  if (data.kind === "folder") return checkTwoClasses(await openImageFolder(data.path), data.path);
  const shapes = (split: string, imagesPerClass: number): ClassificationSet =>
    shapesClassification({ seed: config.seed, split, imagesPerClass, imagePx: data.imagePx });
  return { train: shapes("train", data.imagesPerClass), val: shapes("val", data.valImagesPerClass) };
}

/**
 * Opens what detectors are trained, scored and reported on. Throws what the reader throws, naming file and value.
 *
 * @throws {RangeError} If there is nothing to detect.
 */
export async function openDetectionData(config: Config): Promise<DetectionData> {
  const data = config.detectionData;
  if (data.kind === "folder") return checkHasClass(await openDetectionFolder(data.path), data.path);
  const { widthPx, heightPx } = data;
  const shapes = (split: string, count: number): DetectionSet =>
    shapesDetection({ seed: config.seed, split, count, widthPx, heightPx });
  return {
    train: shapes("train", data.train),
    val: shapes("val", data.val),
    test: shapes("test", data.test),
    skipped: [],
    notes: [],
  };
}

/**
 * What an architecture is retrained on: all images but the reported ones, so also those that the search was scored
 * on, as the authors do. It is chosen by then, and the reported split stays unseen.
 */
export function retrainingSet({ train, val }: DetectionData): DetectionSet {
  const name = `${train.name} and ${val.name}`;
  // COCO files may number the images of each split anew.
  const samplesOf = ({ name, samples }: DetectionSet): DetectionSample[] =>
    samples.map((sample) => ({ ...sample, id: `${name}/${sample.id}` }));
  return {
    ...train,
    name,
    samples: [...samplesOf(train), ...samplesOf(val)],
    skipped: [...train.skipped, ...val.skipped],
  };
}

function checkTwoClasses(data: ClassificationData, path: string): ClassificationData {
  const { classes } = data.train;
  if (classes.length > 1) return data;
  throw new RangeError(
    `Cannot learn to classify from ${path}: it has one class, ${classes[0]}, wanted at least two`,
  );
}

function checkHasClass(data: DetectionData, path: string): DetectionData {
  if (data.train.classes.length > 0) return data;
  throw new RangeError(`Cannot learn to detect from ${path}: no object is annotated, wanted at least one`);
}
