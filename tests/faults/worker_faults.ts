/**
 * Faults inside of a worker: a step that fails on one of two workers, a worker that ends within a checkpoint, a candidate
 * that ends every worker.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { RandomStream } from "../../lib/base/random.ts";
import { type JobOutcome, root } from "../helpers/job.ts";
import { candidates } from "../helpers/run_state.ts";
import {
  drawn,
  type FaultedJob,
  type FaultKind,
  type FaultOutcome,
  trainings,
  trainingSteps,
} from "./fault.ts";
import type { WorkerFault } from "./worker_fault.ts";

/** Far more than a job takes: one that hangs is to fail. */
const deadlineMs = 180_000;

/** Runs `deno task search` with its own permissions, with a fault in one of its workers. */
export async function runWith(fault: WorkerFault, { flags, run }: FaultedJob): Promise<JobOutcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...await searchArguments(), ...flags, "--run", run],
    cwd: root,
    env: { NO_COLOR: "1", DETNAS_FAULT: JSON.stringify(fault) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(deadlineMs),
  });
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The arguments of the task's `deno run`, with the preload among them. */
async function searchArguments(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const command: string = tasks.search.command.replace(/\$\(.*\)/, Deno.execPath());
  const [, run, ...args] = command.split(" ");
  return [run, `--preload=${new URL("preload.ts", import.meta.url).href}`, ...args];
}

/** Where and in which worker a step is disturbed. */
function drawnStep(random: RandomStream): { training: string; step: number; rank: number } {
  return { training: drawn(random, trainings), step: random.integer(trainingSteps), rank: random.integer(2) };
}

/** A fault of one worker's step, after which the command ends with the reason. */
function stepFault(kind: "throw" | "nan" | "corrupt", title: string, reason: RegExp): FaultKind {
  return {
    name: kind,
    title,
    workers: 2,
    async inject(job, random): Promise<FaultOutcome> {
      const place = drawnStep(random);
      const { code, stdout, stderr } = await runWith({ kind, run: job.run, ...place }, job);
      assertEquals(code, 1, stdout);
      assertMatch(stderr, reason);
      return { done: `worker ${place.rank + 1}, step ${place.step + 1} of ${place.training}` };
    },
  };
}

/** One worker's tensor is longer than the others': nothing is added, and the workers start again. */
const wrongShape: FaultKind = {
  name: "shape",
  title: "a tensor of another shape on one worker",
  workers: 2,
  async inject(job, random): Promise<FaultOutcome> {
    const place = drawnStep(random);
    const { code, stdout, stderr } = await runWith({ kind: "shape", run: job.run, ...place }, job);
    assertEquals([code, stderr], [0, ""], stdout);
    assertMatch(stdout, /is started again: .*Shape mismatch/);
    return { done: `worker ${place.rank + 1}, step ${place.step + 1} of ${place.training}` };
  },
};

/** SIGKILL at any call of the file system with which a checkpoint is written. */
const checkpointCall: FaultKind = {
  name: "checkpoint-call",
  title: "SIGKILL at a system call of a checkpoint",
  workers: 1,
  async inject(job, random): Promise<FaultOutcome> {
    const [training, call] = [drawn(random, trainings), 1 + random.integer(callsOfTraining)];
    const outcome = await runWith({ kind: "checkpoint-call", run: job.run, rank: 0, training, call }, job);
    assertEquals([outcome.code, outcome.stderr], [0, ""], outcome.stdout);
    assertStringIncludes(outcome.stdout, "is started again: The worker process ended with SIGKILL");
    return { done: `call ${call} of ${training}` };
  },
};

/** A training makes more: folders, files, chunks of tensors, syncs and renames of three checkpoints. */
const callsOfTraining = 30;

/** A candidate that takes every worker's memory. */
const fatalCandidate: FaultKind = {
  name: "fatal-candidate",
  title: "a candidate that ends every worker (out of memory)",
  workers: 1,
  async inject(job, random): Promise<FaultOutcome> {
    const choices = drawnCandidate(job.quiet, random);
    const outcome = await runWith({ kind: "fatal-candidate", run: job.run, rank: 0, choices }, job);
    assertEquals([outcome.code, outcome.stderr], [0, ""], outcome.stdout);
    return { done: `candidate ${choices}` };
  },
  check({ run, quiet }): void {
    const first = (dir: string): Record<string, unknown>[] =>
      candidates(dir).filter(({ generation }) => generation === 0);
    const failed = first(run).filter(({ status }) => status === "failed");
    assertEquals(new Set(failed.map(({ choices }) => choices)).size, 1);
    for (const { reason } of failed) {
      assertMatch(String(reason), /^3 workers ended while they scored it\. The last: .*SIGKILL/);
    }
    const others = (dir: string): Record<string, unknown>[] =>
      first(dir).filter(({ choices }) => choices !== failed[0].choices);
    assertEquals(others(run), others(quiet));
  },
};

/** A scored candidate of the first generation but its first: the first that a worker scores proves the worker, not itself. */
function drawnCandidate(quiet: string, random: RandomStream): string {
  const scored = candidates(quiet).filter(({ generation, slot }) => generation === 0 && Number(slot) > 0);
  return String(drawn(random, scored).choices).replaceAll("|", "").split("").join();
}

/** Faults inside of workers. */
export const workerFaults: readonly FaultKind[] = [
  stepFault("throw", "an exception on one worker", /Cannot go on: a fault was injected/),
  stepFault("nan", "a NaN on one worker", /Cannot go on with \w+ as the loss of step \d+ is NaN/),
  stepFault("corrupt", "a corrupt batch on one worker", /Cannot decode image 7\.jpg/),
  wrongShape,
  checkpointCall,
  fatalCandidate,
];
