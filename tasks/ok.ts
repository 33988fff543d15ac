/**
 * `deno task ok`: the gate before a commit. Formatting, lint, types, doc comments, layers and the tests, in this order, quick
 * ones first; all are run, and what failed is named at the end.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { runTask } from "./run_task.ts";
import { runTests } from "./test.ts";

/** Folders whose exports are documented one and all. */
const sourceFolders = ["lib", "tasks"];

/** The command. */
export async function main(): Promise<void> {
  const checks: [name: string, check: () => Promise<boolean>][] = [
    ["formatting", () => deno("fmt", "--check")],
    ["lint", () => deno("lint")],
    ["types", () => deno("check", "--quiet", "mod.ts", "lib", "tasks", "tests", "bench", "examples")],
    ["public doc comments", () => deno("doc", "--lint", "mod.ts")],
    ["doc comments of all entry points", entryDocComments],
    ["inner doc comments", innerDocComments],
    ["layers", () => deno("test", "--quiet", "--allow-read", "tests/layers_test.ts")],
    ["tests", () => runTests([])],
  ];
  const failed: string[] = [];
  for (const [name, check] of checks) {
    console.log(`\n=== ${name}`);
    if (!await check()) failed.push(name);
  }
  if (failed.length > 0) throw new Error(`The gate is closed, failed: ${failed.join(", ")}`);
  console.log("\nThe gate is open: all is well");
}

async function deno(...args: string[]): Promise<boolean> {
  return (await new Deno.Command(Deno.execPath(), { args }).spawn().status).success;
}

/**
 * Every exported symbol has a doc comment. Of `deno doc --lint`'s rules only this one fits: tfjs's and zod's types are
 * "private" to it, and a field may speak for itself.
 */
async function innerDocComments(): Promise<boolean> {
  const files = (await Promise.all(sourceFolders.map(typescriptFiles))).flat();
  return areDocumented(undocumentedSymbols(await docLint(files)));
}

/** What another project can import is documented down to fields and methods. */
async function entryDocComments(): Promise<boolean> {
  return areDocumented(undocumentedPlaces(await docLint(Object.values(config.exports))));
}

function areDocumented(undocumented: readonly string[]): boolean {
  for (const place of undocumented) console.error(`${place}: no doc comment`);
  return undocumented.length === 0;
}

/** What `deno doc --lint` complains of. */
async function docLint(files: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...files],
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  });
  return new TextDecoder().decode((await command.output()).stderr);
}

/** As {@linkcode undocumentedSymbols}, fields and methods among them. */
export function undocumentedPlaces(output: string): string[] {
  return [...output.matchAll(/^error\[missing-jsdoc\].*\n\s*--> (.*)$/gm)].map((match) => match[1]);
}

/**
 * Picks exported symbols without a doc comment from what `deno doc --lint` writes: a place, and two lines on the source
 * line that it points at. That of a field or method does not begin with `export`.
 *
 * @param output Without colours.
 * @returns Places, `FILE:LINE:COLUMN`.
 */
export function undocumentedSymbols(output: string): string[] {
  const pattern = /^error\[missing-jsdoc\].*\n\s*--> (.*)\n.*\n\s*\d+ \| export /gm;
  return [...output.matchAll(pattern)].map((match) => match[1]);
}

async function typescriptFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) files.push(...await typescriptFiles(path));
    else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) files.push(path);
  }
  return files.sort();
}

if (import.meta.main) await runTask(main);
