/**
 * `deno task test [ARGUMENTS]`: fetches the engine and builds the kernels if need be, and runs `deno test` with the permissions that the tests need;
 * arguments are `deno test`'s, e.g. a file or `--filter NAME`. The last line is `N passed, N failed`. Files are tested some
 * at once, as many as `DENO_JOBS` says. With `DETNAS_TEST_DEVICE=gpu` the engine's tests run on a GPU.
 *
 * @module
 */
import { type EngineLibrary, ensureLibrary } from "../lib/engine/library.ts";
import { progressLine } from "./engine.ts";
import { runTask } from "./run_task.ts";
import { ensureTestKernels } from "./test_kernels.ts";
import { ensureTestPackages } from "./test_packages.ts";

/** FFI for the engine, run and sys for the commands that the tests start, this machine alone for the dashboard. */
const permissions = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
  "--allow-ffi",
  "--allow-net=127.0.0.1",
];

/** Of two files one often waits for a process; more than a few would have the timed tests wait for processors. */
const filesAtOnce = Math.min(navigator.hardwareConcurrency, 4);

/** How many tests ended which way. */
export interface TestCounts {
  /** Those that held. */
  readonly passed: number;
  /** Those that did not; a test file that could not be loaded counts as one. */
  readonly failed: number;
  /** Those that were not run. */
  readonly skipped: number;
}

/** The command. */
export async function main(args: string[]): Promise<void> {
  if (!await runTests(args)) Deno.exit(1); // the tests have said why
}

/**
 * Runs the tests and prints their output, and the counts as the last line.
 *
 * @param args `deno test`'s.
 * @returns Whether all went well.
 */
export async function runTests(args: string[]): Promise<boolean> {
  const [library] = await Promise.all([fetchEngine(), ensureTestPackages(), ensureTestKernels()]);
  const { code, tail } = await runShowing(
    ["test", ...permissions, "--parallel", "--sanitize-ops", "--sanitize-resources", ...args],
    { DETNAS_LIBTENSORFLOW: library.path, DENO_JOBS: Deno.env.get("DENO_JOBS") ?? String(filesAtOnce) },
  );

  // A run without a summary, or with a bad end after a good one, has failed all the same
  const counts = testCounts(tail) ?? { passed: 0, failed: 0, skipped: 0 };
  const failed = code === 0 ? counts.failed : Math.max(1, counts.failed);
  console.log(countsText({ ...counts, failed }));
  return failed === 0;
}

/**
 * Reads the summary of `deno test`: `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`.
 *
 * @param output The end of what it printed.
 * @returns The last summary's counts, or null if there is none.
 */
export function testCounts(output: string): TestCounts | null {
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const summary = plain.match(/^(?:ok|FAILED) \| \d+ passed.*$/gm)?.at(-1);
  if (summary === undefined) return null;
  const count = (what: string): number => Number(summary.match(new RegExp(`(\\d+) ${what}`))?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
}

/** `12 passed, 0 failed`, and what was skipped, if anything was. */
export function countsText({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

async function fetchEngine(): Promise<EngineLibrary> {
  const fetching = progressLine();
  const device = Deno.env.get("DETNAS_TEST_DEVICE") === "gpu" ? "gpu" : "cpu";
  const library = await ensureLibrary({ device, onProgress: fetching.show });
  fetching.end();
  return library;
}

/** More than a summary's length. */
const tailCharacters = 4096;

/** Runs Deno, shows its output as it comes, and keeps the end of it. */
async function runShowing(
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; tail: string }> {
  const colour: Record<string, string> = Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : {};
  const child = new Deno.Command(Deno.execPath(), { args, env: { ...env, ...colour }, stdout: "piped" })
    .spawn();
  const decoder = new TextDecoder();
  let tail = "";
  for await (const bytes of child.stdout) {
    await showAll(bytes);
    tail = (tail + decoder.decode(bytes, { stream: true })).slice(-tailCharacters);
  }
  return { code: (await child.status).code, tail };
}

async function showAll(bytes: Uint8Array): Promise<void> {
  for (let shown = 0; shown < bytes.length;) shown += await Deno.stdout.write(bytes.subarray(shown));
}

if (import.meta.main) await runTask(main);
