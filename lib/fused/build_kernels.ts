/**
 * Builds the kernels with the machine's own C++ compiler, once: they are kept by what they were made of.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { withoutLibraryPath } from "../base/child_environment.ts";
import { isFile } from "../base/is_file.ts";

/** Kernels, built. */
export interface KernelBuild {
  /** Absolute path, for `dlopen`. */
  readonly path: string;
  /** What they are, e.g. `fused avx2 0123456789ab`: part of what a result depends on. */
  readonly name: string;
}

/** How to build. */
export interface BuildOptions {
  /** Where builds are kept. */
  readonly cache: string;
  /** Compilers to try, names or paths; default `c++`, `g++`. */
  readonly compilers?: readonly string[];
  /** For which instructions; default the best that this processor has. */
  readonly instructions?: Instructions;
  /** Told before a compiler runs for its seconds. */
  readonly onBuild?: (compiler: string) => void;
}

/** Instruction sets that the kernels can be compiled for. */
export type Instructions = "avx512" | "avx2" | "portable";

const instructionFlags: Readonly<Record<Instructions, readonly string[]>> = {
  avx512: ["-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mfma", "-mprefer-vector-width=512"],
  avx2: ["-mavx2", "-mfma"],
  portable: [],
};

const flags = ["-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared"];
const linkFlags = ["-fvisibility=hidden", "-pthread"];
const sourceFolder = new URL("./native/", import.meta.url);
const mainSource = "fused.cc";

/**
 * Finds the build in the cache, or makes it, in some seconds.
 *
 * @param options Where to keep it, and how to build.
 * @returns Its path and name; it stays in the cache.
 * @throws {Deno.errors.NotFound} If no compiler can be run; the message lists what was tried.
 * @throws {Error} If the compiler fails; the message ends with its last lines.
 */
export async function buildKernels(options: BuildOptions): Promise<KernelBuild> {
  const compiler = await findCompiler(options.compilers ?? ["c++", "g++"]);
  const instructions = options.instructions ?? await ownInstructions(compiler.command);
  const sources = await readSources();
  const used = [...flags, ...instructionFlags[instructions], ...linkFlags];
  const digest = sha256([compiler.version, used.join(" "), ...sources.flat()]).slice(0, 12);
  const name = `fused ${instructions} ${digest}`;
  const path = join(options.cache, `kernels-${instructions}-${digest}.so`);
  if (!await isFile(path)) {
    options.onBuild?.(compiler.command);
    await compile(compiler.command, used, options.cache, path);
  }
  return { path, name };
}

/** Compiles beside the cache's files and moves the result into place, so that no half a library is ever loaded. */
async function compile(
  compiler: string,
  used: readonly string[],
  cache: string,
  path: string,
): Promise<void> {
  await Deno.mkdir(cache, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: cache, prefix: "building-" });
  try {
    const result = join(folder, "kernels.so");
    const source = new URL(mainSource, sourceFolder);
    const { success, code, stderr } = await run(compiler, [...used, source.pathname, "-o", result]);
    if (!success) throw new Error(`${compiler} ended with code ${code}: ${lastLines(stderr)}`);
    await Deno.rename(result, path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function findCompiler(compilers: readonly string[]): Promise<{ command: string; version: string }> {
  const tried: string[] = [];
  for (const command of compilers) {
    try {
      const { success, stdout, stderr } = await run(command, ["--version"]);
      if (success) return { command, version: new TextDecoder().decode(stdout) };
      tried.push(`${command}: ${lastLines(stderr)}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
      tried.push(`${command}: ${error instanceof Deno.errors.NotFound ? "not found" : error.message}`);
    }
  }
  throw new Deno.errors.NotFound(`no C++ compiler (${tried.join("; ")})`);
}

/** What the compiler would use for the processor that it runs on. */
async function ownInstructions(compiler: string): Promise<Instructions> {
  const { success, stdout } = await run(compiler, ["-march=native", "-dM", "-E", "-x", "c++", "/dev/null"]);
  const macros = success ? new TextDecoder().decode(stdout) : "";
  const has = (name: string): boolean => macros.includes(`#define __${name}__ `);
  if (["AVX512F", "AVX512DQ", "AVX512VL", "AVX512BW"].every(has)) return "avx512";
  return has("AVX2") && has("FMA") ? "avx2" : "portable";
}

/** Names and texts of all that the kernels are made of, in order of their names. */
async function readSources(): Promise<[name: string, text: string][]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(sourceFolder)) names.push(name);
  return await Promise.all(
    names.sort().map(async (name): Promise<[string, string]> => [
      name,
      await Deno.readTextFile(new URL(name, sourceFolder)),
    ]),
  );
}

async function run(command: string, args: string[]): Promise<Deno.CommandOutput> {
  return await new Deno.Command(command, {
    args,
    env: withoutLibraryPath,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
}

function lastLines(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim().split("\n").slice(-5).join("\n");
}

function sha256(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex");
}
