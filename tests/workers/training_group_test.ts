/** Which error a group gives, and whom it ends; groups of real processes are in tests/tasks/group_test.ts. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { TrainingGroup } from "../../lib/workers/training_group.ts";
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { maxDeaths, WorkerSlot } from "../../lib/workers/worker_slot.ts";
import { plainProcess } from "../helpers/plain_worker.ts";
import { VirtualTime } from "../helpers/virtual_time.ts";

interface Setting {
  readonly group: TrainingGroup;
  readonly time: VirtualTime;
  /** Starts and ends of processes, by rank. */
  readonly log: string[];
  readonly stop: AbortController;
}

/** A group of processes that answer with these calls, by rank; followers follow until they are let go. */
function groupOf(calls: readonly Partial<WorkerApi>[]): Setting {
  const time = new VirtualTime();
  const log: string[] = [];
  const stop = new AbortController();
  let dismiss = (): void => {};
  const follow = (): Promise<void> => new Promise((resolve) => dismiss = resolve);
  const slots = calls.map((own, rank) => {
    const start = () => {
      log.push(`${rank} starts`);
      return {
        ...plainProcess({ ...(rank > 0 ? { follow } : {}), ...own }),
        [Symbol.asyncDispose]: () => {
          log.push(`${rank} ends`);
          if (rank === 0) dismiss();
          return Promise.resolve();
        },
      };
    };
    return new WorkerSlot({ name: `worker ${rank + 1}`, start, timers: time, signal: stop.signal });
  });
  return { group: new TrainingGroup(slots, time, stop.signal), time, log, stop };
}

/** An error as TensorFlow gives it where another worker is not there any more. */
function echo(message = "Collective ops is aborted by: Connection reset by peer"): Error {
  return Object.assign(new Error(`TensorFlow cannot run CollectiveReduceV2: ${message}`), {
    name: "TensorFlowError",
  });
}

const saves = (group: TrainingGroup): Promise<void> => group.call((worker) => worker.saveTraining());

Deno.test("the first worker of a group answers, and the others end after it", async () => {
  const { group, time, log } = groupOf([{ validate: () => Promise.resolve(0.5) }, {}, {}]);
  assertEquals(await time.run(group.call((worker) => worker.validate())), 0.5);
  assertEquals(await time.run(group.finish((worker) => worker.validate())), 0.5);
  await time.run(group.end());
  assertEquals(log.slice(0, 3).toSorted(), ["0 starts", "1 starts", "2 starts"]);
  assertEquals(log[3], "0 ends");
  assertEquals(log.slice(4).toSorted(), ["1 ends", "2 ends"]);
});

Deno.test("a group that has lost a worker gives the loss, not its echo, and starts all again", async () => {
  const lost = { follow: () => Promise.reject(new WorkerError("The worker process ended with SIGKILL")) };
  const { group, time, log } = groupOf([{ saveTraining: () => Promise.reject(echo()) }, lost]);
  const error = await assertRejects(() => time.run(saves(group)), WorkerError);
  assertEquals(error.message, "The worker process ended with SIGKILL");
  assert(group.isOpen);
  await assertRejects(() => time.run(saves(group)), WorkerError);
  assertEquals(log.filter((line) => line.endsWith("starts")).toSorted(), [
    "0 starts",
    "0 starts",
    "1 starts",
    "1 starts",
  ]);
});

Deno.test("what a worker other than the first has thrown is the group's error", async () => {
  const torn = { follow: () => Promise.reject(new RangeError("Cannot decode image 7: it is torn")) };
  const first = {
    saveTraining: () => Promise.reject(echo("worker 1 left: Cannot decode image 7: it is torn")),
  };
  const { group, time } = groupOf([first, torn]);
  await assertRejects(() => time.run(saves(group)), RangeError, "Cannot decode image 7");
});

Deno.test("what happened on another machine is told by its words, or as a loss", async () => {
  const says = (message: string): Setting => groupOf([{ saveTraining: () => Promise.reject(echo(message)) }]);
  const left = says("Collective ops is aborted by: worker 2 left: Cannot read b.jpg: it is empty");
  const error = await assertRejects(() => left.time.run(saves(left.group)), Error);
  assertEquals(error.message, "Cannot go on as worker 2 left: Cannot read b.jpg: it is empty");
  assert(!(error instanceof WorkerError), "another try would end the same way");
  const lost = says("/job:worker/replica:0/task:1 stopped sending heartbeats");
  await assertRejects(() => lost.time.run(saves(lost.group)), WorkerError, "stopped sending heartbeats");
});

Deno.test("a group whose workers are lost over and over is closed, unless it gets on between", async () => {
  const { group, time } = groupOf([{ saveTraining: () => Promise.reject(new WorkerError("gone")) }, {}]);
  for (let i = 1; i < maxDeaths; i++) await assertRejects(() => time.run(saves(group)), WorkerError);
  group.succeeded();
  for (let i = 1; i < maxDeaths; i++) await assertRejects(() => time.run(saves(group)), WorkerError);
  assert(group.isOpen);
  await assertRejects(() => time.run(saves(group)), WorkerError);
  assert(!group.isOpen);
});

Deno.test("a job that is to stop gets the reason at once, and the workers are left as they are", async () => {
  const { group, time, stop, log } = groupOf([{ saveTraining: () => new Promise(() => {}) }, {}]);
  const saving = saves(group);
  const reason = new Error("stopped by SIGINT");
  stop.abort(reason);
  const [{ status, reason: found }] = await time.run(Promise.allSettled([saving])) as PromiseRejectedResult[];
  assertEquals([status, found], ["rejected", reason]);
  assertInstanceOf(found, Error);
  assertEquals(log.filter((line) => line.endsWith("ends")), []);
});

Deno.test("a group that is killed while it works throws why", async () => {
  const { group, time } = groupOf([{ saveTraining: () => new Promise(() => {}) }, {}]);
  const saving = group.finish((worker) => worker.saveTraining());
  saving.catch(() => {});
  await Promise.resolve();
  group.kill("took too long");
  await assertRejects(
    () => time.run(saving),
    WorkerError,
    "The worker process was ended as it took too long",
  );
});
