/**
 * Reads COCO instances: `annotations/instances_<name>.json` and the images in their folder.
 *
 * @module
 */
import { boxArea, clipToImage } from "./annotated_box.ts";
import { AnnotationTable, AnnotationTableBuilder, type TableMeta } from "./annotation_table.ts";
import { type CocoInstances, readCocoInstances } from "./coco_instances.ts";
import { type DataFolder, findFile, listFolder, statOrNull } from "./data_folder.ts";
import { type IndexContent, type IndexStore, openIndex } from "./data_index.ts";
import { FileFinder } from "./file_finder.ts";
import type { Annotation } from "./sample.ts";

/**
 * Reads one annotation file. Category ids become 0..K-1 in the order of the ids; image ids become sample ids as text.
 * Boxes past the border are clipped and counted; boxes with nothing left are listed as skipped.
 *
 * @param folder The root, which holds `annotations/` and the images.
 * @param name e.g. `train2017`.
 * @param imageFolders Where the images may lie, relative to the root; the first that exists is used.
 * @param store Where its index is kept; null reads the file at each call.
 * @throws {Deno.errors.NotFound} If the annotation file, the image folder or an image is missing.
 * @throws Whatever {@linkcode readCocoInstances} throws.
 */
export async function readCoco(
  folder: DataFolder,
  name: string,
  imageFolders: readonly string[] = cocoImageFolders(name),
  store: IndexStore | null = null,
): Promise<AnnotationTable> {
  const file = `annotations/instances_${name}.json`;
  const images = await firstFolder(folder, imageFolders, file);
  const make = (): Promise<IndexContent> => makeIndex(folder, file, images);
  return new AnnotationTable(folder, await openIndex(store, folder, `coco ${file} ${images}`, make));
}

/**
 * Where COCO's images lie: the two parts that the authors cut 2014's validation images into have no folder of their
 * own, and some unpack all image folders into `images/`.
 */
export function cocoImageFolders(name: string): string[] {
  const own = name.replace(/^(?:valminusminival|minival)(?=2014$)/, "val");
  return [own, `images/${own}`];
}

/** The annotation files: `instances_<name>.json`; null if there is no folder `annotations`. */
export async function listCocoSplits(folder: DataFolder): Promise<string[] | null> {
  const listing = await listFolder(folder, "annotations");
  if (listing === null) return null;
  return listing.files.flatMap((name) => /^instances_(.+)\.json$/.exec(name)?.[1] ?? []);
}

/** The ids of an annotation file's images, as text. */
export async function readCocoImageIds(folder: DataFolder, name: string): Promise<Set<string>> {
  const { images } = await readInstances(folder, `annotations/instances_${name}.json`);
  return new Set(Array.from(images.ids, String));
}

async function firstFolder(
  folder: DataFolder,
  candidates: readonly string[],
  file: string,
): Promise<string> {
  for (const candidate of candidates) {
    if ((await statOrNull(`${folder.path}/${candidate}`))?.isDirectory) return candidate;
  }
  const looked = candidates.map((candidate) => `${folder.path}/${candidate}`).join(" and ");
  throw new Deno.errors.NotFound(`Cannot use ${file}: its image folder is missing, looked for ${looked}`);
}

async function makeIndex(folder: DataFolder, file: string, imageFolder: string): Promise<IndexContent> {
  const instances = await readInstances(folder, file);
  const finder = new FileFinder(folder);
  await checkImagesExist(folder, finder, file, imageFolder, instances);
  return { sources: [file, ...finder.folders], ...tabulate(file, imageFolder, instances) };
}

async function readInstances(folder: DataFolder, file: string): Promise<CocoInstances> {
  const path = await findFile(folder, file, "file");
  if (path === null) throw new Deno.errors.NotFound(`Cannot read ${folder.path}/${file}: no such file`);
  const { readable } = await Deno.open(path);
  return await readCocoInstances(readable, file);
}

