import { assert, assertEquals, assertRejects } from "@std/assert";
import { configHash } from "../../lib/config/config_identity.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import { openHistory } from "../../lib/search/history.ts";
import type { CandidateRecord } from "../../lib/search/history.ts";
import { search } from "../../lib/stages/search.ts";
import type { StageContext } from "../../lib/stages/stage_context.ts";
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

/** A worker whose scores are a function of the architecture, so that the best is known. */
function scorer(score: (choices: readonly number[]) => number): Partial<WorkerApi> & { calls: number } {
  const calls = {
    calls: 0,
    openScoring: () => Promise.resolve(),
    closeScoring: () => Promise.resolve(),
    score: (choices: readonly number[]) => {
      calls.calls++;
      return new Promise<number>((resolve) => resolve(score(choices)));
    },
  };
  return calls;
}

const sum = (choices: readonly number[]): number => choices.reduce((total, choice) => total + choice, 0) / 15;

function recorded({ run }: StageContext): CandidateRecord[] {
  using history = openHistory(run.paths.search, configHash(run.config));
  return history.all();
}

Deno.test("the search stage scores both strategies' candidates and writes the best five, best first", () =>
  withStages(scorer(sum), async (context, told) => {
    await context.run.finishStage("finetune");
    const { winners, candidates } = await search(context);
    assertEquals(candidates, 16);
    assertEquals(JSON.parse(await Deno.readTextFile(context.run.paths.winners)), winners);
    const best = [...new Map(recorded(context).map((it) => [String(it.choices), it])).values()]
      .sort((a, b) => b.score! - a.score!).slice(0, 5);
    assertEquals(winners.map(({ score }) => score), best.map(({ score }) => score));
    assert(winners.every(({ choices, score }) => score === sum(choices)));
    assertEquals(told.progress.filter(({ done, total }) => done === total).map(({ label }) => label), [
      "evolution",
      "random",
    ]);
  }));

Deno.test("a search goes on where it was stopped: nothing is scored twice, and the outcome is the same", async () => {
  let wanted: readonly unknown[] = [];
  const timeless = (context: StageContext): unknown[] =>
    recorded(context).map((it) => ({ ...it, elapsedMs: 0 }));
  const whole = scorer(sum);
  await withStages(whole, async (context) => {
    await context.run.finishStage("finetune");
    await search(context);
    wanted = timeless(context);
  });

  let left = 5;
  const ending = scorer((choices) => {
    if (left-- <= 0) throw new WorkerError("The worker process ended with SIGKILL");
    return sum(choices);
  });
  await withStages(ending, async (context) => {
    await context.run.finishStage("finetune");
    await assertRejects(() => search(context), WorkerError, "The worker process ended with SIGKILL");
    assertEquals(recorded(context).length, 5, "an ended worker is no failure of the candidate");
    left = Infinity;
    await search(context);
    assertEquals(timeless(context), wanted);
    assertEquals(ending.calls, whole.calls + 1);
  });
});

Deno.test("a candidate that can't be scored is recorded as failed, with the reason, and the search goes on", () =>
  withStages(
    scorer((choices) => {
      if (choices[0] === 0) throw new RangeError("no box was found");
      return sum(choices);
    }),
    async (context) => {
      await context.run.finishStage("finetune");
      await search(context);
      const failed = recorded(context).filter(({ status }) => status === "failed");
      assert(failed.length > 0);
      for (const { choices, score, reason, attempts } of failed) {
        assertEquals([choices[0], score, reason, attempts], [0, null, "no box was found", 3]);
      }
      assertEquals(recorded(context).length, 16);
    },
  ));

Deno.test("a search in which nothing could be scored names no winner and is not finished", () =>
  withStages(scorer(() => NaN), async (context) => {
    await context.run.finishStage("finetune");
    await assertRejects(
      () => search(context),
      RangeError,
      "Cannot name a winner as all 16 candidates failed, the first with: its score must be finite: it is NaN; " +
        `put that right and remove ${context.run.paths.search} to search again`,
    );
    assertEquals((await context.run.stageState("search")).status, "started");
  }));

Deno.test("without a baseline only evolution is run", () =>
  withStages(
    scorer(sum),
    async (context) => {
      await context.run.finishStage("finetune");
      assertEquals((await search(context)).candidates, 8);
      assert(recorded(context).every(({ strategy }) => strategy === "evolution"));
    },
    parseConfig({ ...tinyConfig, search: { ...tinyConfig.search, random: false } }, "test"),
  ));
