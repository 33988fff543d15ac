/**
 * What a run's folder holds while a command works in it, and how the command is ended at some point.
 *
 * @module
 */
import { assert, fail } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { digests, filesBelow, type JobOutcome, type RunningJob, startJob } from "./job.ts";

/** Far more than a job takes: a test that hangs is to fail. */
const deadlineMs = 120_000;

/** Which command is run where. */
export interface Interruption {
  /** The command, e.g. `search`. */
  readonly command: string;
  /** Its flags but for `--run`. */
  readonly flags: readonly string[];
  /** The run's folder; created if need be. */
  readonly run: string;
  /** Looked at whenever a file of the run changes. */
  readonly when: () => boolean | Promise<boolean>;
  /** What is done to it; called once. */
  readonly end: (job: RunningJob) => void | Promise<void>;
}

/**
 * Runs a command until a condition holds, does something to it there, and gives what it left.
 *
 * @throws {Error} If the command ended before the condition held.
 */
export async function interrupted({ command, flags, run, when, end }: Interruption): Promise<JobOutcome> {
  await Deno.mkdir(run, { recursive: true });
  using watcher = Deno.watchFs(run);
  const job = startJob(command, [...flags, "--run", run]);
  const deadline = setTimeout(() => job.kill(), deadlineMs);
  let isOver = false;
  const ended = job.outcome.then((outcome) => {
    clearTimeout(deadline);
    if (!isOver) watcher.close(); // it got by the point
    return outcome;
  });
  let isEnded = false;
  for await (const _event of watcher) {
    if (!await when()) continue;
    isEnded = isOver = true;
    await end(job);
    break;
  }
  const outcome = await ended;
  assert(isEnded, `the job was not reached: ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome;
}

/** How many candidates a search has recorded. */
export function candidateCount(run: string): number {
  try {
    using database = new DatabaseSync(`${run}/search.sqlite`, { readOnly: true });
    return Number(database.prepare("SELECT count(*) AS count FROM candidates").get()!.count);
  } catch {
    return 0; // not there, or no table in it yet
  }
}

/** Every candidate, less how long it took. */
export function candidates(run: string): Record<string, unknown>[] {
  using database = new DatabaseSync(`${run}/search.sqlite`, { readOnly: true });
  return database.prepare("SELECT * FROM candidates ORDER BY strategy, generation, slot").all()
    .map(({ elapsedMs: _elapsedMs, ...rest }) => ({ ...rest }));
}

/** How far a stage is. */
export async function statusOf(run: string, stage: string): Promise<string> {
  return JSON.parse(await Deno.readTextFile(`${run}/stages.json`))[stage]?.status ?? "new";
}

/** Checkpoints, winners and looks at trainings: what must not depend on whether the job was stopped. */
export async function results(run: string): Promise<Record<string, string>> {
  const files = await filesBelow(run);
  const isResult = (name: string): boolean =>
    name.includes("/step-") || name === "winners.json" || /^detections\/(finetune|retrain)-/.test(name);
  return digests(new Map([...files].filter(([name]) => isResult(name))));
}

/** The process that holds a run. */
export async function coordinatorOf(run: string): Promise<number> {
  return Number(await Deno.readTextFile(`${run}/run.lock`));
}

/** The children of a process that run tasks/worker.ts, at least one. Linux only. */
export async function workersOf(parent: number): Promise<number[]> {
  const children = (await shell(`cat /proc/${parent}/task/*/children`)).trim().split(/\s+/);
  const workers: number[] = [];
  for (const child of children) {
    if ((await shell(`cat /proc/${child}/cmdline`)).includes("tasks/worker.ts")) workers.push(Number(child));
  }
  return workers.length > 0 ? workers : fail(`Cannot find a worker of process ${parent} among ${children}`);
}

/**
 * Waits until processes have ended; one that nobody has asked about yet (a zombie) has. Linux only.
 *
 * @returns Whether all have within the time.
 */
export async function areGone(pids: readonly number[], withinMs: number): Promise<boolean> {
  const alive = (pid: number): string => `grep -q '^State:[[:space:]]*[^XZ[:space:]]' /proc/${pid}/status`;
  const script = pids.map((pid) => `while ${alive(pid)}; do sleep 0.02; done`).join("; ");
  const waiting = new Deno.Command("sh", {
    args: ["-c", script],
    stderr: "null",
    signal: AbortSignal.timeout(withinMs),
  });
  return (await waiting.output()).success;
}

/** What a command of the shell prints. Deno itself reads nothing in /proc short of --allow-all. */
export async function shell(command: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", command], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
