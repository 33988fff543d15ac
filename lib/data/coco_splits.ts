/**
 * Opens a folder in COCO's layout, with COCO 2014's and 2017's own splits.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import type { AnnotationTable } from "./annotation_table.ts";
import { cocoImageFolders, listCocoSplits, readCoco, readCocoImageIds } from "./coco.ts";
import type { DataFolder } from "./data_folder.ts";
import type { IndexStore } from "./data_index.ts";
import { type DetectionSplit, joinSplits, rowsWhere } from "./detection_split.ts";
import { noTestNote, planSplits, type SplitParts } from "./split_plan.ts";

/** Images of the 2014 minival, on which the authors report. */
const minivalCount = 5000;

/** Reads one annotation file of the folder. */
type Read = (name: string, imageFolders?: readonly string[]) => Promise<AnnotationTable>;

/**
 * Opens a COCO folder.
 *
 * @param isCut Whether the search's split is cut from training even where there is a split val.
 * @returns Null if the layout is another.
 * @throws {Deno.errors.NotFound} If there are not enough splits.
 * @throws {RangeError} If two splits claim one part, or the files' categories differ.
 */
export async function openCocoParts(
  folder: DataFolder,
  isCut: boolean,
  store: IndexStore | null,
): Promise<SplitParts | null> {
  const names = await listCocoSplits(folder);
  if (names === null || names.length === 0) return null;
  const read: Read = (name, imageFolders = cocoImageFolders(name)) =>
    readCoco(folder, name, imageFolders, store);
  if (is2014(names)) return await openParts2014(folder, names, read);
  return await openNamedParts(folder, names, isCut, read);
}

function is2014(names: readonly string[]): boolean {
  const has = (name: string): boolean => names.includes(name);
  return has("train2014") && !has("train2017") && (has("val2014") || has("minival2014"));
}

/** Splits that begin with train, val and test, whatever follows. */
async function openNamedParts(
  folder: DataFolder,
  names: readonly string[],
  isCut: boolean,
  read: Read,
): Promise<SplitParts> {
  const one = (part: string): string | null => {
    const matching = names.filter((name) => /^(trainval|train|val|test|)/.exec(name)?.[0] === part);
    if (matching.length < 2) return matching[0] ?? null;
    throw new RangeError(
      `Cannot open ${folder.path} as COCO: it has the ${part} splits ${matching.join(" and ")}, wanted one`,
    );
  };
  const roles = { train: one("train"), val: one("val"), trainval: one("trainval"), test: one("test") };
  const plan = planSplits(roles, isCut);
  if (plan === null) {
    throw new Deno.errors.NotFound(
      `Cannot open ${folder.path} as COCO: its splits are ${names.join(", ")}, ` +
        `wanted train and at least one of val and test`,
    );
  }
  const split = async (name: string): Promise<DetectionSplit> => (await read(name)).split(name);
  const train: DetectionSplit[] = [];
  for (const name of plan.train) train.push(await split(name));
  const val = plan.val.length === 0 ? null : await split(plan.val[0]);
  const test = await split(plan.test);
  checkSameClasses(folder, [...train, ...(val === null ? [] : [val]), test]);
  const notes = plan.test.startsWith("test") ? [] : [noTestNote(plan.test)];
  return { train: joinSplits(train), val, test, notes };
}

/**
 * The authors' splits of COCO 2014: 5,000 images of val2014, the minival, are reported on; all of train2014
 * and the rest of val2014 are trained on.
 *
 * Which images are the minival is a published list, not a rule. It is taken from `instances_minival2014.json`, else
 * from `instances_val2017.json`, which has the same images; without either, 5,000 images are drawn, and that is said.
 */
async function openParts2014(folder: DataFolder, names: readonly string[], read: Read): Promise<SplitParts> {
  const train = (await read("train2014")).split("train2014");
  const { test, rest, note } = await openMinival(folder, names, read);
  const training = rest === null ? [train] : [train, rest];
  checkSameClasses(folder, [...training, test]);
  return { train: joinSplits(training), val: null, test, notes: [note] };
}

interface Minival {
  readonly test: DetectionSplit;
  /** What else val2014 has; null if that isn't there. */
  readonly rest: DetectionSplit | null;
  readonly note: string;
}

async function openMinival(folder: DataFolder, names: readonly string[], read: Read): Promise<Minival> {
  if (names.includes("minival2014")) return await readMinival(names, read);
  const val = await read("val2014");
  if (names.includes("val2017")) {
    const ids = await readCocoImageIds(folder, "val2017");
    const note = "The reported split is the images of val2014 that val2017 has: the authors' minival.";
    return { ...divide(val, (row) => ids.has(val.ids.at(row))), note };
  }
  if (val.length <= minivalCount) {
    return {
      test: val.split("val2014"),
      rest: null,
      note: noTestNote(`all ${val.length} images of val2014`),
    };
  }
  const drawn = new Set(permutation(stream(0, "minival"), val.length).subarray(0, minivalCount));
  const note =
    `There is no instances_minival2014.json: the reported split is ${minivalCount} images of val2014 by a ` +
    `fixed draw, not the authors' list, so numbers compare with published ones only roughly.`;
  return { ...divide(val, (row) => drawn.has(row)), note };
}

/** The minival by its own file; the rest by the other one, or by what is left of val2014. */
async function readMinival(names: readonly string[], read: Read): Promise<Minival> {
  const minival = await read("minival2014");
  const test = minival.split("minival2014");
  const note = noTestNote("minival2014");
  const other = "valminusminival2014";
  if (names.includes(other)) return { test, rest: (await read(other)).split(other), note };
  const missing = `${note} There is neither ${other} nor val2014: only train2014 is trained on.`;
  if (!names.includes("val2014")) return { test, rest: null, note: missing };
  const ids = new Set(Array.from({ length: minival.length }, (_, row) => minival.ids.at(row)));
  const val = await read("val2014");
  return { test, rest: divide(val, (row) => ids.has(val.ids.at(row))).rest, note };
}

function divide(
  val: AnnotationTable,
  isReported: (row: number) => boolean,
): { test: DetectionSplit; rest: DetectionSplit } {
  return {
    test: val.split("val2014 (minival)", rowsWhere(val.length, isReported)),
    rest: val.split("val2014 (rest)", rowsWhere(val.length, (row) => !isReported(row))),
  };
}

function checkSameClasses(folder: DataFolder, splits: readonly DetectionSplit[]): void {
  const wanted = splits[0].classes.join(", ");
  for (const { name, classes } of splits) {
    if (classes.join(", ") === wanted) continue;
    throw new RangeError(
      `Cannot use ${folder.path}/annotations/instances_${
        name.replace(/ \(.*/, "")
      }.json: its categories are ` +
        `${classes.join(", ")}, wanted those of ${splits[0].name}: ${wanted}`,
    );
  }
}
