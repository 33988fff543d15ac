/**
 * Reads an image folder in ImageNet's layout: `<split>/<class>/<image>`. Only names are read here; pixels are
 * the loader's.
 *
 * @module
 */
import { type DataFolder, listFolder, openDataFolder } from "./data_folder.ts";
import type { ClassificationSample, ClassificationSet } from "./sample.ts";

/** The two splits of an image folder; both have the classes of `train`. */
export interface ImageFolder {
  /** From `train/`. */
  readonly train: ClassificationSet;
  /** From `val/`. */
  readonly val: ClassificationSet;
}

const imageName = /\.(jpe?g|png|webp)$/i;

/**
 * Opens `train/` and `val/` of an image folder. Classes are the folders of `train`, sorted by name (code
 * units), so that a class's index depends on nothing else. A class may lack validation images.
 *
 * Links inside class folders are followed: the names come from the folder itself, not from an annotation.
 *
 * @param path The folder that holds `train` and `val`.
 * @throws {Deno.errors.NotFound} If the folder, a split, its class folders or a class's images are missing.
 * @throws {RangeError} If `val` has a class that `train` lacks.
 */
export async function openImageFolder(path: string): Promise<ImageFolder> {
  const folder = await openDataFolder(path);
  const classes = await classFolders(folder, "train");
  const valClasses = await classFolders(folder, "val");
  const unknown = valClasses.find((name) => !classes.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot use ${folder.path}/val/${unknown}: class ${JSON.stringify(unknown)} is not in ` +
        `${folder.path}/train, which has ${listed(classes)}`,
    );
  }
  return {
    train: await readSplit(folder, "train", classes, classes),
    val: await readSplit(folder, "val", classes, valClasses),
  };
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

async function readSplit(
  folder: DataFolder,
  split: string,
  classes: readonly string[],
  present: readonly string[],
): Promise<ClassificationSet> {
  const samples: ClassificationSample[] = [];
  for (const name of present) {
    const files = (await listFolder(folder, `${split}/${name}`))?.files ?? [];
    const images = files.filter((file) => imageName.test(file));
    if (images.length === 0) {
      throw new Deno.errors.NotFound(
        `Cannot use ${folder.path}/${split}/${name}: it has no image, wanted files ending in .jpg, .png or .webp`,
      );
    }
    const classIndex = classes.indexOf(name);
    for (const image of images) {
      const id = `${split}/${name}/${image}`;
      samples.push({ id, source: { file: `${folder.path}/${id}` }, classIndex });
    }
  }
  return { name: split, classes, samples };
}

function listed(classes: readonly string[]): string {
  return classes.length <= 8 ? classes.join(", ") : `${classes.slice(0, 8).join(", ")}, …`;
}
