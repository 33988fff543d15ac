/**
 * Reads a COCO instances file of any size into columns, and checks it: every message names the file, the entry,
 * the value and what was wanted. Masks are passed over.
 *
 * @module
 */
import type { BoxXyxy } from "./annotated_box.ts";
import { GrowingColumn } from "./column.ts";
import { checkRelativePath } from "./data_folder.ts";
import { JsonListReader, type JsonPart } from "./json_lists.ts";
import { type TextColumn, TextColumnBuilder } from "./text_column.ts";

/** What `instances_<split>.json` says, ids still COCO's. */
export interface CocoInstances {
  /** Sorted by id; an index into this list is the class index. */
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  /** In the order of the file. */
  readonly images: CocoImages;
  /** In the order of the file. */
  readonly annotations: CocoAnnotations;
}

/** `images`, N of them. */
export interface CocoImages {
  /** `[N]`, unique. */
  readonly ids: Float64Array;
  /** N, relative to the split's image folder. */
  readonly fileNames: TextColumn;
  /** `[N, 2]`: width and height in pixels, as stored. */
  readonly sizesPx: Uint32Array;
}

/** `annotations`, M of them. */
export interface CocoAnnotations {
  /** `[M]`, unique. */
  readonly ids: Float64Array;
  /** `[M]`, ids of {@linkcode CocoImages}. */
  readonly imageIds: Float64Array;
  /** `[M]`, ids of categories. */
  readonly categoryIds: Float64Array;
  /** `[M, 4]`: x, y, width, height in pixels. */
  readonly boxesXywh: Float64Array;
  /** `[M]`: the mask's; NaN where the file has none. */
  readonly areasPx: Float64Array;
  /** `[M]`: COCO's `iscrowd`, 0 or 1. */
  readonly isCrowd: Uint8Array;
}

/**
 * Reads and checks an instances file.
 *
 * @param chunks Its bytes.
 * @param file Its path relative to the data folder, for messages.
 * @throws {SyntaxError} If it is not JSON, or a field has the wrong kind.
 * @throws {RangeError} If an id repeats or does not exist, or a `file_name` leaves the folder.
 */
export async function readCocoInstances(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
): Promise<CocoInstances> {
  const collector = new CocoCollector(file);
  const reader = new JsonListReader(file, (part) => collector.take(part));
  for await (const chunk of chunks) reader.push(chunk);
  reader.end();
  return collector.finish();
}

/** Takes the file's parts as they come: categories may stand after the annotations that name them. */
class CocoCollector {
  readonly #file: string;
  readonly #lists = new Set<string>();
  readonly #categories: { id: number; name: string }[] = [];
  readonly #imageIds = new GrowingColumn(Float64Array);
  readonly #fileNames = new TextColumnBuilder();
  readonly #sizesPx = new GrowingColumn(Uint32Array);
  readonly #annotationIds = new GrowingColumn(Float64Array);
  readonly #imageIdsOf = new GrowingColumn(Float64Array);
  readonly #categoryIdsOf = new GrowingColumn(Float64Array);
  readonly #boxesXywh = new GrowingColumn(Float64Array);
  readonly #areasPx = new GrowingColumn(Float64Array);
  readonly #isCrowd = new GrowingColumn(Uint8Array);

  constructor(file: string) {
    this.#file = file;
  }

  take({ key, index, value }: JsonPart): void {
    if (key !== "images" && key !== "annotations" && key !== "categories") return;
    if (index === null) return this.#beginList(key, value);
    const entry = new Entry(this.#file, key, index, value);
    if (key === "images") this.#takeImage(entry);
    else if (key === "annotations") this.#takeAnnotation(entry);
    else this.#categories.push({ id: entry.id("id"), name: entry.text("name") });
  }

  finish(): CocoInstances {
    for (const list of ["categories", "images", "annotations"]) {
      if (!this.#lists.has(list)) throw wrong(`${this.#file}: ${list}`, undefined, "a list");
    }
    const images = {
      ids: this.#imageIds.finish(),
      fileNames: this.#fileNames.finish(),
      sizesPx: this.#sizesPx.finish(),
    };
    const annotations = {
      ids: this.#annotationIds.finish(),
      imageIds: this.#imageIdsOf.finish(),
      categoryIds: this.#categoryIdsOf.finish(),
      boxesXywh: this.#boxesXywh.finish(),
      areasPx: this.#areasPx.finish(),
      isCrowd: this.#isCrowd.finish(),
    };
    checkIds(this.#file, Float64Array.from(this.#categories, ({ id }) => id), images, annotations);
    return { categories: this.#categories.sort((a, b) => a.id - b.id), images, annotations };
  }

  #beginList(key: string, value: unknown): void {
    if (value !== undefined) throw wrong(`${this.#file}: ${key}`, value, "a list");
    this.#lists.add(key);
  }

  #takeImage(entry: Entry): void {
    const fileName = entry.text("file_name");
    checkRelativePath(fileName, entry.where("file_name"));
    this.#imageIds.push(entry.id("id"));
    this.#fileNames.push(fileName);
    this.#sizesPx.append([entry.size("width"), entry.size("height")]);
  }

  #takeAnnotation(entry: Entry): void {
    this.#boxesXywh.append(entry.box("bbox"));
    this.#isCrowd.push(entry.flag("iscrowd"));
    this.#areasPx.push(entry.area("area"));
    this.#annotationIds.push(entry.id("id"));
    this.#imageIdsOf.push(entry.id("image_id"));
    this.#categoryIdsOf.push(entry.id("category_id"));
  }
}

/** One element of a list, whose fields are checked as they are read. */
class Entry {
  readonly #file: string;
  readonly #list: string;
  readonly #index: number;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(file: string, list: string, index: number, value: unknown) {
    [this.#file, this.#list, this.#index] = [file, list, index];
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw wrong(`${file}: ${list}[${index}]`, value, "an object");
    }
    this.#fields = value as Readonly<Record<string, unknown>>;
  }

