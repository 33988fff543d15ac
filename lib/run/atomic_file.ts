/**
 * Files that are there whole or not at all, whatever stops the process: written beside their place, synced,
 * renamed into it. Run folders and checkpoints are made of these.
 *
 * @module
 */
import { dirname } from "node:path";
import { statfs } from "node:fs/promises";

/** What is written to: `Deno.FsFile`, or a stand-in that fails on purpose. */
export interface WritableFile extends Disposable {
  /** Writes some of the bytes; returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Waits until what was written is on the disk. */
  sync(): Promise<void>;
}

/** Creates a file that must not exist yet. */
export type CreateFile = (path: string) => Promise<WritableFile>;

/**
 * Replaces a file, or creates it; afterwards it has all of the new content, or (on an error) all of the old.
 *
 * @param path The file.
 * @param content Bytes, or text for UTF-8.
 * @param create How the temporary file is opened.
 * @throws {Error} If it can't be written, naming the file; on a full disk also the free bytes.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  create: CreateFile = createNewFile,
): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await writeChunks(temporary, [bytes], create);
    await Deno.rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await removeIfThere(temporary);
    throw await writeError(path, cause);
  }
}

/**
 * Writes a new file and waits until it is on the disk. It may be left in part on an error: for folders that are
 * renamed as a whole.
 *
 * @param path The file; must not exist.
 * @param chunks Its content, in order.
 * @param create How the file is opened.
 * @throws {Error} If it can't be written, naming the file; on a full disk also the free bytes.
 */
export async function writeFileSynced(
  path: string,
  chunks: Iterable<Uint8Array>,
  create: CreateFile = createNewFile,
): Promise<void> {
  try {
    await writeChunks(path, chunks, create);
  } catch (cause) {
    throw await writeError(path, cause);
  }
}

/**
 * Makes a folder.
 *
 * @param options As `Deno.mkdir`'s.
 * @throws {Error} If it can't be made, naming it; on a full disk also the free bytes.
 */
export async function makeFolder(path: string, options: Deno.MkdirOptions = {}): Promise<void> {
  await writingTo(path, () => Deno.mkdir(path, options));
}

/**
 * Does what may fail as a file or folder can't be written.
 *
 * @param path What is written, for the message.
 * @param write Does it.
 * @returns What it gives.
 * @throws {Error} If it fails, naming the path; on a full disk also the free bytes.
 */
export async function writingTo<Written>(path: string, write: () => Promise<Written>): Promise<Written> {
  try {
    return await write();
  } catch (cause) {
    throw await writeError(path, cause);
  }
}

/**
 * Adds text at a file's end, creating the file if need be, and waits until it is on the disk. A process that ends
 * meanwhile may leave a part of it.
 *
 * @throws {Error} If it can't be written, naming the file; on a full disk also the free bytes.
 */
export async function appendText(path: string, text: string): Promise<void> {
  try {
    const open: CreateFile = (path) => Deno.open(path, { append: true, create: true });
    await writeChunks(path, [new TextEncoder().encode(text)], open);
  } catch (cause) {
    throw await writeError(path, cause);
  }
}

/** Waits until a folder's entries (new and renamed files) are on the disk. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return; // can't open folders, and has no need to
  using folder = await Deno.open(path);
  await folder.sync();
}

/** Removes a file or a folder with all it holds, if there is one. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes what was being written when an earlier process ended: entries named `*.tmp`. Returns their names. */
export async function sweepTemporaries(folder: string): Promise<string[]> {
  const swept: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.endsWith(".tmp")) swept.push(entry.name);
  }
  for (const name of swept) await removeIfThere(`${folder}/${name}`);
  return swept;
}

async function writeChunks(path: string, chunks: Iterable<Uint8Array>, create: CreateFile): Promise<void> {
  using file = await create(path);
  for (const chunk of chunks) {
    for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
  }
  await file.sync();
}

async function createNewFile(path: string): Promise<WritableFile> {
  return await Deno.open(path, { write: true, createNew: true });
}

async function writeError(path: string, cause: unknown): Promise<Error> {
  if (!isDiskFull(cause)) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new Error(`Cannot write ${path}: ${reason}`, { cause });
  }
  const free = await freeBytes(dirname(path));
  const found = free === null ? "" : ` (${free} bytes are free)`;
  return new Error(`Cannot write ${path} as the disk is full${found}: free some space and run again`, {
    cause,
  });
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Free space in bytes where the folder lies; null where it can't be had: no folder, or a permission that isn't worth asking for. */
async function freeBytes(folder: string): Promise<number | null> {
  const permission = await Deno.permissions.query({ name: "sys", kind: "statfs" });
  if (permission.state !== "granted") return null;
  return await statfs(folder).then(({ bavail, bsize }) => bavail * bsize, () => null);
}
