/**
 * What `deno task evaluate` takes where it scores files.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { nearest } from "../lib/base/nearest.ts";
import type { Flag } from "./commands.ts";

/** What was typed, checked. */
export interface FileFlags {
  /** A COCO annotation file, or a Pascal VOC folder. */
  readonly annotations: string;
  /** A COCO result file. */
  readonly detections: string;
  /** Of a VOC folder; null if not given. */
  readonly split: string | null;
  /** Detections below it are left out of the confusion matrix. */
  readonly scoreThreshold: number;
  /** Where the confusion matrix goes, if anywhere. */
  readonly confusion: string | null;
  /** Whether the twelve numbers are printed as JSON and nothing else is. */
  readonly json: boolean;
}

const defaultScoreThreshold = 0.25;

/** The flags, in the help's order. */
export const fileFlags: readonly Flag[] = [
  { name: "annotations", value: "ANN.json|DIR", help: "COCO's instances file, or a Pascal VOC folder" },
  { name: "detections", value: "DET.json", help: "results: a list of image_id, category_id, bbox, score" },
  { name: "split", value: "NAME", help: "which of a VOC folder's splits; default: test, else val" },
  {
    name: "score-threshold",
    value: "N",
    help: `least score in the confusion matrix; default: ${defaultScoreThreshold}`,
  },
  { name: "confusion", value: "FILE.csv", help: "writes the confusion matrix" },
  { name: "json", value: null, help: "prints COCO's twelve numbers as one JSON object, and nothing else" },
  { name: "help", value: null, help: "shows this" },
];

/** The help text of scoring files. */
export function helpOfFiles(): string {
  const left = fileFlags.map(({ name, value }) => value === null ? `--${name}` : `--${name} ${value}`);
  const width = Math.max(...left.map((text) => text.length));
  return [
    "deno task evaluate --annotations ANN.json|DIR --detections DET.json [flags]",
    "",
    "Scores any detector's results in COCO's format: COCO's twelve numbers, each class, the confusion matrix.",
    "A VOC folder adds Pascal VOC's AP at IoU 0.5. Results then name an image by its id (2007_000027, or 27 where",
    "the id is 000027) and a class by its name, or by its number from 1 in the names' order.",
    "",
    ...fileFlags.map(({ help }, i) => `  ${left[i].padEnd(width)}  ${help}`),
  ].join("\n");
}

/**
 * Reads the flags.
 *
 * @param args E.g. `Deno.args`.
 * @returns What was typed; null if help is asked for.
 * @throws {TypeError} If a flag is unknown, or has no value.
 * @throws {RangeError} If a needed flag is missing, or a value is out of range.
 */
export function parseFileFlags(args: string[]): FileFlags | null {
  const valued = fileFlags.filter(({ value }) => value !== null).map(({ name }) => name);
  const parsed = parseArgs(args, {
    string: valued,
    boolean: ["json", "help"],
    alias: { help: "h" },
    unknown: (arg: string): never => refuse(arg),
  });
  if (parsed._.length > 0) refuse(String(parsed._[0]));
  if (parsed.help === true) return null;
  const text = (name: string): string | null => textOf(parsed[name], name);
  return {
    annotations: text("annotations") ?? missing("annotations"),
    detections: text("detections") ?? missing("detections"),
    split: text("split"),
    scoreThreshold: numberOf(text("score-threshold") ?? String(defaultScoreThreshold), "score-threshold"),
    confusion: text("confusion"),
    json: parsed.json === true,
  };
}

function refuse(arg: string): never {
  if (!arg.startsWith("-")) {
    throw new TypeError(`Cannot understand "${arg}": deno task evaluate takes flags only, see --help`);
  }
  const name = arg.replace(/=.*$/s, "");
  const best = nearest(name, fileFlags.map((flag) => `--${flag.name}`));
  throw new TypeError(
    `Cannot understand ${name}: there is no such flag where files are scored; did you mean ${best}?`,
  );
}

function missing(name: string): never {
  throw new RangeError(`Cannot score files without --${name}: wanted --${name} ${valueOf(name)}`);
}

function textOf(value: unknown, name: string): string | null {
  if (typeof value !== "string") return null;
  if (value !== "") return value;
  throw new TypeError(`Cannot understand --${name} without a value: wanted --${name} ${valueOf(name)}`);
}

function numberOf(text: string, name: string): number {
  const number = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new RangeError(`Cannot understand --${name} ${text}: wanted a number`);
}

function valueOf(name: string): string {
  return fileFlags.find((flag) => flag.name === name)?.value ?? "";
}
