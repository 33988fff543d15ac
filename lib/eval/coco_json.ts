/**
 * COCO's two file formats as evaluation's columns: annotations ("instances") and detection results.
 *
 * @module
 */
import type { DetectionColumns } from "./detection.ts";
import type { GroundTruthColumns } from "./ground_truth.ts";
import { type JsonSource, listEntries, objectFields, rootList } from "./json_source.ts";

/** What a file names an image or a category by. */
export type CocoId = number | string;

/** The lists of an annotation file; each can be gone through more than once. */
export interface CocoLists {
  /** Entries with `id`. */
  readonly images: Iterable<unknown>;
  /** Entries with `id` and `name`. */
  readonly categories: Iterable<unknown>;
  /** Entries as {@linkcode cocoGroundTruth} describes them. */
  readonly annotations: Iterable<unknown>;
}

/** An annotation file, ready for evaluation. */
export interface CocoGroundTruth {
  /** By image index, ascending: COCO's order at equal scores. */
  readonly imageIds: readonly CocoId[];
  /** By class index, ascending. */
  readonly categoryIds: readonly CocoId[];
  /** Names by class index; a name may be there twice. */
  readonly classes: readonly string[];
  /** The annotations. */
  readonly columns: GroundTruthColumns;
}

/** Images and classes that boxes may name, and how messages describe what was wanted. */
export interface CocoKeys {
  /** Image index by id. */
  readonly images: ReadonlyMap<unknown, number>;
  /** Class index by id. */
  readonly categories: ReadonlyMap<unknown, number>;
  /** Completes "wanted …", e.g. `the id of one of a.json's 3 images, such as 7`. */
  readonly wantedImage: string;
  /** Likewise. */
  readonly wantedCategory: string;
}

/**
 * Finds the lists of an annotation file; entries are parsed when they are gone through.
 *
 * @param source The file.
 * @throws {SyntaxError} If the file is not an object, or has not all three lists.
 */
export function cocoLists(source: JsonSource): CocoLists {
  const fields = objectFields(source, "an object with the lists images, annotations and categories");
  const list = (name: string): Iterable<unknown> => {
    const span = fields.get(name);
    if (span === undefined) {
      throw new SyntaxError(`Cannot read ${source.file}: ${name} is missing, wanted a list`);
    }
    return { [Symbol.iterator]: () => listEntries(source, span, name) };
  };
  return { images: list("images"), categories: list("categories"), annotations: list("annotations") };
}

/**
 * The entries of a result file.
 *
 * @param source The file.
 * @throws {SyntaxError} If the file is not a list.
 */
export function cocoResults(source: JsonSource): Iterable<unknown> {
  return listEntries(source, rootList(source, "a list of results"), "results");
}

/**
 * Reads annotations: `image_id`, `category_id`, `bbox`, and optionally `id`, `area` (else the box's) and `iscrowd`
 * (else 0); null is as good as missing. Nothing else is looked at, `ignore` included, as in COCO's own tool.
 *
 * @param lists The file's lists.
 * @param file The file's name, for messages.
 * @throws {SyntaxError} If a field is missing or of a wrong kind.
 * @throws {RangeError} If an id is unknown or there twice, or a size negative.
 */
export function cocoGroundTruth(lists: CocoLists, file: string): CocoGroundTruth {
  const imageIds = readIds(lists.images, { file, list: "images", index: 0 });
  const names = new Map<CocoId, string>();
  const categoryIds = readIds(
    lists.categories,
    { file, list: "categories", index: 0 },
    (entry, id, place) => {
      names.set(id, textAt(entry, "name", place));
    },
  );
  const keys = keysOf({ imageIds, categoryIds }, file);
  const more: AnnotationFields = { areasPx: [], isCrowd: [], hasIdZero: [], indexOfId: new Map() };
  const place = { file, list: "annotations", index: 0 };
  const boxes = readBoxes(lists.annotations, keys, place, (entry) => readAnnotation(entry, more, place));
  const count = more.isCrowd.length;
  const columns = {
    ...boxes,
    imageCount: imageIds.length,
    classCount: categoryIds.length,
    areasPx: Float64Array.from(
      more.areasPx,
      (area, i) => area ?? boxes.boxesXywh[4 * i + 2] * boxes.boxesXywh[4 * i + 3],
    ),
    isCrowd: Uint8Array.from(more.isCrowd),
    hasIdZero: Uint8Array.from(more.hasIdZero),
    isDifficult: new Uint8Array(count),
  };
  return { imageIds, categoryIds, classes: categoryIds.map((id) => names.get(id) ?? String(id)), columns };
}

/**
 * Reads results: `image_id`, `category_id`, `bbox`, `score`.
 *
 * @param results The file's entries.
 * @param keys Which images and categories there are, e.g. from {@linkcode keysOf}.
 * @param file The file's name, for messages.
 * @throws {SyntaxError} If a field is missing or of a wrong kind.
 * @throws {RangeError} If an image or category is unknown, or a size negative.
 */
export function cocoDetections(results: Iterable<unknown>, keys: CocoKeys, file: string): DetectionColumns {
  const scores: number[] = [];
  const place = { file, list: "results", index: 0 };
  const boxes = readBoxes(results, keys, place, ({ score }) => {
    if (!isNumber(score)) throw wrong(place, "score", score, "a finite number");
    scores.push(score);
  });
  return { ...boxes, scores: Float64Array.from(scores) };
}

/**
 * The ids of an annotation file, as what results may name.
 *
 * @param groundTruth The annotation file.
 * @param file The annotation file's name, for messages.
 */
