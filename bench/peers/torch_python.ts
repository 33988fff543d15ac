/**
 * A Python with PyTorch: the user's own, or one in the project's cache that pip fills from PyPI.
 *
 * @module
 */
import { join } from "node:path";
import { cacheFolder } from "../../lib/engine/platform.ts";

/** What the stored ratios were measured against; torchvision is for the detectors' RoIAlign and suppression. */
export const torchRequirements = ["torch==2.15.0", "torchvision==0.29.2"];

/**
 * Finds a Python that can import torch; sets one up in the cache if there is none yet.
 *
 * @param named The user's own Python; null takes the cache's.
 * @param onProgress Told what takes long.
 * @throws {Error} If the named one can't import torch, or none can be set up; the message says what to do.
 */
export async function torchPython(named: string | null, onProgress: (text: string) => void): Promise<string> {
  if (named !== null) return await requireTorch(named);
  const folder = cacheFolderOfTorch();
  const python = pythonOf(folder);
  if (await whyNot(python) === null) return python;
  onProgress(`fetching ${torchRequirements.join(" and ")} from PyPI into ${folder} (several GB on Linux)`);
  await run("python3", ["-m", "venv", folder]);
  await run(python, ["-m", "pip", "install", "--quiet", "--only-binary=:all:", ...torchRequirements]);
  return await requireTorch(python);
}

/**
 * Finds a Python that can import torch, and sets none up.
 *
 * @throws {Error} If there is none; the message says what to do.
 */
export async function installedTorchPython(named: string | null): Promise<string> {
  if (named !== null) return await requireTorch(named);
  const python = pythonOf(cacheFolderOfTorch());
  const reason = await whyNot(python);
  if (reason === null) return python;
  throw new Error(
    `Cannot compare with PyTorch as the cache has none (${python}: ${reason}): run "deno task bench:peers" once, ` +
      `which fetches it, or name a Python that has ${torchRequirements.join(" and ")} with --python`,
  );
}

function cacheFolderOfTorch(): string {
  const cache = cacheFolder(Deno.env);
  if (cache !== null) return join(cache, torchRequirements[0].replace("==", "-"));
  throw new Error("Cannot look for PyTorch as no cache folder is known: set DETNAS_CACHE, or use --python");
}

function pythonOf(folder: string): string {
  return Deno.build.os === "windows" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
}

async function requireTorch(python: string): Promise<string> {
  const reason = await whyNot(python);
  if (reason === null) return python;
  throw new Error(
    `Cannot compare with PyTorch as ${python} has none (${reason}): ` +
      `${python} -m pip install ${torchRequirements.join(" ")}`,
  );
}

async function whyNot(python: string): Promise<string | null> {
  return await outcome(python, ["-c", "import torch, torchvision"]);
}

async function run(command: string, args: string[]): Promise<void> {
  const reason = await outcome(command, args);
  if (reason === null) return;
  throw new Error(
    `Cannot set PyTorch up as ${command} ${args.join(" ")} failed (${reason}): ` +
      "install it yourself and name its Python with --python",
  );
}

/** Null if the command succeeds, else why not. */
async function outcome(command: string, args: string[]): Promise<string | null> {
  try {
    const { success, stderr } = await new Deno.Command(command, { args, stdin: "null", stdout: "null" })
      .output();
    return success ? null : new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no such program";
    throw error;
  }
}
