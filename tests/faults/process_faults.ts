/**
 * Faults of processes: killed and stopped from outside, at a place that the run's files show.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RandomStream } from "../../lib/base/random.ts";
import { exists, type JobOutcome, type RunningJob } from "../helpers/job.ts";
import { areGone, candidateCount, coordinatorOf, interrupted, workersOf } from "../helpers/run_state.ts";
import {
  checkpointSteps,
  drawn,
  type FaultedJob,
  type FaultKind,
  type FaultOutcome,
  trainings,
  trainingSteps,
} from "./fault.ts";

/** Where in a job something is done. */
interface Moment {
  /** In words. */
  readonly words: string;
  readonly isThere: () => boolean | Promise<boolean>;
}

/** After a checkpoint that is not a training's last, so that the training is under way. */
function trainingMoment(run: string, random: RandomStream): Moment {
  const training = drawn(random, trainings);
  const step = checkpointSteps * (1 + random.integer(trainingSteps / checkpointSteps - 1));
  return {
    words: `after step ${step} of ${training}`,
    isThere: () => exists(`${run}/${training}/step-${step}`),
  };
}

/** As often in the search as in each of the trainings. */
function anyMoment(run: string, random: RandomStream): Moment {
  if (random.integer(4) > 0) return trainingMoment(run, random);
  const candidates = 1 + random.integer(6);
  return {
    words: `after candidate ${candidates} of the search`,
    isThere: () => candidateCount(run) >= candidates,
  };
}

/** Runs the job up to a moment, does something there, and waits for the command's end. */
async function disturb(
  { flags, run }: FaultedJob,
  moment: Moment,
  act: (job: RunningJob) => void | Promise<void>,
): Promise<JobOutcome> {
  return await interrupted({ command: "search", flags, run, when: moment.isThere, end: act });
}

/** A worker of a running job, drawn. */
async function drawnWorker(run: string, random: RandomStream): Promise<number> {
  return drawn(random, await workersOf(await coordinatorOf(run)));
}

/** All processes of a run: its command and its workers. */
async function processesOf(run: string): Promise<number[]> {
  const coordinator = await coordinatorOf(run);
  return [coordinator, ...await workersOf(coordinator)];
}

/** SIGKILL of a worker. The command goes on by itself. */
const killWorker: FaultKind = {
  name: "kill-worker",
  title: "SIGKILL of a worker",
  workers: 2,
  async inject(job, random): Promise<FaultOutcome> {
    const moment = anyMoment(job.run, random);
    const outcome = await disturb(job, moment, async () => {
      Deno.kill(await drawnWorker(job.run, random), "SIGKILL");
    });
    assertEquals([outcome.code, outcome.stderr], [0, ""], outcome.stdout);
    return { done: moment.words };
  },
};

/** SIGSTOP of a worker: only its silence tells. */
const stopWorker: FaultKind = {
  name: "stop-worker",
  title: "SIGSTOP of a worker",
  workers: 2,
  async inject(job, random): Promise<FaultOutcome> {
    const moment = trainingMoment(job.run, random);
    let noticedMs = 0;
    const outcome = await disturb(job, moment, async () => {
      const worker = await drawnWorker(job.run, random);
      Deno.kill(worker, "SIGSTOP");
      const start = performance.now();
      assert(await areGone([worker], 7000), "a stopped worker is not found within 7 s");
      noticedMs = performance.now() - start;
    });
    assertEquals([outcome.code, outcome.stderr], [0, ""], outcome.stdout);
    assertStringIncludes(outcome.stdout, "is started again: ");
    return { done: moment.words, noticedMs };
  },
};

/** SIGKILL of the command alone: its workers must go too. */
const killCoordinator: FaultKind = {
  name: "kill-coordinator",
  title: "SIGKILL of the coordinator",
  workers: 2,
  async inject(job, random): Promise<FaultOutcome> {
    const moment = anyMoment(job.run, random);
    let noticedMs = 0;
    await disturb(job, moment, async () => {
      const processes = await processesOf(job.run);
      Deno.kill(processes[0], "SIGKILL");
      const start = performance.now();
      assert(await areGone(processes, 2000), "workers outlive their coordinator by more than 2 s");
      noticedMs = performance.now() - start;
    });
    return { done: moment.words, noticedMs };
  },
};

/** SIGKILL of everything at once, as a power cut. */
const killGroup: FaultKind = {
  name: "kill-group",
  title: "SIGKILL of the whole process group",
  workers: 2,
  async inject(job, random): Promise<FaultOutcome> {
    const moment = anyMoment(job.run, random);
    await disturb(job, moment, (running) => running.kill());
    return { done: moment.words };
  },
};

/** SIGINT or SIGTERM: a clean stop. */
const stopCommand: FaultKind = {
  name: "stop-command",
  title: "SIGINT or SIGTERM",
  workers: 2,
  async inject(job, random): Promise<FaultOutcome> {
    const moment = anyMoment(job.run, random);
    const [signal, code] = drawn(random, [["SIGINT", 130], ["SIGTERM", 143]] as const);
    let sentAtMs = 0;
    const outcome = await disturb(job, moment, ({ pid }) => {
      sentAtMs = performance.now();
      Deno.kill(signal === "SIGINT" ? -pid : pid, signal);
    });
    const noticedMs = performance.now() - sentAtMs;
    assertEquals([outcome.code, outcome.stderr], [code, ""], outcome.stdout);
    assert(noticedMs < 10_000, `it took ${noticedMs} ms to stop`);
    assertStringIncludes(outcome.stdout, `stopped by ${signal}; go on with: deno task search `);
    return { done: `${signal} ${moment.words}`, noticedMs };
  },
};

/** Faults of whole processes. */
export const processFaults: readonly FaultKind[] = [
  killWorker,
  stopWorker,
  killCoordinator,
  killGroup,
  stopCommand,
];
