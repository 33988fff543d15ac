/**
 * What a result was made from, and what is different now. A run that goes on all the same is approximate, and says so in
 * its `approximations.jsonl`.
 *
 * @module
 */
import { appendText } from "./atomic_file.ts";

/** Whatever a result depends on, by the name that messages give it, e.g. `threads`. */
export type Origin = Readonly<Record<string, string | number>>;

/** A field in which what goes on differs from what there is. */
export interface OriginDifference {
  /** e.g. `threads` or `version of tensorflow`. */
  readonly field: string;
  readonly was: string | number;
  readonly is: string | number;
}

/** What a run went on from although it differed. */
export interface Approximation extends OriginDifference {
  /** From the run's folder, e.g. `finetune/step-40`. */
  readonly checkpoint: string;
}

/** The fields that differ, in the order of the first origin; a field that only one has is `absent` in the other. */
export function originDifferences(was: Origin, is: Origin): OriginDifference[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((field) => was[field] !== is[field])
    .map((field) => ({ field, was: was[field] ?? "absent", is: is[field] ?? "absent" }));
}

/**
 * Refuses what would give another result than a run without a stop.
 *
 * @param path What would be gone on from.
 * @throws {RangeError} That names every field with both values, if there are any.
 */
export function refuseDifferences(path: string, differences: readonly OriginDifference[]): void {
  if (differences.length === 0) return;
  throw new RangeError(
    `Cannot go on from ${path} as ${differences.map(differenceText).join("; ")}: ` +
      `the result would be another than without the stop; --approximate goes on all the same, and records it`,
  );
}

/** A difference in words: `threads was 2 and is now 4`. Of a SHA-256 only the beginning is shown. */
export function differenceText({ field, was, is }: OriginDifference): string {
  const [before, now] = [was, is].map((value) =>
    String(value).replace(/^([0-9a-f]{12})[0-9a-f]{52}$/, "$1…")
  );
  return `${field} was ${before} and is now ${now}`;
}

/** Where approximations are recorded; a run without the file is exact. */
export function approximationsPath(runDir: string): string {
  return `${runDir}/approximations.jsonl`;
}

/**
 * Records that a run went on although something differed: one line, however often it is said and by how many workers.
 *
 * @throws {Error} If it can't be written, naming the file.
 */
export async function recordApproximation(runDir: string, approximation: Approximation): Promise<void> {
  const { checkpoint, field, was, is } = approximation;
  const line = JSON.stringify({ checkpoint, field, was, is });
  const text = await textOf(runDir);
  if (text.split("\n").slice(0, -1).includes(line)) return;
  const torn = text === "" || text.endsWith("\n") ? "" : "\n";
  await appendText(approximationsPath(runDir), `${torn}${line}\n`);
}

/** What a run went on from although it differed, oldest first, each once; empty for an exact run. */
export async function readApproximations(runDir: string): Promise<Approximation[]> {
  const lines = (await textOf(runDir)).split("\n").slice(0, -1);
  return [...new Set(lines)].filter(isWhole).map((line) => JSON.parse(line));
}

/** A process that ended while it wrote a line wrote it again when it was typed again. */
function isWhole(line: string): boolean {
  return line.startsWith("{") && line.endsWith("}");
}

async function textOf(runDir: string): Promise<string> {
  try {
    return await Deno.readTextFile(approximationsPath(runDir));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
