/** Parts of the pool that a search shows only from afar; what it makes of a search is in tests/stages/search_pool_test.ts. */
import { assertEquals, assertRejects } from "@std/assert";
import type { TrainingTask, WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { WorkerPool } from "../../lib/workers/worker_pool.ts";
import { WorkerSlot } from "../../lib/workers/worker_slot.ts";
import { plainProcess } from "../helpers/plain_worker.ts";
import { VirtualTime } from "../helpers/virtual_time.ts";

interface Setting {
  readonly pool: WorkerPool;
  readonly time: VirtualTime;
  /** What was asked of whom, e.g. `1 score 010`, and ends of processes. */
  readonly log: string[];
}

/** A pool of processes whose calls are told in a log, and overridden by `calls`, given the process's number from 1. */
function poolOf(
  workers: number,
  calls: (process: number) => Partial<WorkerApi> = () => ({}),
  proof: number[] | null = null,
): Setting {
  const time = new VirtualTime();
  const log: string[] = [];
  const { signal } = new AbortController();
  let processes = 0;
  const start = () => {
    const number = ++processes;
    const told = <T>(what: string, answer: () => Promise<T>): Promise<T> => {
      log.push(`${number} ${what}`);
      return answer();
    };
    const own = calls(number);
    return {
      ...plainProcess({
        openScoring: (task, mode) => told("open", () => own.openScoring?.(task, mode) ?? Promise.resolve()),
        score: (choices) =>
          told(`score ${choices.join("")}`, () => own.score?.(choices) ?? Promise.resolve(choices.length)),
        gateGradients: (choices, step) =>
          told(
            `gradients ${step}`,
            () => own.gateGradients?.(choices, step) ?? Promise.resolve([...choices]),
          ),
        ...(own.scoreAll && { scoreAll: own.scoreAll }),
        closeScoring: () => told("close", () => Promise.resolve()),
      }),
      [Symbol.asyncDispose]: () => told("end", () => Promise.resolve()),
    };
  };
  const slots = Array.from(
    { length: workers },
    (_, i) => new WorkerSlot({ name: `worker ${i + 1}`, start, timers: time, signal }),
  );
  const task = {} as TrainingTask; // only passed on
  const onDeath = (sentence: string): void => void log.push(sentence);
  return { pool: new WorkerPool(slots, { task, proof, timers: time, signal, onDeath }), time, log };
}

const dies = (): Promise<never> => Promise.reject(new WorkerError("The worker process ended"));

Deno.test("a pool opens the supernet on every worker; at its end the first keeps its process, the others end", async () => {
  const { pool, time, log } = poolOf(3);
  assertEquals(await time.run(pool.score([0, 1])), 2);
  await time.run(pool[Symbol.asyncDispose]());
  assertEquals(log.toSorted(), [
    "1 close",
    "1 open",
    "1 score 01",
    "2 end",
    "2 open",
    "3 end",
    "3 open",
  ]);
});

Deno.test("a worker that was started again is asked for a score that is known before it gets a candidate", async () => {
  for (const [known, proof] of [[[3, 3], [3, 3]], [null, [0, 0]]]) {
    const { pool, time, log } = poolOf(1, (number) => number === 1 ? { score: diesAt("1,1") } : {}, known);
    await time.run(pool.score([0, 0]));
    assertEquals(await time.run(pool.score([1, 1])), 2);
    assertEquals(log, [
      "1 open",
      "1 score 00",
      "1 score 11",
      "1 end",
      "worker 1 is started again: The worker process ended",
      "2 open",
      `2 score ${proof!.join("")}`,
      "2 score 11",
    ]);
    await time.run(pool[Symbol.asyncDispose]());
  }
});

function diesAt(choices: string): WorkerApi["score"] {
  return (candidate) => candidate.join() === choices ? dies() : Promise.resolve(1);
}

Deno.test("gradients that a worker took to its end are computed by another", async () => {
  const { pool, time } = poolOf(2, (number) => number === 1 ? { gateGradients: dies } : {});
  assertEquals(await time.run(pool.gateGradients([2, 1], 7)), [2, 1]);
  await time.run(pool[Symbol.asyncDispose]());
});

Deno.test("a supernet that can't be opened stops the pool with the reason, on whichever worker", async () => {
  const broken = { openScoring: () => Promise.reject(new RangeError("Cannot find the weights")) };
  const { pool, time } = poolOf(2, (number) => number === 2 ? broken : {});
  await time.run(Promise.allSettled([pool.score([0])])); // the other worker may be quicker
  assertEquals((pool.signal.reason as Error).message, "Cannot find the weights");
  await assertRejects(() => time.run(pool.score([1])), RangeError, "Cannot find the weights");
  await time.run(pool[Symbol.asyncDispose]());
});

Deno.test("a pool that is closed while a worker waits to be started again does not wait for it", async () => {
  const { pool, time, log } = poolOf(2, (number) => number === 2 ? { openScoring: dies } : {});
  await time.run(pool.score([0]));
  const before = time.nowMs();
  await time.run(pool[Symbol.asyncDispose]());
  assertEquals([time.nowMs(), time.pending], [before, 0]);
  assertEquals(log.filter((line) => line.endsWith("open")).length, 2);
});

/** Tells what groups are scored; a candidate's score is its last choice. */
function groupTelling(
  log: string[][],
  dies: (candidates: readonly (readonly number[])[]) => boolean,
): Pick<WorkerApi, "score" | "scoreAll"> {
  return {
    score: (choices: readonly number[]) => Promise.resolve(choices.at(-1)!),
    scoreAll(candidates): ReturnType<WorkerApi["scoreAll"]> {
      log.push(candidates.map((choices) => choices.join("")));
      if (dies(candidates)) return Promise.reject(new WorkerError("The worker process ended"));
      return Promise.resolve(
        candidates.map((choices) =>
          choices.at(-1) === 9 ? { reason: "no boxes" } : { score: choices.at(-1)! }
        ),
      );
    },
  };
}

Deno.test("candidates that are asked for together are scored in groups that start alike, as many as all workers need", async () => {
  for (
    const [workers, groups] of [[1, [["01", "02", "11", "12"]]], [2, [["01", "02"], ["11", "12"]]]] as const
  ) {
    const told: string[][] = [];
    const { pool, time } = poolOf(workers, () => groupTelling(told, () => false));
    const asked = [[1, 2], [0, 1], [1, 1], [0, 2]].map((choices) => pool.score(choices));
    assertEquals(await time.run(Promise.all(asked)), [2, 1, 1, 2]);
    assertEquals(told, groups.map((group) => [...group]));
    await time.run(pool[Symbol.asyncDispose]());
  }
});

Deno.test("a candidate that can't be scored fails alone in its group", async () => {
  const { pool, time } = poolOf(1, () => groupTelling([], () => false));
  const [good, bad] = await time.run(Promise.allSettled([pool.score([0, 1]), pool.score([0, 9])]));
  assertEquals(good, { status: "fulfilled", value: 1 });
  assertEquals(bad.status === "rejected" && bad.reason.message, "no boxes");
  await time.run(pool[Symbol.asyncDispose]());
});

Deno.test("a worker that ends at a group costs no candidate: each is scored alone then", async () => {
  const told: string[][] = [];
  const { pool, time, log } = poolOf(2, () => groupTelling(told, (group) => group[0][0] === 3));
  const asked = [[3, 1], [3, 2], [4, 1], [4, 2]].map((choices) => pool.score(choices));
  assertEquals(await time.run(Promise.all(asked)), [1, 2, 1, 2]);
  assertEquals(told, [["31", "32"], ["41", "42"]]);
  assertEquals(log.filter((line) => /score 3/.test(line)).length, 2);
  await time.run(pool[Symbol.asyncDispose]());
});
