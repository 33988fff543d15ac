/**
 * COCO's two file formats as evaluation's columns: annotations ("instances") and detection results.
 *
 * @module
 */
import type { DetectionColumns } from "./detection.ts";
import type { GroundTruthColumns } from "./ground_truth.ts";

/** An annotation file, ready for evaluation. */
export interface CocoGroundTruth {
  /** By image index, ascending: COCO's order at equal scores. */
  readonly imageIds: readonly number[];
  /** By class index, ascending. */
  readonly categoryIds: readonly number[];
  /** Names by class index. */
  readonly classes: readonly string[];
  /** The annotations. */
  readonly columns: GroundTruthColumns;
}

/**
 * Reads a parsed annotation file: `images`, `categories`, `annotations` with `image_id`, `category_id`, `bbox`, and
 * optionally `area` (else the box's) and `iscrowd` (else 0).
 *
 * @param json What `JSON.parse` gave.
 * @param file The file's name, for messages.
 * @throws SyntaxError if a field is missing or of a wrong kind, RangeError if an id is unknown or there twice.
 */
export function cocoGroundTruth(json: unknown, file: string): CocoGroundTruth {
  const fail = failing(file);
  const root = objectAt(json, "the file", fail);
  const imageIds = uniqueIds(listAt(root.images, "images", fail), "images", file);
  const categories = listAt(root.categories, "categories", fail);
  const categoryIds = uniqueIds(categories, "categories", file);
  const nameOf = new Map(categories.map((category, i) => {
    const { id, name } = objectAt(category, `categories[${i}]`, fail);
    return [id, typeof name === "string" ? name : fail(`categories[${i}].name`, name, "text")];
  }));
  const annotations = listAt(root.annotations, "annotations", fail);
  // Evaluation does not need an annotation's id, but one there twice is an object counted twice.
  const withId = annotations.filter((annotation) =>
    objectAt(annotation, "annotations", fail).id !== undefined
  );
  uniqueIds(withId, "annotations", file);
  const table = readBoxes(annotations, "annotations", { imageIds, categoryIds }, file);
  const columns = {
    ...table,
    imageCount: imageIds.length,
    classCount: categoryIds.length,
    areasPx: new Float64Array(annotations.length),
    isCrowd: new Uint8Array(annotations.length),
    isDifficult: new Uint8Array(annotations.length),
  };
  annotations.forEach((annotation, i) => {
    const { area, iscrowd } = objectAt(annotation, `annotations[${i}]`, fail);
    const boxArea = table.boxesXywh[4 * i + 2] * table.boxesXywh[4 * i + 3];
    columns.areasPx[i] = area === undefined ? boxArea : numberAt(area, `annotations[${i}].area`, fail);
    columns.isCrowd[i] = iscrowd ? 1 : 0;
  });
  return { imageIds, categoryIds, classes: categoryIds.map((id) => nameOf.get(id) ?? String(id)), columns };
}

/**
 * Reads a parsed result file: a list of `image_id`, `category_id`, `bbox`, `score`.
 *
 * @param json What `JSON.parse` gave.
 * @param groundTruth Which images and categories there are.
 * @param file The file's name, for messages.
 * @throws SyntaxError if a field is missing or of a wrong kind, RangeError if an image or category is unknown.
 */
export function cocoDetections(
  json: unknown,
  groundTruth: Pick<CocoGroundTruth, "imageIds" | "categoryIds">,
  file: string,
): DetectionColumns {
  const fail = failing(file);
  const results = listAt(json, "the file", fail);
  return {
    ...readBoxes(results, "results", groundTruth, file),
    scores: Float64Array.from(results, (result, i) => {
      return numberAt(objectAt(result, `results[${i}]`, fail).score, `results[${i}].score`, fail);
    }),
  };
}

/** How reading a file fails: with the field, what it holds and what it should. */
type Fail = (field: string, value: unknown, wanted: string) => never;
type Fields = Readonly<Record<string, unknown>>;

function failing(file: string): Fail {
  return (field, value, wanted) => {
    throw new SyntaxError(`Cannot read ${file}: ${field} must be ${wanted}, but is ${shown(value)}`);
  };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function readBoxes(
  entries: readonly unknown[],
  list: string,
  ids: Pick<CocoGroundTruth, "imageIds" | "categoryIds">,
  file: string,
): Pick<DetectionColumns, "imageIndices" | "classIndices" | "boxesXywh"> {
  const fail = failing(file);
  const images = indexOf(ids.imageIds);
  const categories = indexOf(ids.categoryIds);
  const imageIndices = new Int32Array(entries.length);
  const classIndices = new Int32Array(entries.length);
  const boxesXywh = new Float64Array(4 * entries.length);
  entries.forEach((entry, i) => {
    const { image_id, category_id, bbox } = objectAt(entry, `${list}[${i}]`, fail);
    const at = (field: string): string => `${list}[${i}].${field}`;
    imageIndices[i] = known(images, numberAt(image_id, at("image_id"), fail), at("image_id"), file);
    classIndices[i] = known(
      categories,
      numberAt(category_id, at("category_id"), fail),
      at("category_id"),
      file,
    );
    if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(Number.isFinite)) {
      return fail(at("bbox"), bbox, "four finite numbers");
    }
    boxesXywh.set(bbox, 4 * i);
  });
  return { imageIndices, classIndices, boxesXywh };
}

function known(indices: ReadonlyMap<number, number>, id: number, field: string, file: string): number {
  const index = indices.get(id);
  if (index === undefined) {
    throw new RangeError(`Cannot read ${file}: ${field} is ${id}, which the annotation file does not list`);
  }
  return index;
}

function uniqueIds(entries: readonly unknown[], list: string, file: string): number[] {
  const fail = failing(file);
  const ids = entries.map((entry, i) => {
    return numberAt(objectAt(entry, `${list}[${i}]`, fail).id, `${list}[${i}].id`, fail);
  }).sort((a, b) => a - b);
  const twice = ids.find((id, i) => id === ids[i + 1]);
  if (twice !== undefined) {
    throw new RangeError(`Cannot read ${file}: ${list} has the id ${twice} more than once`);
  }
  return ids;
}

function indexOf(ids: readonly number[]): Map<number, number> {
  return new Map(ids.map((id, index) => [id, index]));
}

function objectAt(value: unknown, field: string, fail: Fail): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Fields
    : fail(field, value, "an object");
}

function listAt(value: unknown, field: string, fail: Fail): readonly unknown[] {
  return Array.isArray(value) ? value : fail(field, value, "a list");
}

function numberAt(value: unknown, field: string, fail: Fail): number {
  return typeof value === "number" && Number.isFinite(value) ? value : fail(field, value, "a finite number");
}
