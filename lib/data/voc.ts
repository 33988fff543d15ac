/**
 * Reads Pascal VOC's layout: `ImageSets/Main/<split>.txt`, `Annotations/<id>.xml`, `JPEGImages/<id>.jpg`; of one
 * year, or of several side by side. Everything is checked before any training, without opening an image.
 *
 * @module
 */
import { boxArea, type BoxXyxy, clipToImage } from "./annotated_box.ts";
import { AnnotationTable, AnnotationTableBuilder, type TableMeta } from "./annotation_table.ts";
import { columnOf } from "./column_file.ts";
import { checkRelativePath, type DataFolder, findFile, listFolder, readText } from "./data_folder.ts";
import { type IndexContent, type IndexStore, openIndex } from "./data_index.ts";
import type { DetectionSplit } from "./detection_split.ts";
import { FileFinder } from "./file_finder.ts";
import type { Annotation } from "./sample.ts";
import { sideBySide } from "./side_by_side.ts";
import { parseVocAnnotation, type VocAnnotation, type VocObject } from "./voc_annotation.ts";

/** One split file of one tree. */
export interface VocPart {
  /** The tree's folder relative to the data folder: empty, or with a slash at its end, e.g. `VOC2007/`. */
  readonly tree: string;
  /** The file's name without `.txt`, e.g. `trainval`. */
  readonly list: string;
}

/** What makes up one split. */
export interface VocSplit {
  readonly name: string;
  readonly parts: readonly VocPart[];
}

/** An image, before it is looked at. */
interface VocImage {
  /** As in {@linkcode VocPart}. */
  readonly tree: string;
  /** What the tree's files are named after. */
  readonly stem: string;
  /** The split file that names it. */
  readonly list: string;
}

const concurrentReads = 16;

/**
 * Reads splits of VOC trees; all of them get the same classes.
 *
 * VOC's corners are 1-based and inclusive, so a box becomes `xmin - 1, ymin - 1, xmax, ymax` (as torchvision's
 * and detectron's readers have it). Boxes past the border are clipped and counted. A box whose corners agree
 * in x or y, or are in the wrong order, was never drawn out: it is left out and listed in `skipped`, although by
 * the inclusive reading it might hold one pixel.
 *
 * A sample's id is that of its files, with the tree before it where the tree has a folder: `VOC2007/000005`.
 *
 * @param folder The data folder.
 * @param splits What to read.
 * @param store Where the index is kept; null reads all annotations at each call.
 * @param classes Allowed classes in order; by default those of these splits' annotations, sorted by name.
 * @returns One set per split, in order.
 * @throws {Deno.errors.NotFound} If a split file, an annotation or an image is missing.
 * @throws {SyntaxError} If an annotation does not parse, or lacks a field.
 * @throws {RangeError} If a value is out of range, a class is not in the list, or a path leaves the folder.
 */
export async function readVoc(
  folder: DataFolder,
  splits: readonly VocSplit[],
  store: IndexStore | null = null,
  classes?: readonly string[],
): Promise<DetectionSplit[]> {
  const what = `voc ${JSON.stringify([splits, classes ?? null])}`;
  const index = await openIndex(store, folder, what, () => makeIndex(folder, splits, classes));
  const table = new AnnotationTable(folder, index);
  return splits.map(({ name }, i) => table.split(name, columnOf(index.columns, `rows.${i}`, Uint32Array)));
}

/** The splits a VOC tree has: the names in `ImageSets/Main`, without `.txt`; null if there is no such folder. */
export async function listVocSplits(folder: DataFolder, tree: string): Promise<string[] | null> {
  const listing = await listFolder(folder, `${tree}ImageSets/Main`);
  return listing?.files.filter((name) => name.endsWith(".txt")).map((name) => name.slice(0, -4)) ?? null;
}

async function makeIndex(
  folder: DataFolder,
  splits: readonly VocSplit[],
  classes?: readonly string[],
): Promise<IndexContent> {
  const images = new Map<string, VocImage>(); // by id; splits may share some
  const idsOfSplits: string[][] = [];
  for (const { parts } of splits) {
    const ofSplit = (await Promise.all(parts.map((part) => readSplitFile(folder, part)))).flat();
    for (const image of ofSplit) images.set(idOf(image), image);
    idsOfSplits.push(ofSplit.map(idOf));
  }
  const annotations = await sideBySide(
    [...images.values()],
    concurrentReads,
    (it) => readAnnotation(folder, it),
  );
  const finder = new FileFinder(folder);
  const files: string[] = [];
  for (const image of images.values()) files.push(await findImage(folder, finder, image));

  const ids = [...images.keys()];
  const { meta, columns } = tabulate(ids, files, annotations, classes ?? collectClasses(annotations));
  const lists = splits.flatMap(({ parts }) => parts.map(listFile));
  const sources = [...lists, ...finder.folders, ...annotations.map(({ file }) => file)];
  return { sources, meta, columns: { ...columns, ...rowColumns(ids, idsOfSplits) } };
}

