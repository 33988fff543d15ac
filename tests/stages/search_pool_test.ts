/** A search over several workers: one outcome, however many they are, whichever ends first and whatever befalls them. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { configHash } from "../../lib/config/config_identity.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import { type CandidateRecord, openHistory } from "../../lib/search/history.ts";
import { architectureKey } from "../../lib/space/architecture.ts";
import { search } from "../../lib/stages/search.ts";
import type { StageContext } from "../../lib/stages/stage_context.ts";
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { VirtualTime } from "../helpers/virtual_time.ts";
import { type StageOptions, type Told, withStages } from "./_stage_fixture.ts";

/** Every strategy, each as long as the tiny config's searches. */
const config = parseConfig({
  ...tinyConfig,
  search: {
    ...tinyConfig.search,
    population: 6,
    generations: 2,
    strategies: ["evolution", "random", "ageing", "reinforce", "gradient", "nsga2"],
  },
}, "test");

/** A function of the architecture with few ties. */
function scoreOf(choices: readonly number[]): number {
  return stream(3, "score", architectureKey(choices)).uniform();
}

/** What a search left, less what time it took. */
interface Outcome {
  readonly rows: readonly unknown[];
  readonly winners: string;
}

interface Crowd {
  readonly workers: number;
  /** What becomes of a worker that is given a candidate: a score, a death, an error, or nothing for ever. */
  readonly fate?: (worker: number, choices: readonly number[]) => "score" | "death" | "error" | "silence";
  /** Names the times that scores take. */
  readonly seed?: number;
}

function crowdOptions({ workers, fate = () => "score", seed = 0 }: Crowd): StageOptions & {
  readonly time: VirtualTime;
  /** How many candidates were under way at most. */
  most(): number;
} {
  const time = new VirtualTime();
  let [calls, underWay, most] = [0, 0, 0];
  const score = async (worker: number, choices: readonly number[]): Promise<number> => {
    const elapsedMs = 1000 * stream(seed, "elapsed", calls++).uniform();
    most = Math.max(most, ++underWay);
    const what = fate(worker, choices);
    if (what === "silence") await new Promise(() => {});
    await new Promise<void>((resolve) => time.after(elapsedMs, resolve));
    underWay--;
    if (what === "death") throw new WorkerError("The worker process ended with SIGKILL");
    if (what === "error") throw new RangeError("no box was found");
    return scoreOf(choices);
  };
  const start = (worker: number): Partial<WorkerApi> => ({
    openScoring: () => Promise.resolve(),
    closeScoring: () => Promise.resolve(),
    score: (choices) => score(worker, choices),
    gateGradients: (choices, step) =>
      Promise.resolve(choices.map((choice) => stream(step, "gradient", choice).uniform() - 0.5)),
  });
  return { workers, start, time, most: () => most };
}

function rowsOf({ run }: StageContext): CandidateRecord[] {
  using history = openHistory(run.paths.search, configHash(run.config));
  return history.all();
}

async function outcomeOf(context: StageContext): Promise<Outcome> {
  return {
    rows: rowsOf(context).map((row) => ({ ...row, elapsedMs: 0 })),
    winners: await Deno.readTextFile(context.run.paths.winners),
  };
}

/** Searches and gives what is left. */
async function searched(crowd: Crowd, check: (told: Told) => void = () => {}): Promise<Outcome> {
  let outcome: Outcome | null = null;
  await withStages(
    {},
    async (context, told) => {
      await context.run.finishStage("finetune");
      await search(context);
      outcome = await outcomeOf(context);
      check(told);
    },
    config,
    crowdOptions(crowd),
  );
  assert(outcome !== null);
  return outcome;
}

const quiet = await searched({ workers: 1 });

Deno.test("a quiet search tries all that the config says, and has no two winners alike", () => {
  assertEquals(quiet.rows.length, 6 * 6 * 2);
  const scores: number[] = JSON.parse(quiet.winners).map(({ score }: { score: number }) => score);
  assertEquals(new Set(scores).size, 5);
});

for (const workers of [1, 2, 3]) {
  Deno.test(`rows and winners are those of one worker with ${workers}, whichever candidate is finished first`, async () => {
    for (const seed of [1, 2]) assertEquals(await searched({ workers, seed }), quiet, `seed ${seed}`);
  });
}

Deno.test("each of three workers has a candidate, and none has two", async () => {
  const options = crowdOptions({ workers: 3 });
  await withStages(
    {},
    async (context) => {
      await context.run.finishStage("finetune");
      await search(context);
    },
    config,
    options,
  );
  assertEquals(options.most(), 3);
});

for (const workers of [1, 2, 3]) {
  Deno.test(`workers that end now and then leave no trace in the rows of ${workers}`, async () => {
    for (const seed of [1, 2]) {
      let [calls, deaths] = [0, 0];
      const fate = (): "score" | "death" => {
        // the first candidate of all gives its worker the chance to show that it can score
        const dies = calls > 0 && stream(seed, "fate", calls).uniform() < 0.12;
        calls++;
        if (dies) deaths++;
        return dies ? "death" : "score";
      };
      let restarts = 0;
      const outcome = await searched({ workers, fate, seed }, ({ sentences }) => {
        restarts = sentences.filter((line) => line.includes("is started again")).length;
      });
      assertEquals(outcome, quiet);
      assert(deaths > 3, `${deaths}`);
      // all are told, but for one that may be under way when the last score comes
      assert(restarts === deaths || restarts === deaths - 1, `${restarts} of ${deaths}`);
    }
  });
}

