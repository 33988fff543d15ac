/**
 * Reads Pascal VOC's layout: `ImageSets/Main/<split>.txt`, `Annotations/<id>.xml`, `JPEGImages/<id>.jpg`.
 * Everything is checked before any training, without opening an image.
 *
 * @module
 */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { boxArea, type BoxXyxy, clipToImage, type DetectionSplit } from "./annotated_box.ts";
import { checkRelativePath, type DataFolder, findFile, listFolder, readText } from "./data_folder.ts";
import type { Annotation, DetectionSample, SkippedAnnotation } from "./sample.ts";

/** One `<object>`, as written. */
export interface VocObject {
  /** The class. */
  readonly name: string;
  /** VOC's `difficult`. */
  readonly isDifficult: boolean;
  /** xmin, ymin, xmax, ymax: 1-based, the last pixel included. */
  readonly corners: BoxXyxy;
}

/** One annotation file, as written. */
export interface VocAnnotation {
  /** Relative to the data folder. */
  readonly file: string;
  /** From `size`. */
  readonly widthPx: number;
  /** From `size`. */
  readonly heightPx: number;
  /** In the order of the file. */
  readonly objects: readonly VocObject[];
}

/**
 * Reads splits of a VOC tree; all of them get the same classes.
 *
 * VOC's corners are 1-based and inclusive, so a box becomes `xmin - 1, ymin - 1, xmax, ymax` (as torchvision's
 * and detectron's readers have it). Boxes past the border are clipped and counted. A box whose corners agree
 * in x or y, or are in the wrong order, was never drawn out: it is left out and listed in `skipped`, although by
 * the inclusive reading it might hold one pixel.
 *
 * @param folder The tree's root.
 * @param splits Names of split files, e.g. `["train", "val"]`.
 * @param classes Allowed classes in order; by default those of these splits' annotations, sorted by name.
 * @returns One set per split, in order.
 * @throws {Deno.errors.NotFound} If a split file, an annotation or an image is missing.
 * @throws {SyntaxError} If an annotation does not parse, or lacks a field.
 * @throws {RangeError} If a value is out of range, a class is not in the list, or a path leaves the folder.
 */
export async function readVoc(
  folder: DataFolder,
  splits: readonly string[],
  classes?: readonly string[],
): Promise<DetectionSplit[]> {
  const parsed = new Map<string, VocAnnotation>(); // splits may share images
  const idsOfSplits: string[][] = [];
  for (const split of splits) {
    const ids = await readSplitFile(folder, split);
    idsOfSplits.push(ids);
    for (const id of ids) if (!parsed.has(id)) parsed.set(id, await readAnnotation(folder, id));
  }
  const names = classes ?? collectClasses(parsed.values());
  const images = await findImages(folder, [...parsed.keys()]);
  return splits.map((split, i) => toSplit(split, idsOfSplits[i], parsed, images, names));
}

/** The splits a VOC tree has: the names in `ImageSets/Main`, without `.txt`; null if there is no such folder. */
export async function listVocSplits(folder: DataFolder): Promise<string[] | null> {
  const listing = await listFolder(folder, "ImageSets/Main");
  return listing?.files.filter((name) => name.endsWith(".txt")).map((name) => name.slice(0, -4)) ?? null;
}

async function readSplitFile(folder: DataFolder, split: string): Promise<string[]> {
  const file = `ImageSets/Main/${split}.txt`;
  const lines = (await readText(folder, file)).split("\n").map((line) => line.trim());
  const seen = new Set<string>();
  lines.forEach((id, i) => {
    if (id === "") return;
    checkRelativePath(id, `${file}: line ${i + 1}`);
    if (seen.has(id)) throw new RangeError(`Cannot read ${file}: line ${i + 1} names ${id} a second time`);
    seen.add(id);
  });
  if (seen.size === 0) throw new RangeError(`Cannot use ${folder.path}/${file}: it names no image`);
  return [...seen];
}

async function readAnnotation(folder: DataFolder, id: string): Promise<VocAnnotation> {
  const file = `Annotations/${id}.xml`;
  return parseVocAnnotation(await readText(folder, file), file);
}

/**
 * Parses one annotation file.
 *
 * @param text The XML.
 * @param file Its path relative to the data folder, for messages.
 */
export function parseVocAnnotation(text: string, file: string): VocAnnotation {
  const validity = XMLValidator.validate(text);
  if (validity !== true) {
    throw new SyntaxError(`Cannot parse ${file}: line ${validity.err.line}: ${validity.err.msg}`);
  }
  const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "object" });
  const root = field(parser.parse(text), "annotation");
  if (!isNode(root)) throw new SyntaxError(`Cannot read ${file}: it has no element annotation`);
  const filename = field(root, "filename");
  if (typeof filename === "string" && filename !== "") checkRelativePath(filename, `${file}: filename`);
  const objects = field(root, "object");
  return {
    file,
    widthPx: sizeOf(root, "width", file),
    heightPx: sizeOf(root, "height", file),
    objects: Array.isArray(objects) ? objects.map((node, i) => readObject(node, i, file)) : [],
  };
}

