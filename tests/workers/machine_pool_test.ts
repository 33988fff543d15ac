/** Rounds of candidates over machines; the machines themselves are in tests/tasks/group_test.ts. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MachinePool } from "../../lib/workers/machine_pool.ts";
import type { Trainer } from "../../lib/workers/training_group.ts";
import type { ScoreOutcome, TrainingTask, WorkerApi } from "../../lib/workers/worker_api.ts";
import { type RemoteWorker, WorkerError } from "../../lib/workers/worker_process.ts";

interface Setting {
  readonly pool: MachinePool;
  /** Calls of the first machine's worker, and losses. */
  readonly log: string[];
}

/** @param scoreAll What the machines make of a round; its losses close the trainer at the fifth in a row. */
function poolOf(
  machines: number,
  scoreAll: WorkerApi["scoreAll"],
  signal = new AbortController().signal,
): Setting {
  const log: string[] = [];
  let losses = 0;
  const told = <T>(what: string, answer: T): T => {
    log.push(what);
    return answer;
  };
  const api: Partial<WorkerApi> = {
    openScoring: () => told("open", Promise.resolve()),
    scoreAll: (candidates) =>
      told(`score ${candidates.map((each) => each.join("")).join()}`, scoreAll(candidates)),
    gateGradients: (choices, step) => told(`gradients ${step}`, Promise.resolve([...choices])),
    closeScoring: () => told("close", Promise.resolve()),
  };
  const call: Trainer["call"] = async (call) => {
    try {
      return await call(api as RemoteWorker);
    } catch (error) {
      losses++;
      throw error;
    }
  };
  const trainer: Trainer = {
    name: "the group",
    get isOpen(): boolean {
      return losses < 5;
    },
    call,
    finish: call,
    succeeded: () => void (losses = 0),
    kill: () => {},
    end: () => Promise.resolve(),
  };
  const onDeath = (sentence: string): void => void log.push(sentence);
  return { pool: new MachinePool(trainer, { task: {} as TrainingTask, machines, signal, onDeath }), log };
}

/** A candidate's score is its first choice; those that begin with 9 can't be evaluated. */
function outcome([first]: readonly number[]): ScoreOutcome {
  return first === 9 ? { reason: "no boxes" } : { score: first };
}

const scores: WorkerApi["scoreAll"] = (candidates) => Promise.resolve(candidates.map(outcome));

Deno.test("candidates that are asked for together go in a round, those that start alike side by side, and later ones in another", async () => {
  const { pool, log } = poolOf(2, scores);
  const asked = [[2, 1], [1, 0], [2, 0]].map((choices) => pool.score(choices));
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(await Promise.all([...asked, pool.score([4])]), [2, 1, 2, 4]);
  assertEquals(await pool.gateGradients([5, 6], 7), [5, 6]);
  await pool[Symbol.asyncDispose]();
  assertEquals(log, ["open", "score 10,20,21", "score 4", "gradients 7", "close"]);
});

Deno.test("a round is as large as keeps all machines at work for a while, and no larger", async () => {
  const { pool, log } = poolOf(2, scores);
  const all = Array.from({ length: 41 }, (_, i) => i + 10);
  assertEquals(await Promise.all(all.map((it) => pool.score([it]))), all);
  const rounds = log.slice(1).map((line) => line.split(",").length);
  assertEquals(rounds, [13, 14, 14]);
});

Deno.test("a candidate that can't be evaluated fails alone, with its reason", async () => {
  const { pool } = poolOf(2, scores);
  const [good, bad] = await Promise.allSettled([pool.score([1]), pool.score([9])]);
  assertEquals(good, { status: "fulfilled", value: 1 });
  assertEquals((bad as PromiseRejectedResult).reason.message, "no boxes");
});

Deno.test("a machine that is lost once costs a round, and no candidate", async () => {
  let calls = 0;
  const { pool, log } = poolOf(2, (candidates) => {
    if (calls++ === 0) return Promise.reject(new WorkerError("machine 2 is gone"));
    return scores(candidates);
  });
  assertEquals(await Promise.all([[1], [2]].map((choices) => pool.score(choices))), [1, 2]);
  assertEquals(log, [
    "open",
    "score 1,2",
    "the group is started again: machine 2 is gone",
    "open",
    "score 1",
    "score 2",
  ]);
});

Deno.test("a candidate that takes machines down is found in its round and refused; the others are scored", async () => {
  const { pool } = poolOf(
    2,
    (candidates) =>
      candidates.some(([first]) => first === 8)
        ? Promise.reject(new WorkerError("gone"))
        : scores(candidates),
  );
  const [bad, good] = await Promise.allSettled([pool.score([8]), pool.score([1])]);
  assertEquals(good, { status: "fulfilled", value: 1 });
  const { message } = (bad as PromiseRejectedResult).reason;
  assertEquals(message, "Workers ended 3 times at 8. The last: gone");
  assert(!pool.signal.aborted);
});

Deno.test("machines that are lost whatever they score are given up", async () => {
  const { pool } = poolOf(2, () => Promise.reject(new WorkerError("gone")));
  const all = await Promise.allSettled([[1], [2], [3]].map((choices) => pool.score(choices)));
  assertEquals(all.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  assertEquals((pool.signal.reason as Error).message, "gone");
});

Deno.test("a candidate asked for alone that takes machines down three times is refused, and the search goes on", async () => {
  const { pool } = poolOf(
    1,
    (candidates) => candidates[0][0] === 8 ? Promise.reject(new WorkerError("gone")) : scores(candidates),
  );
  await assertRejects(() => pool.score([8]), WorkerError, "Workers ended 3 times at 8. The last: gone");
  assertEquals(await pool.score([3]), 3);
  assert(!pool.signal.aborted);
});

Deno.test("a job that is to stop waits for no machine", async () => {
  const stop = new AbortController();
  const { pool } = poolOf(2, () => new Promise(() => {}), stop.signal);
  const score = pool.score([1]);
  stop.abort(new Error("stopped by SIGINT"));
  await assertRejects(() => score, Error, "stopped by SIGINT");
});
