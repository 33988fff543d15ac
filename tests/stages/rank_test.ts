import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { architectureKey } from "../../lib/space/architecture.ts";
import { recordApproximation } from "../../lib/run/origin.ts";
import { rank, rankCorrelation, rankFolder, type RankOptions } from "../../lib/stages/rank.ts";
import type { RecalibrationMode, WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { tinyArchitecture, tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

const steps = 2;

/** A worker that trains in two steps and remembers what it was asked. */
interface RankWorker extends Partial<WorkerApi> {
  readonly asked: string[];
}

/** Inherited scores are the choices as a number in [0, 1), negative in mode `batch`; retrained ones its square. */
function valueOf(choices: readonly number[]): number {
  return Number(`0.${choices.join("")}`);
}

function rankWorker(onAsked: (what: string) => void = () => {}): RankWorker {
  const asked: string[] = [];
  const ask = (what: string): void => {
    onAsked(what);
    asked.push(what);
  };
  let mode: RecalibrationMode | undefined;
  return {
    asked,
    openScoring: (_task, wanted) => new Promise((resolve) => resolve(ask(`open ${mode = wanted}`))),
    score: (choices) => Promise.resolve(mode === "batch" ? -valueOf(choices) : valueOf(choices)),
    closeScoring: () => Promise.resolve(),
    openRankTraining: (_task, _choices, folder) => {
      return new Promise((resolve) => {
        ask(`train ${folder}`);
        resolve({ step: 0, steps, damaged: [] });
      });
    },
    train: () =>
      Promise.resolve([{ step: steps, loss: 1, parts: {}, learningRate: 0.1, elapsedMs: 1, waitMs: 0 }]),
    saveTraining: () => Promise.resolve(),
    closeTraining: () => Promise.resolve(),
    scoreRanked: (_task, choices, folder) => {
      ask(`score ${folder}`);
      return Promise.resolve(valueOf(choices) ** 2);
    },
  };
}

const options: RankOptions = { architectures: 5, modes: ["average", "batch"], duration: null };

const winner = { space: "tiny", choices: tinyArchitecture, macs: 1, parameters: 1, score: 0.5 };

Deno.test("rank retrains architectures, the winner first, and correlates under each mode", () => {
  const worker = rankWorker();
  return withStages(worker, async (context) => {
    await context.run.finishStage("finetune");
    await context.run.finishStage("search", { winners: [winner] });
    const result = await rank(context, options);
    assertEquals(result.architectures[0].choices, tinyArchitecture);
    for (const { choices, macs, inherited, retrained } of result.architectures) {
      assert(macs > 0);
      assertEquals(inherited, valueOf(choices));
      assertEquals(retrained, valueOf(choices) ** 2);
    }
    assertEquals([result.kendallTau, result.tauInterval], [1, [1, 1]]);
    assertEquals([result.recalibration, result.duration], ["average", tinyConfig.retrain.duration]);
    assertEquals(result.byMode.map(({ mode, kendallTau }) => [mode, kendallTau]), [["average", 1], [
      "batch",
      -1,
    ]]);
    assertAlmostEquals(result.byMode[1].spearmanRho!, -1, 1e-12);
    assertEquals(result.byMode[1].inherited, result.architectures.map(({ inherited }) => -inherited));
    const folders = result.architectures.map(({ choices }) => `rank/${architectureKey(choices)}`);
    assertEquals(worker.asked, [
      "open average",
      "open batch",
      ...folders.flatMap((folder) => [`train ${folder}`, `score ${folder}`]),
    ]);
    assertEquals(JSON.parse(await Deno.readTextFile(context.run.paths.rank)), result);
    const state = await context.run.stageState("rank");
    assert(state.status === "finished");
    assertEquals(state.result, JSON.parse(JSON.stringify(result)));
  });
});

Deno.test("a ranking goes on where it was stopped, and nothing is done twice", () => {
  let trainingsLeft = 2;
  const worker = rankWorker((what) => {
    if (what.startsWith("train") && trainingsLeft-- <= 0) throw new WorkerError("The worker process ended");
  });
  return withStages(worker, async (stopped, _told, again) => {
    await stopped.run.finishStage("finetune");
    await assertRejects(() => rank(stopped, options), WorkerError);
    assertEquals(worker.asked.length, 2 + 2 * 2);
    trainingsLeft = Infinity;
    const context = again();
    const result = await rank(context, options);
    assertEquals(worker.asked.length, 2 + 2 * 5, "only what was missing");
    assertEquals(new Set(worker.asked).size, worker.asked.length);
    assertEquals(await rank(context, options), result);
    assertEquals(worker.asked.length, 2 + 2 * 5, "nothing is left to do");

    const more = await rank(context, { ...options, architectures: 6, modes: ["average"] });
    assertEquals(more.architectures.slice(0, 5), result.architectures);
    assertEquals(worker.asked.slice(-3).map((what) => what.split(" ")[0]), ["open", "train", "score"]);
  });
});

Deno.test("trainings of another length are others, and the length is recorded", () => {
  const worker = rankWorker();
  return withStages(worker, async (context) => {
    await context.run.finishStage("finetune");
    const short: RankOptions = { architectures: 2, modes: ["batch"], duration: { steps: 3 } };
    const result = await rank(context, short);
    assertEquals([result.duration, result.recalibration], [{ steps: 3 }, "batch"]);
    const [{ choices }] = result.architectures;
    assertEquals(worker.asked[1], `train ${rankFolder(choices, { steps: 3 })}`);
    assertEquals(rankFolder(choices, { steps: 3 }), `rank/${architectureKey(choices)}-3-steps`);
    await rank(context, { ...short, duration: null });
    assertEquals(worker.asked.slice(5).map((what) => what.split(" ")[0]), [
      "train",
      "score",
      "train",
      "score",
    ]);
  });
});

Deno.test("rank needs the supernet's weights, and one to begin with", async () => {
  await withStages({}, async (context) => {
    await assertRejects(() => rank(context, options), RangeError, "stage finetune is not finished");
    assertEquals((await context.run.stageState("rank")).status, "new");
  });
  const alone = { ...tinyConfig, architecture: "00000" };
  await withStages({}, async (context) => {
    await assertRejects(
      () => rank(context, options),
      RangeError,
      "it has none: it trains architecture 00000 alone",
    );
  }, alone);
});

Deno.test("scores that can't be read are named", () =>
  withStages(rankWorker(), async (context) => {
    const { run } = context;
    await run.finishStage("finetune");
    await Deno.mkdir(`${run.dir}/rank`);
    await Deno.writeTextFile(`${run.dir}/rank/scores.json`, "{");
    await assertRejects(
      () => rank(context, options),
      SyntaxError,
      `Cannot read ${run.dir}/rank/scores.json: it is no JSON`,
    );
  }));

Deno.test("rankCorrelation() is null where all scores are equal", () => {
  assertEquals(rankCorrelation([0, 0, 0], [1, 2, 3], 0), {
    kendallTau: null,
    spearmanRho: null,
    tauInterval: null,
    rhoInterval: null,
  });
  assertThrows(() => rankCorrelation([NaN], [1], 0), RangeError);
});

Deno.test("rank.json of an approximate run says so, and of an exact one nothing", () =>
  withStages(rankWorker(), async (context) => {
    const { run } = context;
    const written = async (): Promise<{ approximate?: boolean; recalibration: string }> =>
      JSON.parse(await Deno.readTextFile(run.paths.rank));
    await run.finishStage("finetune");
    await run.finishStage("search", { winners: [winner] });
    await rank(context, options);
    assert(!("approximate" in await written()));
    await recordApproximation(run.dir, { checkpoint: "finetune/step-4", field: "threads", was: 2, is: 3 });
    await rank(context, options);
    const { approximate, recalibration } = await written();
    assertEquals([approximate, recalibration], [true, "average"]);
  }));
