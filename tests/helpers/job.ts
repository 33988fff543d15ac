/**
 * The real commands as child processes, each in a process group of its own, so that a test can end a coordinator and
 * its worker at once.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** The repository's root. */
export const root = new URL("../../", import.meta.url);

/** What a command left behind. */
export interface JobOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface RunningJob {
  /** Of `deno task`, and of the process group. */
  readonly pid: number;
  readonly outcome: Promise<JobOutcome>;
  /** Ends `deno task`, the coordinator and the worker at once, as a power cut would. */
  kill(): void;
}

/**
 * Starts `deno task NAME`.
 *
 * @param environment Added to this process's.
 */
export function startJob(
  name: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): RunningJob {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", name, ...args],
    cwd: root,
    env: { NO_COLOR: "1", ...environment },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  return {
    pid: child.pid,
    outcome: child.output().then(({ code, stdout, stderr }) => ({
      code,
      stdout: text(stdout),
      stderr: text(stderr),
    })),
    kill: () => Deno.kill(-child.pid, "SIGKILL"),
  };
}

/** Runs `deno task NAME` to its end. */
export async function runJob(
  name: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<JobOutcome> {
  return await startJob(name, args, environment).outcome;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Gives a test a new folder, and removes it. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "detnas_job_" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Every file below a folder, by path from it, in order. */
export async function filesBelow(folder: string, prefix = ""): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const entries = (await Array.fromAsync(Deno.readDir(`${folder}/${prefix}`))).sort((a, b) =>
    a.name < b.name ? -1 : 1
  );
  for (const { name, isDirectory } of entries) {
    const path = `${prefix}${name}`;
    if (!isDirectory) files.set(path, await Deno.readFile(`${folder}/${path}`));
    else for (const entry of await filesBelow(folder, `${path}/`)) files.set(...entry);
  }
  return files;
}

/** The SHA-256 of each file: what is compared, as a difference between megabytes can't be read anyway. */
export function digests(files: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  return Object.fromEntries([...files].map(([name, bytes]) => [name, digest(bytes)]));
}

/** Whether there is a file or folder. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
