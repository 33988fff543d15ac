import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type RemoteWorker,
  startWorker,
  WorkerError,
  type WorkerProcess,
} from "../../lib/workers/worker_process.ts";
import { maxDeaths, WorkerSlot } from "../../lib/workers/worker_slot.ts";
import { plainProcess } from "../helpers/plain_worker.ts";
import { areGone } from "../helpers/run_state.ts";
import { VirtualTime } from "../helpers/virtual_time.ts";
import { oddWorkerOptions } from "./odd_worker_options.ts";

/** A slot whose processes answer with their number, counted from 1, or die. */
function slotOf(dies: (process: number) => boolean, signal = new AbortController().signal): {
  slot: WorkerSlot;
  time: VirtualTime;
  /** When processes were started. */
  startsMs: number[];
  /** How many are left. */
  running: Set<number>;
} {
  const time = new VirtualTime();
  const startsMs: number[] = [];
  const running = new Set<number>();
  const start = (): WorkerProcess => {
    const number = startsMs.push(time.nowMs());
    running.add(number);
    const answer = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (dies(number)) throw new WorkerError(`The worker process ended, number ${number}`);
      return number;
    };
    return {
      ...plainProcess({ score: answer }),
      [Symbol.asyncDispose]: () => Promise.resolve(void running.delete(number)),
    };
  };
  return { slot: new WorkerSlot({ name: "worker 1", start, timers: time, signal }), time, startsMs, running };
}

const score = (worker: RemoteWorker): Promise<number> => worker.score([]);

Deno.test("a slot starts its process at the first call, and keeps it", async () => {
  const { slot, time, startsMs, running } = slotOf(() => false);
  assertEquals(startsMs, []);
  assertEquals(await time.run(Promise.all([slot.call(score), slot.call(score)])), [1, 1]);
  assertEquals([await time.run(slot.call(score)), startsMs.length], [1, 1]);
  await slot[Symbol.asyncDispose]();
  assertEquals(running.size, 0);
});

Deno.test("a process that ended is started again by the next call, after pauses that double", async () => {
  const { slot, time, startsMs, running } = slotOf(() => true);
  for (let death = 1; death <= maxDeaths; death++) {
    await assertRejects(() => time.run(slot.call(score)), WorkerError, `number ${death}`);
    assertEquals([slot.deaths, slot.isOpen, running.size], [death, death < maxDeaths, 0]);
  }
  assertEquals(startsMs, [0, 500, 1500, 3500, 7500]);
});

Deno.test("a slot whose processes ended five times in a row is closed, and says what happened", async () => {
  const { slot, time, startsMs } = slotOf(() => true);
  for (let death = 1; death <= maxDeaths; death++) await assertRejects(() => time.run(slot.call(score)));
  await assertRejects(
    () => time.run(slot.call(score)),
    WorkerError,
    "Cannot start worker 1 again as it ended 5 times in a row. The worker process ended, number 5",
  );
  assertEquals(startsMs.length, 5);
  await slot.end();
  assert(slot.isOpen, "it is forgiven at the end of its work");
});

Deno.test({
  name: "a real process that ends over and over is given up, and leaves nothing",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const time = new VirtualTime();
    const pids: number[] = [];
    const start = (): WorkerProcess => {
      const process = startWorker(oddWorkerOptions("/nowhere"));
      pids.push(process.pid);
      return process;
    };
    const { signal } = new AbortController();
    await using slot = new WorkerSlot({ name: "worker 1", start, timers: time, signal });
    for (let death = 1; death <= maxDeaths; death++) {
      // train: it crashes, score: it is killed
      const call = (api: RemoteWorker): Promise<unknown> => death % 2 === 0 ? api.train(1) : api.score([]);
      await assertRejects(() => time.run(slot.call(call)), WorkerError, "The worker process ended with ");
    }
    await assertRejects(() => time.run(slot.call(score)), WorkerError, "Cannot start worker 1 again");
    assertEquals(pids.length, maxDeaths);
    assert(await areGone(pids, 2000));
  },
});

Deno.test("a success between makes up for the deaths before it", async () => {
  const { slot, time, startsMs } = slotOf((process) => process % 2 === 1);
  for (let i = 0; i < 2 * maxDeaths; i++) {
    await assertRejects(() => time.run(slot.call(score)), WorkerError);
    await time.run(slot.call(score));
    slot.succeeded();
    await slot.end();
  }
  assertEquals(startsMs.length, 4 * maxDeaths);
});

Deno.test("several calls that meet one death count it once", async () => {
  const { slot, time } = slotOf((process) => process === 1);
  const outcomes = await time.run(Promise.allSettled([1, 2, 3].map(() => slot.call(score))));
  assertEquals(outcomes.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  assertEquals(slot.deaths, 1);
  assertEquals(await time.run(slot.call(score)), 2);
});

Deno.test("a slot that ends while it waits to start again starts nothing", async () => {
  const { slot, time, startsMs } = slotOf(() => true);
  await assertRejects(() => time.run(slot.call(score)));
  const waiting = assertRejects(() => slot.call(score), WorkerError, "worker 1 is to end");
  await slot.end();
  await waiting;
  assertEquals([startsMs.length, time.pending], [1, 0]);
});

Deno.test("a job that is to stop waits for no answer but those that must come, and starts nothing", async () => {
  const stop = new AbortController();
  const { slot, time, startsMs } = slotOf(() => false, stop.signal);
  const [heard, finished] = [slot.call(score), slot.finish(score)];
  heard.catch(() => {});
  await Promise.resolve(); // both are asked
  const reason = new Error("enough");
  stop.abort(reason);
  assertEquals(await assertRejects(() => time.run(heard)), reason);
  assertEquals(await time.run(finished), 1);
  await slot.end();
  assertEquals(await assertRejects(() => slot.finish(score)), reason);
  assertEquals(startsMs.length, 1);
});
