/**
 * Fetching libtensorflow: the user's own pip downloads TensorFlow's wheel, whose digest is pinned, and its
 * libraries are unpacked into the cache. Whatever happens, the cache holds a whole build or none: work is
 * done in a temporary folder beside it, under a lock, and ends with one rename.
 *
 * @module
 */
import { join } from "node:path";
import { withoutLibraryPath } from "../base/child_environment.ts";
import type { EngineBuild, Wheel } from "./platform.ts";
import { fileSha256, unpackWheel } from "./wheel.ts";

/** What a fetch is doing. */
export interface FetchProgress {
  /** `waiting`: another process is fetching the same. */
  readonly phase: "waiting" | "downloading" | "checking" | "unpacking";
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
}

/** How temporary folders begin; whoever holds the lock may remove all of them. */
const TEMPORARY = "fetching-";
/** Wheels for this Python exist for every build; any would do, and one is enough to pin. */
const PYTHON_VERSION = "3.11";
const PROGRESS_MS = 250;

/**
 * Where a build lies in the cache, fetched or not: a folder like Python's `site-packages`.
 *
 * @param build The build.
 * @param cache The project's cache folder.
 */
export function buildFolder(build: EngineBuild, cache: string): string {
  return join(cache, `libtensorflow-${build.version}-${build.device}`);
}

/**
 * Fetches a build into the cache, unless another process does so first.
 *
 * @param build What to fetch.
 * @param options Where to, and with what.
 * @returns The build's folder, see {@linkcode buildFolder}.
 * @throws {Deno.errors.NotFound} If there is no pip.
 * @throws {Deno.errors.InvalidData} If a wheel is not the pinned one.
 * @throws {Error} If pip fails (its last lines are in the message) or the cache can't be written.
 */
export async function fetchBuild(build: EngineBuild, options: FetchOptions): Promise<string> {
  const folder = buildFolder(build, options.cache);
  const python = await findPip(options.pythons);
  try {
    await Deno.mkdir(options.cache, { recursive: true });
    using _lock = await lockCache(build, options);
    if (await exists(folder)) return folder;
    await sweep(options.cache);
    await fetchWheels(build, python, folder, options);
    return folder;
  } catch (cause) {
    throw explained(cause, options.cache);
  }
}

async function lockCache(build: EngineBuild, options: FetchOptions): Promise<Deno.FsFile> {
  const file = await Deno.open(join(options.cache, "fetch.lock"), { write: true, create: true });
  if (await file.tryLock(true)) return file;
  const item = build.wheels[0].requirement;
  options.onProgress?.({ phase: "waiting", item, bytes: 0, totalBytes: null });
  await file.lock(true); // released with the file, or by the system when its process ends
  return file;
}

/** Removes what interrupted fetches left. Only for the holder of the lock. */
async function sweep(cache: string): Promise<void> {
  for await (const entry of Deno.readDir(cache)) {
    if (entry.name.startsWith(TEMPORARY)) await Deno.remove(join(cache, entry.name), { recursive: true });
  }
}

