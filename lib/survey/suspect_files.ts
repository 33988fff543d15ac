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
/** EXIF's first directory stands at a file's begin. */
const headBytes = 4096;

/** A file as far as it is read of all. */
interface FileHead {
  readonly place: SplitFile;
  readonly orientation: number;
  /** Size and digest of the head: equal files have the same. */
  readonly key: string;
}

/**
 * Looks at all image files; of most only size and head are read. Generated images have none.
 *
 * @param data The splits.
 * @throws {Deno.errors.NotFound} If a file is missing.
 */
export async function findSuspectFiles(data: SurveyedData): Promise<SuspectFiles> {
  const heads = await sideBySide(filesOf(data), concurrency, readHead);
  const turned = heads.filter(({ orientation }) => orientation > 1).map(({ place }) => place);
  return { copies: await findCopies(heads), turned };
}

function filesOf(data: SurveyedData): SplitFile[] {
  return splitNames.flatMap((split) =>
    Array.from(data[split].samples, ({ source }, index) => ({ source, index })).flatMap(({ source, index }) =>
      "file" in source ? [{ split, index, file: source.file }] : []
    )
  );
}

async function readHead(place: SplitFile): Promise<FileHead> {
  using file = await Deno.open(place.file);
  const head = new Uint8Array(headBytes);
  let length = 0;
  for (let read: number | null = 0; read !== null && length < headBytes; length += read ?? 0) {
    read = await file.read(head.subarray(length));
  }
  const bytes = head.subarray(0, length);
  const { size } = await file.stat();
  return { place, orientation: readExifOrientation(bytes), key: `${size} ${digestOf(bytes)}` };
}

/** Only files that begin alike and have the same size are read to their end. */
async function findCopies(heads: readonly FileHead[]): Promise<SplitFile[][]> {
  const candidates = groupsOf(heads, ({ key }) => key).flat();
  const whole = await sideBySide(candidates, concurrency, async ({ place }) => ({
    place,
    digest: digestOf(await Deno.readFile(place.file)),
  }));
  const copies = groupsOf(whole, ({ digest }) => digest).map((group) => group.map(({ place }) => place));
  return copies.sort((a, b) => Number(isAcross(b)) - Number(isAcross(a)));
}

/** Groups of more than one. */
function groupsOf<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  return [...Map.groupBy(all, keyOf).values()].filter((group) => group.length > 1);
}

/** Whether a group of equal files is in more than one split. */
export function isAcross(group: readonly SplitFile[]): boolean {
  return new Set(group.map(({ split }) => split)).size > 1;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
