/** When a run looks at its networks, and that nothing else depends on it. */
import { assertEquals } from "@std/assert";
import { configHash } from "../../lib/config/config_identity.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import { listSnapshots, readSnapshot } from "../../lib/run/snapshots.ts";
import { openHistory } from "../../lib/search/history.ts";
import { runTraining } from "../../lib/stages/run_training.ts";
import { search } from "../../lib/stages/search.ts";
import type { StageContext } from "../../lib/stages/stage_context.ts";
import type { StepMetrics } from "../../lib/train/training_session.ts";
import type { LivePictures, TrainingStatus, WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

function pictures(mark: number): LivePictures {
  const picture = {
    id: "val/0",
    bytes: Uint8Array.of(0xff, 0xd8, mark),
    drawn: { bytes: Uint8Array.of(0xff, 0xd8, mark, mark), widthPx: 480, heightPx: 480 },
    widthPx: 64,
    heightPx: 64,
    detections: [],
    truths: [],
  };
  return { classNames: ["a"], minScore: 0.3, pictures: [picture] };
}

interface Asked extends Partial<WorkerApi> {
  /** What was asked, in order. */
  readonly asked: string[];
}

/** A training of some steps, one a call, whose process ends once before a step. */
function training({ steps, from = 0, end = -1 }: { steps: number; from?: number; end?: number }): Asked {
  let [step, saved, hasEnded] = [from, from, false];
  const asked: string[] = [];
  return {
    asked,
    openFinetuning: (): Promise<TrainingStatus> => {
      step = saved;
      return Promise.resolve({ step, steps, damaged: [], pictureSteps: 2 });
    },
    train: () => {
      if (step === end && !hasEnded) {
        hasEnded = true;
        return Promise.reject(new WorkerError("The worker process ended with SIGKILL"));
      }
      return Promise.resolve([metrics(++step)]);
    },
    saveTraining: () => {
      asked.push(`save ${saved = step}`);
      return Promise.resolve();
    },
    trainingPictures: () => {
      asked.push(`look ${step}`);
      return Promise.resolve(pictures(step));
    },
    closeTraining: () => Promise.resolve(),
  };
}

function metrics(step: number): StepMetrics {
  return { step, loss: 1, parts: {}, learningRate: 0.1, elapsedMs: 5, waitMs: 1 };
}

async function finetuned(context: StageContext): Promise<string[]> {
  await runTraining(context, "finetune", (worker) => worker.openFinetuning({} as never), false);
  return await looksOf(context);
}

async function looksOf({ run }: StageContext): Promise<string[]> {
  return (await listSnapshots(run.paths.detections)).map(({ stage, step }) => `${stage} ${step}`);
}

Deno.test("a training is looked at after each checkpoint is written, and at its end", () => {
  const worker = training({ steps: 5 });
  return withStages(worker, async (context) => {
    assertEquals(await finetuned(context), ["finetune 2", "finetune 4", "finetune 5"]);
    assertEquals(worker.asked, ["save 2", "look 2", "save 4", "look 4", "save 5", "look 5"]);
    const [first] = await listSnapshots(context.run.paths.detections);
    assertEquals(await readSnapshot(first), {
      stage: "finetune",
      step: 2,
      note: "finetune, step 2 of 5: the supernet along its cheapest path",
      choices: null,
      ...pictures(2),
    });
  });
});

Deno.test("a training whose worker ended has the looks of one whose did not", () => {
  const worker = training({ steps: 6, end: 3 });
  return withStages(worker, async (context) => {
    assertEquals(await finetuned(context), ["finetune 2", "finetune 4", "finetune 6"]);
    assertEquals(worker.asked, ["save 2", "look 2", "save 4", "look 4", "save 6", "look 6"]);
  });
});

Deno.test("a training that goes on takes back looks after its step, and makes up for a missing one at it", () =>
  withStages(training({ steps: 6 }), async (context) => {
    await finetuned(context);
    const dir = context.run.paths.detections;
    await Deno.remove(`${dir}/finetune-4.json`);
    await context.worker.end();
    const from = training({ steps: 6, from: 4 });
    await withStages(from, async (other) => {
      const moved = { ...context, trainer: other.trainer };
      assertEquals(await finetuned(moved), ["finetune 2", "finetune 4", "finetune 6"]);
      assertEquals(from.asked, ["look 4", "save 6", "look 6"]);
    });
  }));

Deno.test("a long training keeps few looks, evenly spread, beside the last", () => {
  const worker = training({ steps: 102 });
  return withStages(worker, async (context) => {
    const even = [16, 32, 48, 64, 80, 96].map((step) => `finetune ${step}`);
    assertEquals(await finetuned(context), [...even, "finetune 102"]);
    assertEquals(worker.asked.filter((what) => what.startsWith("look")).length, 51);
  });
});

Deno.test("a training that is no detector's is not looked at", () => {
  const worker = training({ steps: 4 });
  const open = () => Promise.resolve({ step: 0, steps: 4, damaged: [] });
  return withStages({ ...worker, openFinetuning: open }, async (context) => {
    assertEquals(await finetuned(context), []);
    assertEquals(worker.asked, ["save 4"]);
  });
});

const searched = parseConfig({
  ...tinyConfig,
  pretrain: null,
  search: { ...tinyConfig.search, population: 4, generations: 3, strategies: ["random"] },
}, "test");

/** Later candidates are better, but for those of the second generation. */
function scorer(look: (choices: readonly number[]) => Promise<LivePictures>): Partial<WorkerApi> {
  let tried = 0;
  return {
    openScoring: () => Promise.resolve(),
    closeScoring: () => Promise.resolve(),
    score: () => Promise.resolve(++tried > 4 && tried <= 8 ? 0 : tried / 100),
    candidatePictures: (_, choices) => look(choices),
  };
}

Deno.test("a search's best candidate is looked at after each generation that has brought a better one", () => {
  const looked: string[] = [];
  const look = (choices: readonly number[]): Promise<LivePictures> => {
    looked.push(choices.join());
    return Promise.resolve(pictures(looked.length));
  };
  return withStages(scorer(look), async (context) => {
    await context.run.finishStage("finetune");
    await search(context);
    using history = openHistory(context.run.paths.search, configHash(searched));
    const byScore = history.scored().sort((a, b) => b.score - a.score);
    const first = byScore.find(({ generation }) => generation === 0);
    assertEquals(looked, [first, byScore[0]].map((one) => one?.choices.join()));
    assertEquals(await looksOf(context), ["search 4", "search 12"]);
  }, searched);
});

Deno.test("a look at a candidate that fails is said, and the search goes on", () => {
  const look = (): Promise<LivePictures> => Promise.reject(new RangeError("no font"));
  return withStages(scorer(look), async (context, told) => {
    await context.run.finishStage("finetune");
    assertEquals((await search(context)).candidates, 12);
    const said = told.sentences.filter((line) => line.includes("pictures"));
    assertEquals([...new Set(said)], ["search: no pictures of the best candidate: no font"]);
    assertEquals(await looksOf(context), []);
  }, searched);
});

Deno.test("a search puts down its memory by candidate, and goes on from where it was", () =>
  withStages(scorer(() => Promise.resolve(pictures(1))), async (context) => {
    await context.run.finishStage("finetune");
    await context.run.metrics.append({ stage: "search", step: 3, rssBytes: 1 });
    await search(context);
    const records = (await context.run.metrics.read()).filter(({ stage }) => stage === "search");
    const steps = records.map(({ step }) => step);
    assertEquals([steps, steps.at(-1)], [steps.toSorted((a, b) => a - b), 12]);
    assertEquals([records.every(({ rssBytes }) => rssBytes === 1e6), steps.length > 0], [true, true]);
    assertEquals(records.every(({ coordinatorRssBytes }) => Number(coordinatorRssBytes) > 1e6), true);
  }, searched));
