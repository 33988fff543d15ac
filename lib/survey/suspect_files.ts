/**
 * Image files that are likely wrong: the same picture in two places, and cameras' rotations that annotations know
 * nothing of.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readExifOrientation } from "../data/exif_orientation.ts";
import { sideBySide } from "../data/side_by_side.ts";
import { type SplitName, splitNames, type SurveyedData } from "./data_survey.ts";

/** An image file and its split. */
export interface SplitFile {
  readonly split: SplitName;
  /** Position in the split. */
  readonly index: number;
  readonly file: string;
}

/** What was found. */
export interface SuspectFiles {
  /** Files of the same bytes, each group in order; those of more than one split first. */
  readonly copies: readonly (readonly SplitFile[])[];
  /** Files whose EXIF orientation is not upright. */
  readonly turned: readonly SplitFile[];
}

/** Files read side by side. */
const concurrency = 8;
/** EXIF stands at a file's begin, in a segment of at most this. */
const headBytes = 65_536;

/**
 * Looks at all image files; of most only size and head are read. Generated images have none.
 *
 * @param data The splits.
 * @throws {Deno.errors.NotFound} If a file is missing.
 */
export async function findSuspectFiles(data: SurveyedData): Promise<SuspectFiles> {
  const files = splitNames.flatMap((split) =>
    Array.from(data[split].samples, ({ source }, index) => ({ source, index })).flatMap(({ source, index }) =>
      "file" in source ? [{ split, index, file: source.file }] : []
    )
  );
  const orientations = await sideBySide(files, concurrency, ({ file }) => orientationOf(file));
  return { copies: await findCopies(files), turned: files.filter((_, i) => orientations[i] > 1) };
}

async function orientationOf(path: string): Promise<number> {
  using file = await Deno.open(path);
  const head = new Uint8Array(headBytes);
  let length = 0;
  for (let read: number | null = 0; read !== null && length < headBytes; length += read ?? 0) {
    read = await file.read(head.subarray(length));
  }
  return readExifOrientation(head.subarray(0, length));
}

/** Files of the same size are compared by digest. */
async function findCopies(files: readonly SplitFile[]): Promise<SplitFile[][]> {
  const sizes = await sideBySide(files, concurrency, async ({ file }) => (await Deno.stat(file)).size);
  const ofSize = Map.groupBy(files.map((file, i) => ({ file, size: sizes[i] })), ({ size }) => size);
  const candidates = [...ofSize.values()].filter((group) => group.length > 1).flat().map(({ file }) => file);
  const digests = await sideBySide(candidates, concurrency, ({ file }) => digestOf(file));
  const ofDigest = Map.groupBy(
    candidates.map((file, i) => ({ file, digest: digests[i] })),
    ({ digest }) => digest,
  );
  const groups = [...ofDigest.values()].filter((group) => group.length > 1).map((group) =>
    group.map(({ file }) => file)
  );
  return groups.sort((a, b) => Number(isAcross(b)) - Number(isAcross(a)));
}

/** Whether a group of equal files is in more than one split. */
export function isAcross(group: readonly SplitFile[]): boolean {
  return new Set(group.map(({ split }) => split)).size > 1;
}

async function digestOf(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}
