/**
 * Reads COCO instances: `annotations/instances_<split>.json` and the images in `<split>/`.
 * The whole file is checked: every message names the file, the entry, the value and what was wanted.
 *
 * @module
 */
import { boxArea, type BoxXyxy, clipToImage, type DetectionSplit } from "./annotated_box.ts";
import { checkRelativePath, type DataFolder, findFile, listFolder, readText } from "./data_folder.ts";
import type { Annotation, DetectionSample, SkippedAnnotation } from "./sample.ts";

/** What `instances_<split>.json` says, checked, ids still COCO's. */
export interface CocoInstances {
  /** Sorted by id; an index into this list is the class index. */
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  /** In the order of the file. */
  readonly images: readonly CocoImage[];
  /** In the order of the file. */
  readonly annotations: readonly CocoAnnotation[];
}

/** One entry of `images`. */
export interface CocoImage {
  /** Unique. */
  readonly id: number;
  /** Relative to the split's image folder. */
  readonly fileName: string;
  /** As stored. */
  readonly widthPx: number;
  /** As stored. */
  readonly heightPx: number;
}

/** One entry of `annotations`. */
export interface CocoAnnotation {
  /** Unique. */
  readonly id: number;
  /** Of an entry of `images`. */
  readonly imageId: number;
  /** Of an entry of `categories`. */
  readonly categoryId: number;
  /** x, y, width, height in pixels. */
  readonly boxXywh: BoxXyxy;
  /** COCO's `iscrowd`. */
  readonly isCrowd: boolean;
  /** The mask's; null where the file has none. */
  readonly areaPx: number | null;
}

type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads one split. Category ids become 0..K-1 in the order of the ids; image ids become sample ids as text.
 * Boxes past the border are clipped and counted; boxes with nothing left are listed in `skipped`.
 *
 * @param folder The root, which holds `annotations/` and the split's image folder.
 * @param split e.g. `train2017`.
 * @throws {Deno.errors.NotFound} If the annotation file or an image is missing.
 * @throws {SyntaxError} If the file is not JSON, or a field has the wrong kind.
 * @throws {RangeError} If an id repeats or does not exist, or a `file_name` leaves the folder.
 */
export async function readCoco(folder: DataFolder, split: string): Promise<DetectionSplit> {
  const file = `annotations/instances_${split}.json`;
  const instances = parseCocoInstances(await readText(folder, file), file);
  const images = await findImages(folder, split, file, instances.images);
  return toSplit(split, file, instances, images);
}

/** The splits that have annotations: `instances_<split>.json`; null if there is no folder `annotations`. */
export async function listCocoSplits(folder: DataFolder): Promise<string[] | null> {
  const listing = await listFolder(folder, "annotations");
  if (listing === null) return null;
  return listing.files.flatMap((name) => /^instances_(.+)\.json$/.exec(name)?.[1] ?? []);
}

/**
 * Parses and checks an instances file.
 *
 * @param text The JSON.
 * @param file Its path relative to the data folder, for messages.
 */
export function parseCocoInstances(text: string, file: string): CocoInstances {
  const root = parseJson(text, file);
  const categories = entries(root, "categories", file).map((entry, i) => ({
    id: idOf(entry, "id", `${file}: categories[${i}]`),
    name: textOf(entry, "name", `${file}: categories[${i}]`),
  }));
  const images = entries(root, "images", file).map((entry, i) => readImage(entry, `${file}: images[${i}]`));
  const annotations = entries(root, "annotations", file).map((entry, i) =>
    readAnnotation(entry, `${file}: annotations[${i}]`)
  );
  const categoryIds = uniqueIds(categories, `${file}: categories`);
  const imageIds = uniqueIds(images, `${file}: images`);
  uniqueIds(annotations, `${file}: annotations`);
  annotations.forEach((annotation, i) => {
    const where = `${file}: annotations[${i}]`;
    checkExists(annotation.imageId, imageIds, `${where}.image_id`, "images");
    checkExists(annotation.categoryId, categoryIds, `${where}.category_id`, "categories");
  });
  return { categories: categories.sort((a, b) => a.id - b.id), images, annotations };
}

function readImage(entry: Entry, where: string): CocoImage {
  const fileName = textOf(entry, "file_name", where);
  checkRelativePath(fileName, `${where}.file_name`);
  return {
    id: idOf(entry, "id", where),
    fileName,
    widthPx: sizeOf(entry, "width", where),
    heightPx: sizeOf(entry, "height", where),
  };
}

