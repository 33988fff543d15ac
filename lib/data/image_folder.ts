/**
 * Reads an image folder in ImageNet's layout: `<split>/<class>/<image>`. Only names are read here; pixels are
 * the loader's.
 *
 * @module
 */
import type { Column } from "./column.ts";
import { columnOf } from "./column_file.ts";
import { type DataFolder, listFolder, openDataFolder } from "./data_folder.ts";
import { type DataIndex, type IndexContent, type IndexStore, openIndex } from "./data_index.ts";
import type { ClassificationSet } from "./sample.ts";
import { sampleList } from "./sample_list.ts";
import { TextColumn, TextColumnBuilder, textColumns } from "./text_column.ts";

/** The two splits of an image folder; both have the classes of `train`. */
export interface ImageFolder {
  /** From `train/`. */
  readonly train: ClassificationSet;
  /** From `val/`. */
  readonly val: ClassificationSet;
  /** Names the content of the index; null without one. */
  readonly version: string | null;
}

/** What the index knows besides the columns. */
interface ImageFolderMeta {
  readonly classes: readonly string[];
}

const splits = ["train", "val"] as const;

const imageName = /\.(jpe?g|png|webp)$/i;

/**
 * Opens `train/` and `val/` of an image folder. Classes are the folders of `train`, sorted by name (code
 * units), so that a class's index depends on nothing else. A class may lack validation images.
 *
 * With a store, the names are listed once; later starts ask each class folder only for the time of its last change.
 *
 * Links inside class folders are followed: the names come from the folder itself, not from an annotation.
 *
 * @param path The folder that holds `train` and `val`.
 * @param store Where its index is kept; null lists all at each call.
 * @throws {Deno.errors.NotFound} If the folder, a split, its class folders or a class's images are missing.
 * @throws {RangeError} If `val` has a class that `train` lacks.
 * @throws {Error} If a new index can't be written; it names the file.
 * @throws {SyntaxError} If a kept index holds another kind of data.
 */
export async function openImageFolder(path: string, store: IndexStore | null = null): Promise<ImageFolder> {
  const folder = await openDataFolder(path);
  const index = await openIndex(store, folder, "image folder", () => makeIndex(folder));
  return { train: toSet(folder, index, "train"), val: toSet(folder, index, "val"), version: index.version };
}

async function makeIndex(folder: DataFolder): Promise<IndexContent> {
  const classes = await classFolders(folder, "train");
  const valClasses = await classFolders(folder, "val");
  const unknown = valClasses.find((name) => !classes.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot use ${folder.path}/val/${unknown}: class ${JSON.stringify(unknown)} is not in ` +
        `${folder.path}/train, which has ${listed(classes)}`,
    );
  }
  const columns: Record<string, Column> = {};
  for (const split of splits) Object.assign(columns, await listSplit(folder, split, classes));
  const sources = [
    ...splits,
    ...classes.map((name) => `train/${name}`),
    ...valClasses.map((name) => `val/${name}`),
  ];
  const meta: ImageFolderMeta = { classes };
  return { sources, meta, columns };
}

async function classFolders(folder: DataFolder, split: string): Promise<string[]> {
  const listing = await listFolder(folder, split);
  if (listing === null) {
    throw new Deno.errors.NotFound(
      `Cannot open image folder ${folder.path}: it has no folder ${split}, wanted ${split}/<class>/<image>`,
    );
  }
  if (listing.folders.length > 0) return listing.folders;
  throw new Deno.errors.NotFound(
    `Cannot open image folder ${folder.path}: ${split} has no class folders, wanted ${split}/<class>/<image>`,
  );
}

/** A split's image names, class after class, and where each class's begin. */
async function listSplit(
  folder: DataFolder,
  split: string,
  classes: readonly string[],
): Promise<Record<string, Column>> {
  const names = new TextColumnBuilder();
  const starts = new Uint32Array(classes.length + 1);
  for (const [i, name] of classes.entries()) {
    const listing = await listFolder(folder, `${split}/${name}`);
    const images = listing?.files.filter((file) => imageName.test(file)) ?? [];
    if (listing !== null && images.length === 0) {
      throw new Deno.errors.NotFound(
        `Cannot use ${folder.path}/${split}/${name}: it has no image, wanted files ending in .jpg, .png or .webp`,
      );
    }
    for (const image of images) names.push(image);
    starts[i + 1] = names.length;
  }
  return { ...textColumns(split, names.finish()), [`${split}.starts`]: starts };
}

function toSet(folder: DataFolder, { meta, columns }: DataIndex, split: string): ClassificationSet {
  const { classes } = meta as ImageFolderMeta;
  const names = new TextColumn(
    columnOf(columns, `${split}.bytes`, Uint8Array),
    columnOf(columns, `${split}.offsets`, Uint32Array),
  );
  const starts = columnOf(columns, `${split}.starts`, Uint32Array);
  const samples = sampleList(names.length, (index) => {
    const classIndex = intervalOf(starts, index);
    const id = `${split}/${classes[classIndex]}/${names.at(index)}`;
    return { id, source: { file: `${folder.path}/${id}` }, classIndex };
  });
  return { name: split, classes, samples };
}

/** The last i with `starts[i] <= index`, by bisection. */
function intervalOf(starts: Uint32Array, index: number): number {
  let [low, high] = [0, starts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (starts[middle] <= index) low = middle;
    else high = middle;
  }
  return low;
}

function listed(classes: readonly string[]): string {
  return classes.length <= 8 ? classes.join(", ") : `${classes.slice(0, 8).join(", ")}, …`;
}