export function keysOf(
  { imageIds, categoryIds }: Pick<CocoGroundTruth, "imageIds" | "categoryIds">,
  file: string,
): CocoKeys {
  const wanted = (ids: readonly CocoId[], name: string): string => {
    const example = ids.length === 0 ? "" : `, such as ${JSON.stringify(ids[0])}`;
    return `the id of one of the ${ids.length} ${name} of ${file}${example}`;
  };
  return {
    images: new Map(imageIds.map((id, index) => [id, index])),
    categories: new Map(categoryIds.map((id, index) => [id, index])),
    wantedImage: wanted(imageIds, "images"),
    wantedCategory: wanted(categoryIds, "categories"),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** An entry of a list of a file, for messages; `index` goes along as the list is read. */
interface Place {
  readonly file: string;
  readonly list: string;
  index: number;
}

/** Columns that only annotations have. */
interface AnnotationFields {
  /** Null where the file has none. */
  readonly areasPx: (number | null)[];
  readonly isCrowd: number[];
  readonly hasIdZero: number[];
  readonly indexOfId: Map<CocoId, number>;
}

function readAnnotation({ id, area, iscrowd }: Fields, more: AnnotationFields, place: Place): void {
  // Evaluation does not need an annotation's id, but one there twice is an object counted twice.
  if (id !== undefined) addId(id, more.indexOfId, place);
  more.hasIdZero.push(id === 0 ? 1 : 0);
  const isMissing = area === undefined || area === null;
  if (!isMissing && !isNumber(area)) throw wrong(place, "area", area, "a finite number");
  more.areasPx.push(isMissing ? null : area);
  const crowd = Number(iscrowd ?? 0); // true and false are 1 and 0
  if (typeof iscrowd === "string" || (crowd !== 0 && crowd !== 1)) {
    throw wrong(place, "iscrowd", iscrowd, "0 or 1");
  }
  more.isCrowd.push(crowd);
}

function readBoxes(
  entries: Iterable<unknown>,
  keys: CocoKeys,
  place: Place,
  readMore: (entry: Fields) => void,
): Pick<DetectionColumns, "imageIndices" | "classIndices" | "boxesXywh"> {
  const images: number[] = [];
  const classes: number[] = [];
  const boxes: number[] = [];
  for (const value of entries) {
    const entry = objectAt(value, place);
    images.push(known(keys.images, entry, "image_id", keys.wantedImage, place));
    classes.push(known(keys.categories, entry, "category_id", keys.wantedCategory, place));
    addBox(entry.bbox, boxes, place);
    readMore(entry);
    place.index++;
  }
  return {
    imageIndices: new Int32Array(images),
    classIndices: new Int32Array(classes),
    boxesXywh: new Float64Array(boxes),
  };
}

function known(
  indices: ReadonlyMap<unknown, number>,
  entry: Fields,
  field: string,
  wanted: string,
  place: Place,
): number {
  const index = indices.get(entry[field]);
  if (index !== undefined) return index;
  const { message } = wrong(place, field, entry[field], wanted);
  throw isId(entry[field]) ? new RangeError(message) : new SyntaxError(message);
}

function addBox(bbox: unknown, boxes: number[], place: Place): void {
  if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(isNumber)) {
    throw wrong(place, "bbox", bbox, "four finite numbers: x, y, width, height");
  }
  if (bbox[2] < 0 || bbox[3] < 0) {
    throw new RangeError(wrong(place, "bbox", bbox, "a width and height of at least 0").message);
  }
  boxes.push(bbox[0], bbox[1], bbox[2], bbox[3]);
}

/** A list's ids, ascending. */
function readIds(
  entries: Iterable<unknown>,
  place: Place,
  readMore?: (entry: Fields, id: CocoId, place: Place) => void,
): CocoId[] {
  const indexOfId = new Map<CocoId, number>();
  for (const value of entries) {
    const entry = objectAt(value, place);
    const id = addId(entry.id, indexOfId, place);
    readMore?.(entry, id, place);
    place.index++;
  }
  const ids = [...indexOfId.keys()];
  const other = ids.find((id) => typeof id !== typeof ids[0]);
  if (other === undefined) return ids.sort((a, b) => a < b ? -1 : 1);
  const both = `${JSON.stringify(ids[0])} and ${JSON.stringify(other)}`;
  throw new SyntaxError(
    `Cannot read ${place.file}: ${place.list} has the ids ${both}, wanted numbers or texts throughout`,
  );
}

function addId(id: unknown, indexOfId: Map<CocoId, number>, place: Place): CocoId {
  if (!isId(id)) throw wrong(place, "id", id, "a whole number or text");
  const first = indexOfId.get(id);
  if (first !== undefined) {
    const wanted = `an id of its own: ${place.list}[${first}] has this one`;
    throw new RangeError(wrong(place, "id", id, wanted).message);
  }
  indexOfId.set(id, place.index);
  return id;
}

function isId(value: unknown): value is CocoId {
  return Number.isSafeInteger(value) || (typeof value === "string" && value !== "");
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function textAt(entry: Fields, field: string, place: Place): string {
  const value = entry[field];
  if (typeof value === "string") return value;
  throw wrong(place, field, value, "text");
}

function objectAt(value: unknown, place: Place): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw wrong(place, null, value, "an object");
}

function wrong(
  { file, list, index }: Place,
  field: string | null,
  value: unknown,
  wanted: string,
): SyntaxError {
  const where = `${list}[${index}]${field === null ? "" : `.${field}`}`;
  return new SyntaxError(`Cannot read ${file}: ${where} is ${shown(value)}, wanted ${wanted}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