  where(key: string): string {
    return `${this.#file}: ${this.#list}[${this.#index}].${key}`;
  }

  id(key: string): number {
    const value = this.#fields[key];
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    throw this.#wrong(key, "a whole number");
  }

  size(key: string): number {
    const value = this.#fields[key];
    if (typeof value === "number" && Number.isInteger(value) && value > 0 && value < 2 ** 32) return value;
    throw this.#wrong(key, "a whole number above 0");
  }

  text(key: string): string {
    const value = this.#fields[key];
    if (typeof value === "string" && value !== "") return value;
    throw this.#wrong(key, "a text that is not empty");
  }

  box(key: string): BoxXyxy {
    const value = this.#fields[key];
    if (!Array.isArray(value) || value.length !== 4 || !value.every(Number.isFinite)) {
      throw this.#wrong(key, "4 finite numbers");
    }
    return [value[0], value[1], value[2], value[3]];
  }

  flag(key: string): number {
    const value = this.#fields[key] ?? 0;
    if (value === 0 || value === 1) return value;
    throw this.#wrong(key, "0 or 1");
  }

  /** NaN where there is none. */
  area(key: string): number {
    const value = this.#fields[key] ?? null;
    if (value === null) return NaN;
    if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
    throw this.#wrong(key, "a number of at least 0");
  }

  #wrong(key: string, wanted: string): SyntaxError {
    const { id } = this.#fields;
    const owner = this.#list === "annotations" && key !== "id" && typeof id === "number"
      ? ` (annotation ${id})`
      : "";
    return wrong(this.where(key), this.#fields[key], `${wanted}${owner}`);
  }
}

function checkIds(
  file: string,
  categoryIds: Float64Array,
  images: CocoImages,
  { ids, imageIds, categoryIds: categoryIdsOf }: CocoAnnotations,
): void {
  checkUnique(categoryIds, `${file}: categories`);
  checkUnique(images.ids, `${file}: images`);
  checkUnique(ids, `${file}: annotations`);
  const [knownImages, knownCategories] = [new Set(images.ids), new Set(categoryIds)];
  for (let i = 0; i < ids.length; i++) {
    const where = (key: string): string => `${file}: annotations[${i}].${key}`;
    if (!knownImages.has(imageIds[i])) throw unknown(where("image_id"), imageIds[i], "images", ids[i]);
    if (!knownCategories.has(categoryIdsOf[i])) {
      throw unknown(where("category_id"), categoryIdsOf[i], "categories", ids[i]);
    }
  }
}

function unknown(where: string, id: number, list: string, annotation: number): RangeError {
  return new RangeError(
    `Cannot read ${where}: ${id} is not the id of an entry of ${list} (annotation ${annotation})`,
  );
}

/** Sorting needs less memory than a set of a million ids. */
function checkUnique(ids: Float64Array, where: string): void {
  const sorted = ids.slice().sort();
  if (sorted.every((id, i) => i === 0 || id !== sorted[i - 1])) return;
  const seen = new Set<number>();
  ids.forEach((id, i) => {
    if (seen.has(id)) throw new RangeError(`Cannot read ${where}[${i}].id: ${id} is there twice`);
    seen.add(id);
  });
}

function wrong(where: string, value: unknown, wanted: string): SyntaxError {
  const found = value === undefined ? "missing" : JSON.stringify(value);
  return new SyntaxError(`Cannot read ${where}: it is ${found}, wanted ${wanted}`);
}
