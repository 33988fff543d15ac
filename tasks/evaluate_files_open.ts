/**
 * Annotations and detections from disk, ready to be scored: COCO's files, or a Pascal VOC folder with COCO's results.
 *
 * @module
 */
import { listCocoSplits } from "../lib/data/coco.ts";
import { type DataFolder, openDataFolder } from "../lib/data/data_folder.ts";
import { listVocSplits, readVoc } from "../lib/data/voc.ts";
import {
  cocoDetections,
  cocoGroundTruth,
  type CocoKeys,
  cocoLists,
  cocoResults,
  keysOf,
} from "../lib/eval/coco_json.ts";
import type { DetectionColumns } from "../lib/eval/detection.ts";
import {
  type GroundTruth,
  type GroundTruthColumns,
  groundTruthColumns,
  groundTruthOf,
} from "../lib/eval/ground_truth.ts";
import type { JsonSource } from "../lib/eval/json_source.ts";
import type { FileFlags } from "./evaluate_files_flags.ts";

/** What there is to score. */
export interface EvaluationInput extends Annotations {
  /** Over the same images and classes. */
  readonly found: DetectionColumns;
}

/** What detections are compared with. */
export interface Annotations {
  /** Boxes. */
  readonly truth: GroundTruthColumns;
  /** Names by class index. */
  readonly classes: readonly string[];
  /** Whether Pascal VOC's measures are meant too. */
  readonly isVoc: boolean;
  /** What the user should know of the files, sentences. */
  readonly notes: readonly string[];
}

/** What of a split's annotations was left out or changed. */
interface ReadingLosses {
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  readonly clippedCount: number;
}

/**
 * Reads both files.
 *
 * @param flags Which they are.
 * @throws {RangeError} If a file or split is missing, or an entry has an unknown id, one twice, or a negative size.
 * @throws {SyntaxError} If a file does not parse, or an entry lacks a field.
 */
export async function openForEvaluation(
  { annotations, detections, split }: Pick<FileFlags, "annotations" | "detections" | "split">,
): Promise<EvaluationInput> {
  const isFolder = (await kindOf(annotations)) === "folder";
  if (!isFolder && split !== null) {
    throw new RangeError(`Cannot use --split ${split} with ${annotations}: only a VOC folder has splits`);
  }
  const [truth, keys] = isFolder ? await openVoc(annotations, split) : await openCoco(annotations);
  const source = await openJson(detections, "--detections takes COCO's results");
  return { ...truth, found: cocoDetections(cocoResults(source), keys, detections) };
}

async function openCoco(file: string): Promise<[Annotations, CocoKeys]> {
  const source = await openJson(file, "--annotations takes COCO's instances");
  const groundTruth = cocoGroundTruth(cocoLists(source), file);
  const { columns, classes } = groundTruth;
  const notes = columns.hasIdZero.includes(1)
    ? [
      `${file}: an annotation has the id 0, which COCO's own tool takes for none: whatever finds this object ` +
      `counts as wrong, there and so here. Ids from 1 avoid it.`,
    ]
    : [];
  return [{ truth: columns, classes, isVoc: false, notes }, keysOf(groundTruth, file)];
}

async function openVoc(path: string, named: string | null): Promise<[Annotations, CocoKeys]> {
  const folder = await openDataFolder(path);
  const name = await chooseSplit(folder, named);
  const [split] = await readVoc(folder, [{ name, parts: [{ tree: "", list: name }] }]);
  const groundTruth = groundTruthOf(split);
  const where = `${folder.path}, split ${split.name}`;
  const truth = groundTruthColumns(groundTruth);
  const annotations = { truth, classes: split.classes, isVoc: true, notes: notesOn(split, where) };
  return [annotations, vocKeys(groundTruth, where)];
}

async function chooseSplit(folder: DataFolder, named: string | null): Promise<string> {
  const splits = await listVocSplits(folder, "");
  if (splits === null) throw await notVoc(folder);
  const split = (named === null ? ["test", "val"] : [named]).find((name) => splits.includes(name));
  if (split !== undefined) return split;
  const wanted = named === null ? "test or val, or another by --split" : named;
  throw new RangeError(
    `Cannot use ${folder.path}: its splits are ${splits.join(", ") || "none"}, wanted ${wanted}`,
  );
}

async function notVoc(folder: DataFolder): Promise<RangeError> {
  const files = (await listCocoSplits(folder) ?? []).map((split) => `annotations/instances_${split}.json`);
  const hint = files.length === 0 ? "" : `; for COCO name the file, of ${files.join(", ")}`;
  return new RangeError(
    `Cannot use ${folder.path} as annotations: it has no ImageSets/Main, wanted a Pascal VOC folder${hint}`,
  );
}

function notesOn({ skipped, clippedCount }: ReadingLosses, where: string): string[] {
  const notes: string[] = [];
  if (skipped.length > 0) {
    const { file, reason } = skipped[0];
    notes.push(`${where}: ${skipped.length} objects are left out; the first: ${file}: ${reason}`);
  }
  if (clippedCount > 0) {
    notes.push(`${where}: ${clippedCount} boxes reached past their image's border and were clipped`);
  }
  return notes;
}

/**
 * Images by id, or by the number that an id reads as if no other reads as the same; classes by name, or by number
 * from 1.
 */
function vocKeys({ imageIds, classes }: GroundTruth, where: string): CocoKeys {
  const images = new Map<unknown, number>(imageIds.map((id, index) => [id, index]));
  const numbers = imageIds.map((id) => /^\d+$/.test(id) ? Number(id) : NaN);
  const timesSeen = new Map<number, number>();
  for (const number of numbers) timesSeen.set(number, (timesSeen.get(number) ?? 0) + 1);
  numbers.forEach((number, index) => {
    if (Number.isSafeInteger(number) && timesSeen.get(number) === 1) images.set(number, index);
  });
  const entries = classes.flatMap((name, index): [unknown, number][] => [[name, index], [index + 1, index]]);
  return {
    images,
    categories: new Map(entries),
    wantedImage: `the id of one of the ${imageIds.length} images of ${where}, such as ${
      JSON.stringify(imageIds[0])
    }`,
    wantedCategory: `a class of ${where}, by name or number: ${
      classes.map((name, index) => `${JSON.stringify(name)} (${index + 1})`).join(", ")
    }`,
  };
}

async function openJson(file: string, wanted: string): Promise<JsonSource> {
  if ((await kindOf(file)) === "file") return { bytes: await Deno.readFile(file), file };
  throw new RangeError(`Cannot read ${file}: it is a folder; ${wanted} as a JSON file`);
}

async function kindOf(path: string): Promise<"file" | "folder"> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (cause) {
    const isMissing = cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory;
    if (!isMissing) throw cause;
    throw new RangeError(`Cannot read ${path}: there is no such file`, { cause });
  }
}
