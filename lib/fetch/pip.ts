/**
 * The user's own pip: which Python has it, and downloading with it.
 *
 * @module
 */
import { join } from "node:path";
import { withoutLibraryPath } from "../base/child_environment.ts";
import type { Wheel } from "./wheel.ts";

/** Wheels for this Python exist for every build; any would do, and one is enough to pin. */
const PYTHON_VERSION = "3.11";
const PROGRESS_MS = 250;

/**
 * Has pip download one wheel. pip's own temporary files go beside it, to be swept with it.
 *
 * @param wheel Which one; its digest is not looked at.
 * @param python An interpreter that has pip, see {@linkcode findPip}.
 * @param temporary An existing folder; the wheel goes below it.
 * @param onBytes Told a few times a second how much has arrived.
 * @returns The wheel's path.
 * @throws {Error} If pip fails; its last lines are in the message.
 */
export async function downloadWheel(
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

/**
 * The first interpreter that has pip.
 *
 * @param pythons Names or paths to try, in order.
 * @throws {Deno.errors.NotFound} If none has; the message has each one's reason.
 */
export async function findPip(pythons: readonly string[]): Promise<string> {
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