async function checkImagesExist(
  folder: DataFolder,
  finder: FileFinder,
  file: string,
  imageFolder: string,
  { images: { fileNames } }: CocoInstances,
): Promise<void> {
  for (let i = 0; i < fileNames.length; i++) {
    const fileName = fileNames.at(i);
    const image = `${imageFolder}/${fileName}`;
    const where = `${file}: images[${i}].file_name`;
    if (await finder.has(image, where)) continue;
    throw new Deno.errors.NotFound(
      `Cannot use ${where} ${JSON.stringify(fileName)}: there is no file ${folder.path}/${image}`,
    );
  }
}

/** Image by image; an image's annotations stay in the order of the file. */
function tabulate(
  file: string,
  imageFolder: string,
  instances: CocoInstances,
): Omit<IndexContent, "sources"> {
  const { categories, images } = instances;
  const { order, starts } = groupByImage(instances);
  const classIndices = new Map(categories.map(({ id }, i) => [id, i]));
  const builder = new AnnotationTableBuilder();
  const skipped: TableMeta["skipped"][number][] = [];
  for (let row = 0; row < images.ids.length; row++) {
    const [widthPx, heightPx] = images.sizesPx.subarray(2 * row, 2 * row + 2);
    const annotations: Annotation[] = [];
    let clippedCount = 0;
    for (const i of order.subarray(starts[row], starts[row + 1])) {
      const { annotation, isClipped, reason } = readAnnotation(instances, i, widthPx, heightPx, classIndices);
      if (annotation === null) skipped.push({ row, file, reason });
      else annotations.push(annotation);
      if (annotation !== null && isClipped) clippedCount++;
    }
    const image = { id: `${images.ids[row]}`, file: `${imageFolder}/${images.fileNames.at(row)}` };
    builder.push({ ...image, widthPx, heightPx, annotations, clippedCount });
  }
  const meta: TableMeta = { classes: categories.map(({ name }) => name), skipped };
  return { meta, columns: builder.finish() };
}

/** Annotation indices sorted by image, and where each image's begin. */
function groupByImage(
  { images, annotations }: CocoInstances,
): { order: Uint32Array; starts: Uint32Array } {
  const rows = new Map<number, number>();
  images.ids.forEach((id, row) => rows.set(id, row));
  const rowOf = (i: number): number => rows.get(annotations.imageIds[i]) ?? -1; // checked: each has one
  const count = annotations.ids.length;
  const starts = new Uint32Array(images.ids.length + 1);
  for (let i = 0; i < count; i++) starts[rowOf(i) + 1]++;
  for (let row = 0; row < images.ids.length; row++) starts[row + 1] += starts[row];
  const next = starts.slice();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[next[rowOf(i)]++] = i;
  return { order, starts };
}

function readAnnotation(
  { annotations }: CocoInstances,
  i: number,
  widthPx: number,
  heightPx: number,
  classIndices: ReadonlyMap<number, number>,
): { annotation: Annotation | null; isClipped: boolean; reason: string } {
  const [x, y, width, height] = annotations.boxesXywh.subarray(4 * i, 4 * i + 4);
  const { boxXyxy, isClipped } = clipToImage([x, y, x + width, y + height], widthPx, heightPx);
  if (boxXyxy === null) {
    const where = `annotation ${annotations.ids[i]} (image ${annotations.imageIds[i]})`;
    const box = `bbox ${[x, y, width, height]}`;
    const reason = `${where}: ${box} has no area inside the image of ${widthPx} x ${heightPx}`;
    return { annotation: null, isClipped, reason };
  }
  const annotation = {
    boxXyxy,
    classIndex: classIndices.get(annotations.categoryIds[i]) ?? -1, // checked: each has one
    isCrowd: annotations.isCrowd[i] === 1,
    isDifficult: false,
    areaPx: Number.isNaN(annotations.areasPx[i]) ? boxArea(boxXyxy) : annotations.areasPx[i],
  };
  return { annotation, isClipped, reason: "" };
}