function readObject(node: unknown, index: number, file: string): VocObject {
  const name = field(node, "name");
  if (typeof name !== "string" || name === "") {
    throw new SyntaxError(`Cannot read ${file}: object ${index + 1} has no name`);
  }
  const where = `object ${index + 1} (${name})`;
  const difficult = field(node, "difficult") ?? "0";
  if (difficult !== "0" && difficult !== "1") {
    throw new RangeError(`Cannot read ${file}: ${where}: difficult is ${shown(difficult)}, wanted 0 or 1`);
  }
  const box = field(node, "bndbox");
  const corner = (key: string): number => numberOf(field(box, key), `${where}: bndbox.${key}`, file);
  return {
    name,
    isDifficult: difficult === "1",
    corners: [corner("xmin"), corner("ymin"), corner("xmax"), corner("ymax")],
  };
}

function sizeOf(root: unknown, key: string, file: string): number {
  const value = numberOf(field(field(root, "size"), key), `size.${key}`, file);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`Cannot read ${file}: size.${key} is ${value}, wanted a whole number above 0`);
}

function numberOf(value: unknown, where: string, file: string): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : NaN;
  if (Number.isFinite(number)) return number;
  throw new SyntaxError(`Cannot read ${file}: ${where} is ${shown(value)}, wanted a number`);
}

function collectClasses(annotations: Iterable<VocAnnotation>): string[] {
  const names = new Set<string>();
  for (const annotation of annotations) for (const object of annotation.objects) names.add(object.name);
  return [...names].sort();
}

async function findImages(folder: DataFolder, ids: readonly string[]): Promise<Map<string, string>> {
  const images = new Map<string, string>();
  for (const id of ids) {
    for (const extension of ["jpg", "jpeg", "png"]) {
      const path = `JPEGImages/${id}.${extension}`;
      const image = await findFile(folder, path, `Annotations/${id}.xml: image`);
      if (image !== null) images.set(id, image);
      if (image !== null) break;
    }
    if (images.has(id)) continue;
    throw new Deno.errors.NotFound(
      `Cannot use Annotations/${id}.xml: its image is missing, looked for ${folder.path}/JPEGImages/${id}.jpg, .jpeg and .png`,
    );
  }
  return images;
}

function toSplit(
  name: string,
  ids: readonly string[],
  parsed: ReadonlyMap<string, VocAnnotation>,
  images: ReadonlyMap<string, string>,
  classes: readonly string[],
): DetectionSplit {
  const skipped: SkippedAnnotation[] = [];
  let clippedCount = 0;
  const samples = ids.map((id): DetectionSample => {
    const { file, widthPx, heightPx, objects } = parsed.get(id) as VocAnnotation;
    const annotations: Annotation[] = [];
    objects.forEach((object, i) => {
      const where = `object ${i + 1} (${object.name})`;
      const classIndex = classIndexOf(object.name, classes, `${file}: ${where}`);
      const { boxXyxy, isClipped } = clipToImage(edgesOf(object), widthPx, heightPx);
      const fault = hasArea(object) ? `lies outside the image of ${widthPx} x ${heightPx}` : "has no area";
      if (boxXyxy === null || !hasArea(object)) {
        skipped.push({ file, reason: `${where}: box ${object.corners} ${fault}` });
        return;
      }
      if (isClipped) clippedCount++;
      const { isDifficult } = object;
      annotations.push({ boxXyxy, classIndex, isCrowd: false, isDifficult, areaPx: boxArea(boxXyxy) });
    });
    return { id, source: { file: images.get(id) as string }, widthPx, heightPx, annotations };
  });
  return { name, classes, samples, skipped, clippedCount };
}

function hasArea({ corners: [xmin, ymin, xmax, ymax] }: VocObject): boolean {
  return xmin < xmax && ymin < ymax;
}

function edgesOf({ corners: [xmin, ymin, xmax, ymax] }: VocObject): BoxXyxy {
  return [xmin - 1, ymin - 1, xmax, ymax];
}

function classIndexOf(name: string, classes: readonly string[], where: string): number {
  const index = classes.indexOf(name);
  if (index >= 0) return index;
  throw new RangeError(`Cannot use ${where}: its class is not in the list ${classes.join(", ")}`);
}

function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function field(node: unknown, name: string): unknown {
  return isNode(node) ? node[name] : undefined;
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
