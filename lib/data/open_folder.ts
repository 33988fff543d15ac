/**
 * Opens a folder of annotated photographs, whatever its layout, as the three splits a search needs: one to
 * train on, one the search is scored on, one the reported number comes from; no two share an image.
 *
 * @module
 */
import { openCocoParts } from "./coco_splits.ts";
import { type DataFolder, openDataFolder } from "./data_folder.ts";
import type { IndexStore } from "./data_index.ts";
import { cutSearchSplit, type DetectionSplit, joinVersions } from "./detection_split.ts";
import type { SkippedAnnotation } from "./sample.ts";
import type { SplitParts } from "./split_plan.ts";
import { openVocParts } from "./voc_splits.ts";

/** An opened folder. */
export interface DetectionFolder {
  /** Which layout was recognised. */
  readonly layout: "voc" | "coco";
  /** What networks are trained on. */
  readonly train: DetectionSplit;
  /** What the search is scored on. */
  readonly val: DetectionSplit;
  /** What the reported numbers come from. */
  readonly test: DetectionSplit;
  /** Names the content of all indexes; null without. */
  readonly version: string | null;
  /** Of all splits, each annotation once. */
  readonly skipped: readonly SkippedAnnotation[];
  /** What the user should know about how the splits were made, sentences. */
  readonly notes: readonly string[];
}

/** How to open a folder; everything has a default. */
export interface OpenFolderOptions {
  /**
   * Training images set apart for the search, also where there is a split val, which is then trained on; null, the
   * default, is that split, or a tenth of training where it is missing.
   */
  readonly searchImages?: number | null;
  /** Where indexes are kept; null, the default, reads all annotations at each call. */
  readonly store?: IndexStore | null;
}

/**
 * Recognises Pascal VOC or COCO and reads the splits.
 *
 * With splits train, val and test on disk these are the three. Without test, val is the reported split and the
 * search is scored on a tenth of train, cut off by a fixed draw; without val, the same tenth serves. VOC's
 * `trainval` stands in for a missing train. The search thus never sees the reported split.
 *
 * Of VOC's several years (`VOCdevkit`) all are trained on, and the first that has a test split is reported on: the
 * authors' 07+12. Of COCO 2014 the minival of 5,000 images is reported on.
 *
 * @param path The data folder.
 * @param options How to open it; all have defaults.
 * @throws {Deno.errors.NotFound} If the folder is missing, or no layout or not enough splits are recognised.
 * @throws {RangeError} If the search's split would leave nothing to train on, or two splits share an image.
 * @throws {SyntaxError} If an annotation file can't be parsed; it names file, line or field, and value.
 * @throws {TypeError} If a value in one has the wrong type; likewise.
 * @throws {Error} If a new index can't be written; it names the file.
 *
 * @example Batches of a folder in Pascal VOC's layout
 * ```ts
 * // deno run --allow-read --allow-env --allow-ffi
 * import { DetectionLoader, openDetectionFolder } from "@detnas/detnas/data";
 *
 * const { train, skipped } = await openDetectionFolder("photos");
 * console.log(train.samples.length, train.classes, skipped.length); // 4 [ "circle", "square" ] 0
 * using loader = new DetectionLoader(train, {
 *   seed: 1,
 *   batchSize: 2,
 *   maxImagePixels: 50e6,
 *   canvases: [{ heightPx: 64, widthPx: 96 }],
 *   flip: true,
 *   verticalFlip: false,
 *   scaleJitter: [0.8, 1.2],
 * });
 * const batch = await loader.batch(0); // the same at every call
 * console.log(batch.shape, batch.images.length, batch.boxesXyxy.length); // [ 2, 64, 96, 3 ] 36864 2
 * ```
 */
export async function openDetectionFolder(
  path: string,
  { searchImages = null, store = null }: OpenFolderOptions = {},
): Promise<DetectionFolder> {
  const folder = await openDataFolder(path);
  const isCut = searchImages !== null;
  const voc = await openVocParts(folder, isCut, store);
  if (voc !== null) return assemble("voc", voc, searchImages);
  const coco = await openCocoParts(folder, isCut, store);
  if (coco !== null) return assemble("coco", coco, searchImages);
  throw notRecognised(folder);
}

function assemble(layout: "voc" | "coco", parts: SplitParts, searchImages: number | null): DetectionFolder {
  const { test } = parts;
  const [train, val] = parts.val === null
    ? cutSearchSplit(parts.train, searchImages)
    : [parts.train, parts.val];
  checkDisjoint([train, val, test]);
  const notes: string[] = [];
  if (parts.val === null) {
    notes.push(
      `The search is scored on ${val.samples.length} images cut from ${parts.train.name} by a fixed draw, which ` +
        `leaves ${train.samples.length} to train on.`,
    );
  }
  notes.push(...parts.notes);
  const splits = [train, val, test]; // of a cut, the first part tells what both have
  const clippedCount = splits.reduce((sum, split) => sum + split.clippedCount, 0);
  if (clippedCount > 0) {
    notes.push(`${clippedCount} boxes reached past their image's border and were clipped.`);
  }
  const version = joinVersions(splits.map((split) => split.version));
  return { layout, train, val, test, version, skipped: splits.flatMap(({ skipped }) => skipped), notes };
}

function checkDisjoint(splits: readonly DetectionSplit[]): void {
  const seen = new Map<string, string>();
  for (const { name, samples } of splits) {
    for (const { source } of samples) {
      const file = "file" in source ? source.file : "";
      const other = seen.get(file);
      if (other !== undefined) {
        throw new RangeError(
          `Cannot use splits ${other} and ${name}: both hold ${file}, wanted no image in two`,
        );
      }
      seen.set(file, name);
    }
  }
}

function notRecognised(folder: DataFolder): Error {
  return new Deno.errors.NotFound(
    `Cannot open ${folder.path}: it has neither Pascal VOC's layout (looked for ImageSets/Main/<split>.txt, ` +
      `Annotations/<id>.xml, JPEGImages/<id>.jpg) nor COCO's (looked for annotations/instances_<split>.json, ` +
      `<split>/<image>)`,
  );
}
