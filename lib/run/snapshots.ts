/**
 * What a run's networks found in a few images on their way, in the run's folder `detections`: one file a look, named by
 * stage and step. A stage that goes on from an earlier step takes those after it back, so that a run which stopped has the
 * files of one that did not.
 *
 * @module
 */
import { makeFolder, removeIfThere, writeFileAtomic } from "./atomic_file.ts";

/** A look at a network. */
export interface Snapshot {
  /** The stage, e.g. `finetune`. */
  readonly stage: string;
  /** Steps done; in a search candidates. */
  readonly step: number;
  /** What network it is, and how far, in words. */
  readonly note: string;
  /** The architecture that it found with; null where a supernet's fixed path did. */
  readonly choices: readonly number[] | null;
  /** Every class, in the order that fixes its colour. */
  readonly classNames: readonly string[];
  /** Detections under this score are left out. */
  readonly minScore: number;
  readonly pictures: readonly SnapshotPicture[];
}

/** A photograph with boxes, in pixels of the picture: left, top, right, bottom edge. */
export interface SnapshotPicture {
  /** The image's name in its data set. */
  readonly id: string;
  /** JPEG. */
  readonly bytes: Uint8Array;
  /** The same with the boxes drawn in, as a JPEG; perhaps larger. */
  readonly drawn: SnapshotDrawing;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly detections: readonly (SnapshotBox & { readonly score: number })[];
  /** What the annotations say. */
  readonly truths: readonly SnapshotBox[];
}

/** A JPEG. */
export interface SnapshotDrawing {
  readonly bytes: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A box of a class. */
export interface SnapshotBox {
  readonly className: string;
  readonly boxXyxy: readonly [number, number, number, number];
}

/** Where a snapshot is, and of what. */
export interface SnapshotFile {
  readonly path: string;
  readonly stage: string;
  readonly step: number;
}

/** In the order of the job. */
const stageOrder = ["finetune", "search", "retrain"];

/** The snapshots of a folder in the order of the job; none if there is no such folder. */
export async function listSnapshots(dir: string): Promise<SnapshotFile[]> {
  const files: SnapshotFile[] = [];
  for (const name of await fileNames(dir)) {
    const [, stage, step] = name.match(/^([a-z]+)-(\d+)\.json$/) ?? [];
    if (stage !== undefined) files.push({ path: `${dir}/${name}`, stage, step: Number(step) });
  }
  return files.sort((a, b) => stageOrder.indexOf(a.stage) - stageOrder.indexOf(b.stage) || a.step - b.step);
}

/** Writes a snapshot, whole or not at all, in the place of one of the same stage and step. */
export async function writeSnapshot(dir: string, snapshot: Snapshot): Promise<void> {
  await makeFolder(dir, { recursive: true });
  const pictures = snapshot.pictures.map(({ bytes, drawn, ...rest }) => ({
    ...rest,
    bytes: bytes.toBase64(),
    drawn: { ...drawn, bytes: drawn.bytes.toBase64() },
  }));
  await writeFileAtomic(
    `${dir}/${snapshot.stage}-${snapshot.step}.json`,
    JSON.stringify({ ...snapshot, pictures }) + "\n",
  );
}

/**
 * Reads a snapshot.
 *
 * @returns Null if it was removed meanwhile.
 * @throws {SyntaxError} If it can't be parsed; names the file.
 */
export async function readSnapshot({ path }: Pick<SnapshotFile, "path">): Promise<Snapshot | null> {
  try {
    const { pictures, ...rest } = JSON.parse(await Deno.readTextFile(path)) as StoredSnapshot;
    return { ...rest, pictures: pictures.map(pictureOf) };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    if (!(cause instanceof Error)) throw cause;
    throw new SyntaxError(`Cannot read ${path}: ${cause.message}; it may be removed`, { cause });
  }
}

/** Removes those of a stage that a condition on their step does not keep. */
export async function keepSnapshots(
  dir: string,
  stage: string,
  isKept: (step: number) => boolean,
): Promise<void> {
  const files = (await listSnapshots(dir)).filter((file) => file.stage === stage && !isKept(file.step));
  await Promise.all(files.map(({ path }) => removeIfThere(path)));
}

interface StoredSnapshot extends Omit<Snapshot, "pictures"> {
  readonly pictures: readonly StoredPicture[];
}

/** Bytes in base64. */
interface StoredPicture extends Omit<SnapshotPicture, "bytes" | "drawn"> {
  readonly bytes: string;
  readonly drawn: Omit<SnapshotDrawing, "bytes"> & { readonly bytes: string };
}

function pictureOf({ bytes, drawn, ...rest }: StoredPicture): SnapshotPicture {
  const drawing = { ...drawn, bytes: Uint8Array.fromBase64(drawn.bytes) };
  return { ...rest, bytes: Uint8Array.fromBase64(bytes), drawn: drawing };
}

async function fileNames(dir: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
