/**
 * Opens a folder of annotated photographs, whatever its layout, as the three splits a search needs: one to
 * train on, one the search is scored on, one the reported number comes from; no two share an image.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import type { DetectionSplit } from "./annotated_box.ts";
import { listCocoSplits, readCoco } from "./coco.ts";
import { type DataFolder, openDataFolder } from "./data_folder.ts";
import type { SkippedAnnotation } from "./sample.ts";
import { listVocSplits, readVoc } from "./voc.ts";

/** An opened folder. */
export interface DetectionFolder {
  /** Which layout was recognised. */
  readonly layout: "voc" | "coco";
  /** What networks are trained on. */
  readonly train: DetectionSplit;
  /** What the search is scored on. */
  readonly val: DetectionSplit;
  /** What the reported numbers come from. */
  readonly test: DetectionSplit;
  /** Of all splits, each annotation once. */
  readonly skipped: readonly SkippedAnnotation[];
  /** What the user should know about how the splits were made, sentences. */
  readonly notes: readonly string[];
}

/** Which splits on disk play which part; null where a part is cut from `train`. */
interface SplitPlan {
  readonly train: string;
  readonly val: string | null;
  readonly test: string;
}

/**
 * Recognises Pascal VOC or COCO and reads the splits.
 *
 * With splits train, val and test on disk these are the three. Without test, val is the reported split and the
 * search is scored on a tenth of train, cut off by a fixed draw; without val, the same tenth serves. VOC's
 * `trainval` stands in for a missing train. The search thus never sees the reported split.
 *
 * @param path The data folder.
 * @throws {Deno.errors.NotFound} If the folder is missing, or no layout or not enough splits are recognised.
 * @throws Whatever {@linkcode readVoc} and {@linkcode readCoco} throw.
 */
export async function openDetectionFolder(path: string): Promise<DetectionFolder> {
  const folder = await openDataFolder(path);
  const vocSplits = await listVocSplits(folder);
  if (vocSplits !== null) {
    const plan = planSplits(folder, "Pascal VOC", vocSplits, (part) => vocSplits.filter((s) => s === part));
    const names = [plan.train, ...(plan.val === null ? [] : [plan.val]), plan.test];
    return assemble("voc", plan, await readVoc(folder, names));
  }
  const cocoSplits = await listCocoSplits(folder);
  if (cocoSplits === null || cocoSplits.length === 0) throw notRecognised(folder);
  const plan = planSplits(folder, "COCO", cocoSplits, (part) => cocoSplits.filter((s) => s.startsWith(part)));
  const names = [plan.train, ...(plan.val === null ? [] : [plan.val]), plan.test];
  const splits: DetectionSplit[] = [];
  for (const name of names) splits.push(await readCoco(folder, name));
  checkSameClasses(folder, splits);
  return assemble("coco", plan, splits);
}

function planSplits(
  folder: DataFolder,
  layout: string,
  present: readonly string[],
  matching: (part: string) => string[],
): SplitPlan {
  const one = (part: string): string | null => {
    const names = matching(part);
    if (names.length < 2) return names[0] ?? null;
    throw new RangeError(
      `Cannot open ${folder.path} as ${layout}: it has the ${part} splits ${names.join(" and ")}, wanted one`,
    );
  };
  const [train, val, test] = [one("train") ?? one("trainval"), one("val"), one("test")];
  if (train !== null && test !== null) return { train, val: train === "trainval" ? null : val, test };
  if (train !== null && val !== null && train !== "trainval") return { train, val: null, test: val };
  throw new Deno.errors.NotFound(
    `Cannot open ${folder.path} as ${layout}: its splits are ${present.join(", ") || "none"}, ` +
      `wanted train and at least one of val and test`,
  );
}

function assemble(
  layout: "voc" | "coco",
  plan: SplitPlan,
  splits: readonly DetectionSplit[],
): DetectionFolder {
  const test = splits[splits.length - 1];
  const [train, val] = plan.val === null ? cutTenth(splits[0]) : [splits[0], splits[1]];
  checkDisjoint([train, val, test]);
  const notes: string[] = [];
  if (plan.val === null) {
    notes.push(
      `The search is scored on ${val.samples.length} images cut from ${plan.train} by a fixed draw, which leaves ` +
        `${train.samples.length} to train on.`,
    );
  }
  if (!plan.test.startsWith("test")) {
    notes.push(`There is no annotated test split: the reported numbers come from ${plan.test}.`);
  }
  const clippedCount = splits.reduce((sum, split) => sum + split.clippedCount, 0);
  if (clippedCount > 0) {
    notes.push(`${clippedCount} boxes reached past their image's border and were clipped.`);
  }
  return { layout, train, val, test, skipped: splits.flatMap((split) => split.skipped), notes };
}

/** Cuts a tenth off a split (at least one image): the draw depends on the number of images and nothing else. */
function cutTenth(split: DetectionSplit): [DetectionSplit, DetectionSplit] {
  const count = split.samples.length;
  if (count < 2) throw new RangeError(`Cannot cut a search split from ${split.name}: it has ${count} image`);
  const cut = new Set(
    permutation(stream(0, "search split"), count).subarray(0, Math.max(1, Math.round(count / 10))),
  );
  const keep = (isCut: boolean): DetectionSplit["samples"] =>
    split.samples.filter((_, i) => cut.has(i) === isCut);
  return [
    { ...split, samples: keep(false) },
    { ...split, name: `${split.name} (search)`, samples: keep(true), skipped: [], clippedCount: 0 },
  ];
}

function checkDisjoint(splits: readonly DetectionSplit[]): void {
  const seen = new Map<string, string>();
  for (const { name, samples } of splits) {
    for (const { source } of samples) {
      const file = "file" in source ? source.file : "";
      const other = seen.get(file);
      if (other !== undefined) {
        throw new RangeError(
          `Cannot use splits ${other} and ${name}: both hold ${file}, wanted no image in two`,
        );
      }
      seen.set(file, name);
    }
  }
}

function checkSameClasses(folder: DataFolder, splits: readonly DetectionSplit[]): void {
  const wanted = splits[0].classes.join(", ");
  for (const { name, classes } of splits) {
    if (classes.join(", ") === wanted) continue;
    throw new RangeError(
      `Cannot use ${folder.path}/annotations/instances_${name}.json: its categories are ${
        classes.join(", ")
      }, ` +
        `wanted those of ${splits[0].name}: ${wanted}`,
    );
  }
}

function notRecognised(folder: DataFolder): Error {
  return new Deno.errors.NotFound(
    `Cannot open ${folder.path}: it has neither Pascal VOC's layout (looked for ImageSets/Main/<split>.txt, ` +
      `Annotations/<id>.xml, JPEGImages/<id>.jpg) nor COCO's (looked for annotations/instances_<split>.json, ` +
      `<split>/<image>)`,
  );
}