async function fetchWheels(
  build: EngineBuild,
  python: string,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  const temporary = await Deno.makeTempDir({ dir: options.cache, prefix: TEMPORARY });
  const unpacked = join(temporary, "unpacked");
  try {
    for (const wheel of build.wheels) {
      const tell = (phase: FetchProgress["phase"], bytes = 0): void =>
        options.onProgress?.({ phase, item: wheel.requirement, bytes, totalBytes: wheel.sizeBytes ?? null });
      const path = await download(wheel, python, temporary, (bytes) => tell("downloading", bytes));
      tell("checking");
      await checkDigest(wheel, path);
      tell("unpacking");
      await unpackWheel(path, wheel.entries, unpacked);
      await Deno.remove(path);
    }
    await Deno.rename(unpacked, folder);
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

/** Has pip download one wheel; returns its path. pip's own temporary files go beside it, to be swept with it. */
async function download(
  wheel: Wheel,
  python: string,
  temporary: string,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const folder = join(temporary, "wheels");
  const pipFolder = join(temporary, "pip");
  for (const path of [folder, pipFolder]) await Deno.mkdir(path, { recursive: true });
  let most = 0; // pip moves the wheel away at the end
  const measure = async (): Promise<void> => onBytes(most = Math.max(most, await largestBytes(pipFolder)));
  let count = Promise.resolve();
  const timer = setInterval(() => count = measure(), PROGRESS_MS);
  try {
    await runPip(python, wheel, folder, pipFolder);
  } finally {
    clearInterval(timer);
    await count;
  }
  for await (const entry of Deno.readDir(folder)) return join(folder, entry.name);
  throw new Error(`Cannot fetch ${wheel.requirement}: pip ended well but left no wheel`);
}

async function runPip(python: string, wheel: Wheel, folder: string, pipFolder: string): Promise<void> {
  const args = ["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"];
  args.push("--no-cache-dir"); // a second copy of the wheel, when what is needed of it is kept here
  args.push("--no-deps", "--only-binary=:all:", "--implementation=cp", `--python-version=${PYTHON_VERSION}`);
  args.push(`--platform=${wheel.platformTag}`, "--dest", folder, wheel.requirement);
  const command = new Deno.Command(python, {
    args,
    cwd: folder, // "-m" looks in the current folder first, and the user's may hold anything
    env: { ...withoutLibraryPath, TMPDIR: pipFolder, TEMP: pipFolder, TMP: pipFolder },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  const { success, code, stderr } = await command.output();
  if (success) return;
  throw new Error(
    `${python} ${args.slice(0, 3).join(" ")} ${wheel.requirement} ended with code ${code}: ${
      lastLines(stderr)
    }`,
  );
}

/** The first interpreter that has pip. */
async function findPip(pythons: readonly string[]): Promise<string> {
  const reasons: string[] = [];
  for (const python of pythons) {
    const reason = await whyNoPip(python);
    if (reason === null) return python;
    reasons.push(`${python}: ${reason}`);
  }
  throw new Deno.errors.NotFound(`no Python with pip (${reasons.join("; ")})`);
}

async function whyNoPip(python: string): Promise<string | null> {
  try {
    const command = new Deno.Command(python, {
      args: ["-m", "pip", "--version"],
      env: withoutLibraryPath,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    });
    const { success, stderr } = await command.output();
    return success ? null : lastLines(stderr);
  } catch (error) {
    return commandError(error);
  }
}

/**
 * Why a program could not be started, in a few words.
 *
 * @param error What `Deno.Command` threw.
 * @throws The error itself if it is of another kind.
 */
export function commandError(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such program";
  if (error instanceof Deno.errors.NotCapable) return "not allowed to run it (--allow-run)";
  if (error instanceof Deno.errors.PermissionDenied) return "not executable";
  throw error;
}

function lastLines(bytes: Uint8Array): string {
  const lines = new TextDecoder().decode(bytes).trim().split("\n");
  return lines.slice(-3).join(" | ") || "it said nothing";
}

/** Errors of the file system name no way out; the others are told as they are. */
function explained(cause: unknown, cache: string): Error {
  if (!(cause instanceof Error)) return new Error(String(cause));
  const isFileSystem = "code" in cause && typeof cause.code === "string" && cause.code.startsWith("E");
  if (!isFileSystem && !(cause instanceof Deno.errors.NotCapable)) return cause;
  return new Error(`Cannot write to the cache folder ${cache}: ${cause.message}`, { cause });
}

/** The size of the largest file below a folder: the wheel that pip is writing there, under a name of its own. */
async function largestBytes(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      bytes = Math.max(bytes, entry.isDirectory ? await largestBytes(path) : (await Deno.lstat(path)).size);
    }
  } catch (error) { // pip moves and removes its files while they are measured
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return bytes;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
