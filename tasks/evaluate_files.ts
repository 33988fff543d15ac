/**
 * `deno task evaluate --annotations ANN.json --detections DET.json`: scores any detector's results. Needs neither a
 * run nor the engine.
 *
 * @module
 */
import { accumulateCoco, classScores, summariseCoco } from "../lib/eval/coco.ts";
import { matchCoco } from "../lib/eval/coco_match.ts";
import { confusionMatrix } from "../lib/eval/confusion.ts";
import { evaluateVocColumns } from "../lib/eval/voc.ts";
import { fileFlags, helpOfFiles, parseFileFlags } from "./evaluate_files_flags.ts";
import { confusionCsv, scoreLines } from "./evaluate_files_lines.ts";
import { openForEvaluation } from "./evaluate_files_open.ts";

/** Objects and detections overlap this much to be the same, in the confusion matrix. */
const confusionIou = 0.5;

/** Whether arguments of `deno task evaluate` are about files: then {@linkcode evaluateFiles} takes them. */
export function isAboutFiles(args: readonly string[]): boolean {
  const own = fileFlags.filter(({ name }) => name !== "help").map(({ name }) => `--${name}`);
  return args.some((arg) => own.includes(arg.replace(/=.*$/s, "")));
}

/**
 * The command: reads both files, and prints COCO's numbers, the classes and the confusion matrix; with `--json` the
 * twelve numbers as one JSON object and nothing else. What the user should know of the files goes to stderr.
 *
 * @param args E.g. `Deno.args`.
 * @throws {TypeError | RangeError} If an argument is unknown, missing or out of range.
 * @throws {SyntaxError | RangeError} If a file's content can't be used: which entry, what was found and wanted.
 */
export async function evaluateFiles(args: string[]): Promise<void> {
  const flags = parseFileFlags(args);
  if (flags === null) return console.log(helpOfFiles());

  const input = await openForEvaluation(flags);
  for (const note of input.notes) console.error(`note: ${note}`);

  const matches = matchCoco(input.truth, input.found);
  const curves = accumulateCoco(matches);
  const thresholds = { score: flags.scoreThreshold, iou: confusionIou };
  const confusion = confusionMatrix(input.truth, input.found, thresholds);
  if (flags.confusion !== null) await write(flags.confusion, confusionCsv(input.classes, confusion));

  const summary = summariseCoco(curves);
  if (flags.json) return console.log(JSON.stringify(summary));

  const voc = input.isVoc ? evaluateVocColumns(input.truth, input.found, input.classes) : null;
  const perClass = classScores(curves);
  const lines = scoreLines({ ...input, matches, summary, perClass, voc, confusion, thresholds });
  for (const line of lines) console.log(line);
  if (flags.confusion !== null) console.log(`wrote ${flags.confusion}`);
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (cause) {
    throw new Error(`Cannot write ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