function readAnnotation(entry: Entry, where: string): CocoAnnotation {
  const { bbox, iscrowd = 0, area = null } = entry;
  if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(Number.isFinite)) {
    throw wrong(`${where}.bbox`, bbox, "4 finite numbers");
  }
  if (iscrowd !== 0 && iscrowd !== 1) throw wrong(`${where}.iscrowd`, iscrowd, "0 or 1");
  if (area !== null && !(typeof area === "number" && area >= 0)) {
    throw wrong(`${where}.area`, area, "a number of at least 0");
  }
  return {
    id: idOf(entry, "id", where),
    imageId: idOf(entry, "image_id", where),
    categoryId: idOf(entry, "category_id", where),
    boxXywh: [bbox[0], bbox[1], bbox[2], bbox[3]],
    isCrowd: iscrowd === 1,
    areaPx: area,
  };
}

async function findImages(
  folder: DataFolder,
  split: string,
  file: string,
  images: readonly CocoImage[],
): Promise<string[]> {
  const files: string[] = [];
  for (const [i, { fileName }] of images.entries()) {
    const where = `${file}: images[${i}].file_name`;
    const image = await findFile(folder, `${split}/${fileName}`, where);
    if (image === null) {
      throw new Deno.errors.NotFound(
        `Cannot use ${where} ${
          JSON.stringify(fileName)
        }: there is no file ${folder.path}/${split}/${fileName}`,
      );
    }
    files.push(image);
  }
  return files;
}

function toSplit(name: string, file: string, instances: CocoInstances, files: string[]): DetectionSplit {
  const { categories, images } = instances;
  const classIndices = new Map(categories.map(({ id }, i) => [id, i]));
  const imageOf = new Map(images.map((image) => [image.id, image]));
  const annotationsOf = new Map<number, Annotation[]>(images.map(({ id }) => [id, []]));
  const skipped: SkippedAnnotation[] = [];
  let clippedCount = 0;
  for (const annotation of instances.annotations) {
    const { widthPx, heightPx } = imageOf.get(annotation.imageId) as CocoImage;
    const [x, y, width, height] = annotation.boxXywh;
    const { boxXyxy, isClipped } = clipToImage([x, y, x + width, y + height], widthPx, heightPx);
    if (boxXyxy === null) {
      const where = `annotation ${annotation.id} (image ${annotation.imageId})`;
      skipped.push({
        file,
        reason:
          `${where}: bbox ${annotation.boxXywh} has no area inside the image of ${widthPx} x ${heightPx}`,
      });
      continue;
    }
    if (isClipped) clippedCount++;
    annotationsOf.get(annotation.imageId)?.push({
      boxXyxy,
      classIndex: classIndices.get(annotation.categoryId) as number,
      isCrowd: annotation.isCrowd,
      isDifficult: false,
      areaPx: annotation.areaPx ?? boxArea(boxXyxy),
    });
  }
  const samples = images.map(({ id, widthPx, heightPx }, i): DetectionSample => {
    return {
      id: `${id}`,
      source: { file: files[i] },
      widthPx,
      heightPx,
      annotations: annotationsOf.get(id) as Annotation[],
    };
  });
  return { name, classes: categories.map((category) => category.name), samples, skipped, clippedCount };
}

function parseJson(text: string, file: string): Entry {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot parse ${file}: ${(cause as Error).message}`, { cause });
  }
  if (isEntry(root)) return root;
  throw wrong(`${file}: the top level`, root, "an object");
}

function entries(root: Entry, key: string, file: string): Entry[] {
  const list = root[key];
  if (!Array.isArray(list)) throw wrong(`${file}: ${key}`, list, "a list");
  return list.map((entry, i) => {
    if (isEntry(entry)) return entry;
    throw wrong(`${file}: ${key}[${i}]`, entry, "an object");
  });
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function idOf(entry: Entry, key: string, where: string): number {
  const value = entry[key];
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw wrong(`${where}.${key}`, value, "a whole number");
}

function sizeOf(entry: Entry, key: string, where: string): number {
  const value = entry[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw wrong(`${where}.${key}`, value, "a whole number above 0");
}

function textOf(entry: Entry, key: string, where: string): string {
  const value = entry[key];
  if (typeof value === "string" && value !== "") return value;
  throw wrong(`${where}.${key}`, value, "a text that is not empty");
}

function uniqueIds(list: readonly { readonly id: number }[], where: string): Set<number> {
  const ids = new Set<number>();
  list.forEach(({ id }, i) => {
    if (ids.has(id)) throw new RangeError(`Cannot read ${where}[${i}].id: ${id} is there twice`);
    ids.add(id);
  });
  return ids;
}

function checkExists(id: number, ids: ReadonlySet<number>, where: string, list: string): void {
  if (!ids.has(id)) throw new RangeError(`Cannot read ${where}: ${id} is not the id of an entry of ${list}`);
}

function wrong(where: string, value: unknown, wanted: string): SyntaxError {
  const found = value === undefined ? "missing" : JSON.stringify(value);
  return new SyntaxError(`Cannot read ${where}: it is ${found}, wanted ${wanted}`);
}