/** Which rows each split has. */
function rowColumns(
  ids: readonly string[],
  idsOfSplits: readonly (readonly string[])[],
): Record<string, Uint32Array> {
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const rows = (of: readonly string[]): Uint32Array => Uint32Array.from(of, (id) => rowOf.get(id) ?? NaN);
  return Object.fromEntries(idsOfSplits.map((of, i) => [`rows.${i}`, rows(of)]));
}

function idOf({ tree, stem }: VocImage): string {
  return `${tree}${stem}`;
}

function listFile({ tree, list }: VocPart): string {
  return `${tree}ImageSets/Main/${list}.txt`;
}

async function readSplitFile(folder: DataFolder, part: VocPart): Promise<VocImage[]> {
  const file = listFile(part);
  const lines = (await readText(folder, file)).split("\n").map((line) => line.trim());
  const stems = new Set<string>();
  lines.forEach((stem, i) => {
    if (stem === "") return;
    checkRelativePath(stem, `${file}: line ${i + 1}`);
    if (stems.has(stem)) {
      throw new RangeError(`Cannot read ${file}: line ${i + 1} names ${stem} a second time`);
    }
    stems.add(stem);
  });
  if (stems.size === 0) throw new RangeError(`Cannot use ${folder.path}/${file}: it names no image`);
  return [...stems].map((stem) => ({ tree: part.tree, stem, list: file }));
}

async function readAnnotation(folder: DataFolder, { tree, stem, list }: VocImage): Promise<VocAnnotation> {
  const file = `${tree}Annotations/${stem}.xml`;
  const path = await findFile(folder, file, "file");
  if (path === null) {
    const isFileName = imageExtensions.some((extension) => stem.endsWith(`.${extension}`));
    const wanted = isFileName ? "; wanted names without an extension" : "";
    throw new Deno.errors.NotFound(
      `Cannot read ${folder.path}/${file}: no such file, though ${list} names ${stem}${wanted}`,
    );
  }
  return parseVocAnnotation(await Deno.readTextFile(path), file);
}

/** Cameras write capitals. */
const imageExtensions = ["jpg", "jpeg", "png", "webp", "JPG", "JPEG", "PNG", "WEBP"];

async function findImage(folder: DataFolder, finder: FileFinder, { tree, stem }: VocImage): Promise<string> {
  const [annotation, image] = [`${tree}Annotations/${stem}.xml`, `${tree}JPEGImages/${stem}`];
  for (const extension of imageExtensions) {
    const file = `${image}.${extension}`;
    if (await finder.has(file, `${annotation}: image`)) return file;
  }
  throw new Deno.errors.NotFound(
    `Cannot use ${annotation}: its image is missing, looked for ${folder.path}/${image}.jpg, .jpeg, .png and .webp`,
  );
}

function collectClasses(annotations: Iterable<VocAnnotation>): string[] {
  const names = new Set<string>();
  for (const annotation of annotations) for (const object of annotation.objects) names.add(object.name);
  return [...names].sort();
}

function tabulate(
  ids: readonly string[],
  files: readonly string[],
  parsed: readonly VocAnnotation[],
  classes: readonly string[],
): Omit<IndexContent, "sources"> {
  const builder = new AnnotationTableBuilder();
  const skipped: TableMeta["skipped"][number][] = [];
  ids.forEach((id, row) => {
    const { file, widthPx, heightPx } = parsed[row];
    const { annotations, clippedCount, reasons } = readObjects(parsed[row], classes);
    builder.push({ id, file: files[row], widthPx, heightPx, annotations, clippedCount });
    for (const reason of reasons) skipped.push({ row, file, reason });
  });
  const meta: TableMeta = { classes, skipped };
  return { meta, columns: builder.finish() };
}

/** An image's annotations, and why the others are left out. */
function readObjects(
  { file, widthPx, heightPx, objects }: VocAnnotation,
  classes: readonly string[],
): { annotations: Annotation[]; clippedCount: number; reasons: string[] } {
  const annotations: Annotation[] = [];
  const reasons: string[] = [];
  let clippedCount = 0;
  objects.forEach((object, i) => {
    const where = `object ${i + 1} (${object.name})`;
    const classIndex = classIndexOf(object.name, classes, `${file}: ${where}`);
    const { boxXyxy, isClipped } = clipToImage(edgesOf(object), widthPx, heightPx);
    if (boxXyxy === null || !hasArea(object)) {
      const fault = hasArea(object) ? `lies outside the image of ${widthPx} x ${heightPx}` : "has no area";
      reasons.push(`${where}: box ${object.corners} ${fault}`);
      return;
    }
    if (isClipped) clippedCount++;
    const { isDifficult } = object;
    annotations.push({ boxXyxy, classIndex, isCrowd: false, isDifficult, areaPx: boxArea(boxXyxy) });
  });
  return { annotations, clippedCount, reasons };
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
