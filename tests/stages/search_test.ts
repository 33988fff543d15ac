import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { configHash } from "../../lib/config/config_identity.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import { openHistory } from "../../lib/search/history.ts";
import type { CandidateRecord } from "../../lib/search/history.ts";
import {
  backboneHash,
  type LatencyTable,
  latencyTableVersion,
  type Timing,
} from "../../lib/space/latency_table.ts";
import { search } from "../../lib/stages/search.ts";
import type { StageContext } from "../../lib/stages/stage_context.ts";
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { maxDeaths } from "../../lib/workers/worker_slot.ts";
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

function timeless(context: StageContext): unknown[] {
  return recorded(context).map((it) => ({ ...it, elapsedMs: 0 }));
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
  await withStages(ending, async (context, _told, again) => {
    await context.run.finishStage("finetune");
    await assertRejects(() => search(context), WorkerError, "The worker process ended with SIGKILL");
    assertEquals(recorded(context).length, 4, "an ended worker is no failure of its candidates");
    left = Infinity;
    await search(again());
    assertEquals(timeless(context), wanted);
    assertEquals(
      ending.calls,
      whole.calls + maxDeaths + 1,
      "the ends, and what the first took with it, are all that was added",
    );
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

/** The tiny config with other settings of the search. */
function searching(change: Partial<Config["search"]>): Config {
  return parseConfig({ ...tinyConfig, search: { ...tinyConfig.search, ...change } }, "test");
}

Deno.test("the search stage runs every strategy of the config as often as it has seeds, and says so", () => {
  const steps: number[] = [];
  const worker = {
    ...scorer(sum),
    gateGradients: (choices: readonly number[], step: number) => {
      steps.push(step);
      return Promise.resolve(choices.map((choice) => -choice));
    },
  };
  const strategies: Config["search"]["strategies"] = ["gradient", "nsga2", "ageing", "reinforce"];
  return withStages(worker, async (context, told) => {
    await context.run.finishStage("finetune");
    assertEquals((await search(context)).candidates, 4 * 2 * 8);
    const runs = recorded(context).map(({ strategy, trial }) => `${strategy} ${trial + 1}/2`);
    const labels = [1, 2].flatMap((trial) => strategies.map((strategy) => `${strategy} ${trial}/2`));
    assertEquals([...new Set(runs)], labels.toSorted());
    const ends = told.progress.filter(({ done, total }) => done === total);
    assertEquals(ends.map(({ label }) => label), labels);
    assertMatch(ends[0].note!, /^generation 2\/2, best AP \d\.\d{3}$/);
    assertEquals(
      steps,
      Array.from({ length: 2 * 8 * tinyConfig.search.gradient.stepsPerCandidate }, (_, i) => i),
    );
  }, searching({ strategies, seeds: 2 }));
});

Deno.test("a worker that ends while it computes gradients stops the search", () =>
  withStages(
    { ...scorer(sum), gateGradients: () => Promise.reject(new WorkerError("The worker process ended")) },
    async (context) => {
      await context.run.finishStage("finetune");
      await assertRejects(() => search(context), WorkerError, "The worker process ended");
      assertEquals(recorded(context), []);
    },
    searching({ strategies: ["gradient"] }),
  ));

Deno.test("a search by classification builds on the pre-trained supernet and names its score", () =>
  withStages(scorer(sum), async (context, told) => {
    await assertRejects(() => search(context), RangeError, "stage pretrain is not finished");
    await context.run.finishStage("pretrain");
    assertEquals((await search(context)).candidates, 8);
    assertMatch(told.progress[0].note!, /best top-1 /);
  }, searching({ objective: "classification", strategies: ["evolution"] })));

Deno.test("a search by detection wants the fine-tuned supernet", () =>
  withStages(scorer(sum), async (context) => {
    await context.run.finishStage("pretrain");
    await assertRejects(() => search(context), RangeError, "stage finetune is not finished");
  }));

Deno.test("with a latency table candidates keep to the limit and record what they take", async () => {
  const device = {
    tensorflow: "2",
    deviceName: "/device:CPU:0",
    threads: 2,
    hostCpu: "a CPU",
    kernels: "tensorflow",
  };
  const timing = (ms: number): Timing => ({
    medianMs: ms,
    lowerQuartileMs: ms,
    upperQuartileMs: ms,
    repeats: 3,
  });
  const folder = await Deno.makeTempDir();
  try {
    const latencyTable = `${folder}/latency.json`;
    const table: LatencyTable = {
      version: latencyTableVersion,
      device,
      space: { name: "tiny", hash: backboneHash(tinyConfig.space) },
      shuffleMethod: tinyConfig.shuffleMethod,
      canvas: tinyConfig.detector.canvases[0],
      stem: timing(1),
      blocks: Array(5).fill([1, 2, 3, 4].map(timing)),
      validation: { backbones: [], meanRelativeError: 0, maxRelativeError: 0, bias: 0, correlation: null },
    };
    await Deno.writeTextFile(latencyTable, JSON.stringify(table));
    const worker = { ...scorer(sum), device: () => Promise.resolve(device) };
    const budget = { macs: null, parameters: null, latencyMs: 14 };
    await withStages(worker, async (context) => {
      await context.run.finishStage("finetune");
      const { winners } = await search(context);
      for (const { choices, latencyMs } of recorded(context)) {
        assertEquals(latencyMs, choices.reduce((total, choice) => total + choice + 1, 1));
        assert(latencyMs! <= 14);
      }
      assertEquals(winners[0].latencyMs, winners[0].choices.reduce((total, choice) => total + choice + 1, 1));
    }, searching({ budget, latencyTable }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
