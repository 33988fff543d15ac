/**
 * Reading wheels: a wheel is a zip file, of which a file or two are needed.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
// @ts-types="./yauzl.d.ts"
import { type Entry, openPromise, type ZipFile } from "yauzl";

/**
 * SHA-256 of a file, as lower-case hexadecimal digits; reads it in pieces.
 *
 * @param path The file.
 */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * Unpacks some entries of a wheel and waits until they are on the disk.
 *
 * @param path The wheel.
 * @param wanted Names of entries; one that ends in `/` stands for all below it.
 * @param folder Where they go, with their folders.
 * @throws {Deno.errors.InvalidData} If the file is no zip, or lacks a wanted entry.
 */
export async function unpackWheel(path: string, wanted: readonly string[], folder: string): Promise<void> {
  const missing = new Set(wanted);
  const zip = await openPromise(path).catch((cause) => {
    throw new Deno.errors.InvalidData(`Cannot unpack ${path}: ${cause.message}`, { cause });
  });
  for await (const entry of zip.eachEntry()) { // yauzl refuses names that leave the folder
    const match = wanted.find((name) => covers(name, entry.fileName));
    if (match === undefined || entry.fileName.endsWith("/")) continue;
    await unpackEntry(zip, entry, join(folder, entry.fileName));
    missing.delete(match);
  }
  if (missing.size === 0) return;
  throw new Deno.errors.InvalidData(`Cannot unpack ${path}: it has no ${[...missing].join(", ")}`);
}

function covers(wanted: string, name: string): boolean {
  return wanted.endsWith("/") ? name.startsWith(wanted) : name === wanted;
}

async function unpackEntry(zip: ZipFile, entry: Entry, path: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  using file = await Deno.open(path, { write: true, createNew: true, mode: entryMode(entry) });
  const stream = await zip.openReadStreamPromise(entry);
  for await (const chunk of stream) await writeAll(file, chunk);
  await file.sync();
}

/** The executable bit, which Unix zips keep in the upper half of the external attributes. */
function entryMode(entry: Entry): number {
  return (entry.externalFileAttributes >>> 16) & 0o100 ? 0o755 : 0o644;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}
