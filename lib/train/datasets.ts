/**
 * A run's data sets, from its config: a user's folders, or the generated shapes. Opening reads annotations, never
 * pixels.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import type { IndexStore } from "../data/data_index.ts";
import { joinSets, joinVersions } from "../data/detection_split.ts";
import type { ImagesOfData } from "../data/image_checks.ts";
import { openImageFolder } from "../data/image_folder.ts";
import { openDetectionFolder } from "../data/open_folder.ts";
import type { ClassificationSet, DetectionSet, SkippedAnnotation } from "../data/sample.ts";
import { shapesClassification, shapesDetection } from "../data/shapes.ts";

/** Images with labels. */
export interface ClassificationData {
  readonly train: ClassificationSet;
  readonly val: ClassificationSet;
  /** Names the content of the files; null where there is no index to name it. */
  readonly version: string | null;
}

/** Images with boxes: trained on, scored on in the search, and reported on; no two share an image. */
export interface DetectionData {
  readonly layout: "shapes" | "voc" | "coco";
  readonly train: DetectionSet;
  readonly val: DetectionSet;
  readonly test: DetectionSet;
  /** Names the content of the files; null where there is no index to name it. */
  readonly version: string | null;
  /** Annotations left out, of all splits. */
  readonly skipped: readonly SkippedAnnotation[];
  /** How the splits were made, where that needs saying; sentences. */
  readonly notes: readonly string[];
}

/** A run's data sets, each opened once, when it is first asked for. */
export class DataSets {
  readonly #store: IndexStore | null;
  readonly #opened = new Map<string, Promise<ClassificationData | DetectionData>>();

  /**
   * Opens nothing yet.
   *
   * @param store Where indexes of folders are kept; null makes them anew in each process.
   */
  constructor(store: IndexStore | null) {
    this.#store = store;
  }

  /** As {@linkcode openClassificationData}. */
  classification(config: Config): Promise<ClassificationData> {
    return this.#once("classification", config.pretrainData, config, openClassificationData);
  }

  /** As {@linkcode openDetectionData}. */
  detection(config: Config): Promise<DetectionData> {
    return this.#once("detection", config.detectionData, config, openDetectionData);
  }

  /** One that could not be opened may be tried again. */
  #once<Data extends ClassificationData | DetectionData>(
    kind: string,
    source: unknown,
    config: Config,
    open: (config: Config, store: IndexStore | null) => Promise<Data>,
  ): Promise<Data> {
    const key = JSON.stringify([kind, source, config.seed]);
    const opened = this.#opened.get(key) as Promise<Data> | undefined;
    if (opened !== undefined) return opened;
    const opening = open(config, this.#store);
    this.#opened.set(key, opening);
    opening.catch(() => this.#opened.delete(key));
    return opening;
  }
}

/**
 * Opens what the supernet is pre-trained on. Throws what the reader throws, naming file and value.
 *
 * @param store Where the index of a folder is kept; null keeps none.
 * @throws {RangeError} If there is nothing to tell apart.
 * @throws {TypeError} If the config has no such data.
 */
export async function openClassificationData(
  config: Config,
  store: IndexStore | null = null,
): Promise<ClassificationData> {
  const data = config.pretrainData;
  if (data === null) throw new TypeError("Cannot open images with class labels: pretrainData is null");
  if (data.kind === "folder") return checkTwoClasses(await openImageFolder(data.path, store), data.path);
  const shapes = (split: string, imagesPerClass: number): ClassificationSet =>
    shapesClassification({ seed: config.seed, split, imagesPerClass, imagePx: data.imagePx });
  return {
    train: shapes("train", data.imagesPerClass),
    val: shapes("val", data.valImagesPerClass),
    version: "shapes",
  };
}

/**
 * Opens what detectors are trained, scored and reported on. Throws what the reader throws, naming file and value.
 *
 * @param store Where the index of a folder is kept; null keeps none.
 * @throws {RangeError} If there is nothing to detect.
 */
export async function openDetectionData(
  config: Config,
  store: IndexStore | null = null,
): Promise<DetectionData> {
  const data = config.detectionData;
  if (data.kind === "folder") {
    const { searchImages, path } = data;
    return checkHasClass(await openDetectionFolder(path, { searchImages, store }), path);
  }
  const { widthPx, heightPx } = data;
  const shapes = (split: string, count: number): DetectionSet =>
    shapesDetection({ seed: config.seed, split, count, widthPx, heightPx });
  return {
    layout: "shapes",
    train: shapes("train", data.train),
    val: shapes("val", data.val),
    test: shapes("test", data.test),
    version: "shapes",
    skipped: [],
    notes: [],
  };
}

/**
 * What an architecture is retrained on: all images but the reported ones, so also those that the search was scored
 * on, as the authors do. It is chosen by then, and the reported split stays unseen.
 */
export function retrainingSet({ train, val }: Pick<DetectionData, "train" | "val">): DetectionSet {
  return joinSets(`${train.name} and ${val.name}`, [train, val]);
}

/** All images of both, to be checked. */
export function imagesOf(classification: ClassificationData | null, detection: DetectionData): ImagesOfData {
  const labelled = classification === null ? [] : [classification.train, classification.val];
  const versions = [detection.version, ...(classification === null ? [] : [classification.version])];
  return {
    sets: [detection.train, detection.val, detection.test, ...labelled],
    version: joinVersions(versions),
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
