/**
 * How a scored file looks in a terminal, and its confusion matrix in a CSV file.
 *
 * @module
 */
import type { ClassScores, CocoSummary } from "../lib/eval/coco.ts";
import type { CocoMatches } from "../lib/eval/coco_match.ts";
import type { ConfusionMatrix, ConfusionThresholds } from "../lib/eval/confusion.ts";
import type { VocEvaluation } from "../lib/eval/voc.ts";
import type { EvaluationInput } from "./evaluate_files_open.ts";

/** All that is shown. */
export interface FileScores extends EvaluationInput {
  /** For the number of objects of each class. */
  readonly matches: Pick<CocoMatches, "positives">;
  /** COCO's twelve numbers. */
  readonly summary: CocoSummary;
  /** By class index. */
  readonly perClass: readonly ClassScores[];
  /** Null where the annotations are COCO's. */
  readonly voc: VocEvaluation | null;
  /** At the thresholds. */
  readonly confusion: ConfusionMatrix;
  /** What the confusion matrix was made with. */
  readonly thresholds: ConfusionThresholds;
}

/** With more classes a matrix is wider than a terminal: the most frequent mistakes are listed instead. */
const mostColumns = 20;
const mistakesShown = 20;

/** The numbers, a table of classes and the confusion matrix; a dash stands where there is nothing to measure. */
export function scoreLines(scores: FileScores): string[] {
  const { truth, classes, found, summary, voc } = scores;
  const counts = [
    `${truth.imageCount} images`,
    `${classes.length} classes`,
    `${truth.classIndices.length} annotations`,
    `${found.scores.length} detections`,
  ];
  const vocLines = voc === null ? [] : [
    "Pascal VOC's AP at IoU 0.5:",
    `  11 points  ${cell(voc.AP11)}`,
    `  area       ${cell(voc.APArea)}`,
    "",
  ];
  return [
    `${counts.join(", ")}:`,
    ...Object.entries(summary).map(([name, value]) => `  ${name.padEnd(5)}  ${cell(value)}`),
    "",
    ...vocLines,
    ...classTable(scores),
    "",
    ...confusionLines(scores),
  ];
}

/**
 * The confusion matrix: a row for each true class and a column for each detected one, the last of both the background.
 *
 * @param classes Names by class index.
 */
export function confusionCsv(classes: readonly string[], confusion: ConfusionMatrix): string {
  const names = [...classes, "background"].map(csvField);
  const rows = rowsOf(confusion).map((counts, i) => [names[i], ...counts]);
  return [["true\\detected", ...names], ...rows].map((row) => `${row.join(",")}\n`).join("");
}

function classTable({ classes, perClass, matches, voc }: FileScores): string[] {
  const areaCount = matches.positives.length / Math.max(1, classes.length);
  const heads = ["class", "objects", "AP", "AP50", "AR100"];
  const rows = perClass.map(({ AP, AP50, AR100 }, k) => [
    classes[k],
    String(matches.positives[k * areaCount]), // the first area range holds all
    ...[AP, AP50, AR100].map(cell),
  ]);
  if (voc === null) return alignedLines([heads, ...rows]);
  const vocCells = classes.map((name) => [cell(voc.perClass[name].AP11), cell(voc.perClass[name].APArea)]);
  return alignedLines([
    [...heads, "VOC 11 points", "VOC area"],
    ...rows.map((row, k) => [...row, ...vocCells[k]]),
  ]);
}

function confusionLines(scores: FileScores): string[] {
  const { classes, confusion, thresholds } = scores;
  const at = `at scores from ${thresholds.score} and IoU from ${thresholds.iou}`;
  if (classes.length > mostColumns) return mistakeLines(scores, at);
  const names = [...classes, "background"];
  return [
    `Confusion ${at} (a row is what an object is, a column what it was detected as):`,
    ...alignedLines([["", ...names], ...rowsOf(confusion).map((row, i) => [names[i], ...row.map(String)])]),
  ];
}

function mistakeLines({ classes, confusion }: FileScores, at: string): string[] {
  const K = classes.length;
  const rows = rowsOf(confusion);
  const mistakes = rows.slice(0, K).flatMap((row, i) =>
    row.slice(0, K).flatMap((count, j) => i !== j && count > 0 ? [{ i, j, count }] : [])
  ).sort((a, b) => b.count - a.count).slice(0, mistakesShown);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  return [
    `Confusion ${at}: ${sum(rows.slice(0, K).map((row, k) => row[k]))} objects detected as what they are, ` +
    `${sum(rows.slice(0, K).map((row) => row[K]))} missed, ${sum(rows[K])} detections of nothing.`,
    "The classes most often mistaken (--confusion FILE.csv writes the whole matrix):",
    ...alignedLines([
      ["is", "detected as", "times"],
      ...mistakes.map(({ i, j, count }) => [classes[i], classes[j], String(count)]),
    ]),
  ];
}

function rowsOf({ classCount, counts }: ConfusionMatrix): number[][] {
  const side = classCount + 1;
  return Array.from({ length: side }, (_, i) => [...counts.subarray(i * side, (i + 1) * side)]);
}

/** Columns of one width, words to the left and numbers to the right. */
function alignedLines(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  const isNumber = rows[0].map((_, j) => rows.slice(1).every((row) => /^[-\d. ]*$/.test(row[j])));
  return rows.map((row) =>
    `  ${row.map((text, j) => isNumber[j] ? text.padStart(widths[j]) : text.padEnd(widths[j])).join("  ")}`
      .trimEnd()
  );
}

/** COCO writes -1 where there is no ground truth. */
function cell(value: number): string {
  return (value < 0 ? "-" : value.toFixed(4)).padStart(6);
}

function csvField(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