Deno.test("a worker that ends whatever it is given is given up, and the others do its work", async () => {
  for (const broken of [[0], [1], [0, 2]]) {
    const fate = (worker: number): "score" | "death" => broken.includes(worker) ? "death" : "score";
    const outcome = await searched({ workers: 3, fate }, ({ sentences }) => {
      for (const worker of broken) {
        const mine = sentences.filter((line) => line.startsWith(`search: worker ${worker + 1} is `));
        assertEquals(mine.length, 5);
        assertStringIncludes(
          mine[4],
          "is given up after 5 times in a row: The worker process ended with SIGKILL",
        );
      }
    });
    assertEquals(outcome, quiet, `${broken}`);
  }
});

Deno.test("where every worker ends over and over the search stops, blames no candidate, and can go on", () => {
  let isWell = true;
  let calls = 0;
  const fate = (): "score" | "death" => ++calls <= 20 || isWell ? "score" : "death";
  isWell = false;
  return withStages(
    {},
    async (context, _told, again) => {
      await context.run.finishStage("finetune");
      const error = await assertRejects(() => search(context), WorkerError);
      assertEquals(
        error.message,
        "Cannot go on scoring as no worker is left. The worker process ended with SIGKILL",
      );
      const rows = rowsOf(context);
      assert(rows.length >= 18 && rows.every(({ status }) => status === "scored"), `${rows.length}`);
      isWell = true;
      await search(again());
      assertEquals(await outcomeOf(context), quiet);
    },
    config,
    crowdOptions({ workers: 2, fate }),
  );
});

Deno.test("a candidate that ends every worker is recorded as failed after three, the same with 1, 2 and 3 workers", async () => {
  const deadly = JSON.parse(quiet.winners)[1].choices.join();
  const fate = (_: number, choices: readonly number[]): "score" | "death" =>
    choices.join() === deadly ? "death" : "score";
  const outcomes: Outcome[] = [];
  for (const workers of [1, 2, 3]) {
    outcomes.push(
      await searched({ workers, fate }, ({ sentences }) => {
        assert(!sentences.some((line) => line.includes("given up")), sentences.join("\n"));
      }),
    );
  }
  const failed = outcomes[0].rows.filter((row) => (row as CandidateRecord).status === "failed");
  assert(failed.length > 0);
  for (const row of failed as CandidateRecord[]) {
    assertEquals([row.choices.join(), row.attempts, row.score], [deadly, 3, null]);
    assertEquals(
      row.reason,
      "3 workers ended while they scored it. The last: The worker process ended with SIGKILL",
    );
  }
  assertEquals(outcomes[1], outcomes[0]);
  assertEquals(outcomes[2], outcomes[0]);
});

Deno.test("an evaluation that throws three times is recorded as failed, the same with 1, 2 and 3 workers", async () => {
  const bad = JSON.parse(quiet.winners)[0].choices.join();
  const fate = (_: number, choices: readonly number[]): "score" | "error" =>
    choices.join() === bad ? "error" : "score";
  const outcomes: Outcome[] = [];
  for (const workers of [1, 2, 3]) outcomes.push(await searched({ workers, fate }));
  const failed = outcomes[0].rows.filter((row) => (row as CandidateRecord).status === "failed");
  assert(failed.length > 0);
  for (const { attempts, reason } of failed as CandidateRecord[]) {
    assertEquals([attempts, reason], [3, "no box was found"]);
  }
  assertEquals(outcomes[1], outcomes[0]);
  assertEquals(outcomes[2], outcomes[0]);
});

Deno.test("a worker that hangs is ended after 30 s, and the rows are the quiet search's", async () => {
  let calls = 0;
  const fate = (): "score" | "silence" => ++calls === 30 ? "silence" : "score";
  const outcome = await searched({ workers: 2, fate }, ({ sentences }) => {
    assertEquals(sentences.length, 1);
    assertStringIncludes(sentences[0], "was ended as it took five times as long as others, at least 30 s");
  });
  assertEquals(outcome, quiet);
});

Deno.test("a search that is told to stop rejects with the reason, keeps what it has, and goes on to the same rows", () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  let calls = 0;
  const fate = (): "score" | "silence" => {
    if (++calls < 25 || stop.signal.aborted) return "score";
    stop.abort(reason);
    return "silence"; // a long evaluation is not waited for
  };
  return withStages(
    {},
    async (context, told, again) => {
      await context.run.finishStage("finetune");
      assertEquals(await assertRejects(() => search(context)), reason);
      assertEquals(told.sentences, []);
      const kept = rowsOf(context).filter(({ attempts }) => attempts > 0).length; // the others' scores were known
      assert(kept >= 20 && kept < 25, `${kept}`);
      await search(again());
      assertEquals(await outcomeOf(context), quiet);
    },
    config,
    { ...crowdOptions({ workers: 3, fate }), signal: stop.signal },
  );
});
