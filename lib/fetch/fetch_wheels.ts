/**
 * Fetching what Python wheels hold: the user's own pip downloads them, their digests are pinned, and what is
 * wanted of them goes into a folder of the cache. Whatever happens, the cache holds the whole folder or none:
 * work is done in a temporary folder beside it, under a lock, and ends with one rename.
 *
 * @module
 */
import { join } from "node:path";
import { downloadWheel, findPip } from "./pip.ts";
import { fileSha256, unpackWheel } from "./unpack_wheel.ts";
import type { Wheel } from "./wheel.ts";

/** What a fetch is doing. */
export interface FetchProgress {
  /** `waiting`: another process is fetching the same. */
  readonly phase: "waiting" | "downloading" | "checking" | "unpacking" | "preparing";
  /** What is fetched: `tensorflow-cpu==2.21.0`. */
  readonly item: string;
  /** Downloaded so far; 0 in the other phases. */
  readonly bytes: number;
  /** The download's size, or null where it is not known. */
  readonly totalBytes: number | null;
}

/** How to fetch. */
export interface FetchOptions {
  /** The project's cache folder, absolute; made if absent. */
  readonly cache: string;
  /** Python interpreters to try for pip, names or paths, in order. */
  readonly pythons: readonly string[];
  /** Told a few times a second while a download runs. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  /**
   * Makes the folder that is kept from the unpacked wheels: `made` does not exist yet and lies beside them. Default: what
   * was unpacked is kept.
   */
  readonly make?: ((unpacked: string, made: string) => Promise<void>) | undefined;
}

/** How temporary folders begin; whoever holds the lock may remove all of them. */
const TEMPORARY = "fetching-";

/**
 * Fetches wheels into a folder of the cache, unless it is there or another process makes it first.
 *
 * @param wheels What to fetch; at least one.
 * @param name The folder's name in the cache.
 * @param options Where to, and with what.
 * @returns The folder.
 * @throws {Deno.errors.NotFound} If there is no pip.
 * @throws {Deno.errors.InvalidData} If a wheel is not the pinned one.
 * @throws {Error} If pip fails (its last lines are in the message) or the cache can't be written.
 */
export async function fetchWheels(
  wheels: readonly Wheel[],
  name: string,
  options: FetchOptions,
): Promise<string> {
  const folder = join(options.cache, name);
  const python = await findPip(options.pythons);
  try {
    await Deno.mkdir(options.cache, { recursive: true });
    using _lock = await lockCache(wheels[0], options);
    if (await exists(folder)) return folder;
    await sweep(options.cache);
    await makeFolder(wheels, python, folder, options);
    return folder;
  } catch (cause) {
    throw explained(cause, options.cache);
  }
}

async function lockCache(first: Wheel, options: FetchOptions): Promise<Deno.FsFile> {
  const file = await Deno.open(join(options.cache, "fetch.lock"), { write: true, create: true });
  if (await file.tryLock(true)) return file;
  tell(options, first, "waiting");
  await file.lock(true); // released with the file, or by the system when its process ends
  return file;
}

function tell(options: FetchOptions, wheel: Wheel, phase: FetchProgress["phase"], bytes = 0): void {
  options.onProgress?.({ phase, item: wheel.requirement, bytes, totalBytes: wheel.sizeBytes ?? null });
}

/** Removes what interrupted fetches left. Only for the holder of the lock. */
async function sweep(cache: string): Promise<void> {
  for await (const entry of Deno.readDir(cache)) {
    if (entry.name.startsWith(TEMPORARY)) await Deno.remove(join(cache, entry.name), { recursive: true });
  }
}

async function makeFolder(
  wheels: readonly Wheel[],
  python: string,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  const temporary = await Deno.makeTempDir({ dir: options.cache, prefix: TEMPORARY });
  const unpacked = join(temporary, "unpacked");
  try {
    for (const wheel of wheels) {
      const onBytes = (bytes: number): void => tell(options, wheel, "downloading", bytes);
      const path = await downloadWheel(wheel, python, temporary, onBytes);
      tell(options, wheel, "checking");
      await checkDigest(wheel, path);
      tell(options, wheel, "unpacking");
      await unpackWheel(path, wheel.entries, unpacked);
      await Deno.remove(path);
    }
    if (options.make !== undefined) tell(options, wheels[0], "preparing");
    const made = options.make === undefined ? unpacked : join(temporary, "made");
    await options.make?.(unpacked, made);
    await Deno.rename(made, folder);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function checkDigest(wheel: Wheel, path: string): Promise<void> {
  const sha256 = await fileSha256(path);
  if (sha256 === wheel.sha256) return;
  throw new Deno.errors.InvalidData(
    `Cannot use the wheel of ${wheel.requirement}: its SHA-256 is ${sha256}, wanted ${wheel.sha256}`,
  );
}

/** Errors of the file system name no way out; the others are told as they are. */
function explained(cause: unknown, cache: string): Error {
  if (!(cause instanceof Error)) return new Error(String(cause));
  const isFileSystem = "code" in cause && typeof cause.code === "string" && cause.code.startsWith("E");
  if (!isFileSystem && !(cause instanceof Deno.errors.NotCapable)) return cause;
  return new Error(`Cannot write to the cache folder ${cache}: ${cause.message}`, { cause });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
