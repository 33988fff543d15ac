import { assertEquals } from "@std/assert";
import { RunReader, type RunView } from "../../lib/dashboard/run_reader.ts";
import { stageProgress } from "../../lib/dashboard/stage_progress.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { fillRun, record, withRun } from "./_run_fixture.ts";

const summary = (view: RunView, stage: string): unknown[] => {
  const found = stageProgress(view).find((one) => one.stage === stage)!;
  const { status, done, total, perSecond, seconds, memoryBytes, note } = found;
  return [status, done, total, perSecond, seconds, memoryBytes, note];
};

Deno.test("a search under way says what is left of it by the time its candidates took", () =>
  withRun(async (run) => {
    await fillRun(run); // 12 candidates of half a second each
    const view = await new RunReader(run.dir).read();
    const { population, generations, strategies, seeds } = tinyConfig.search;
    const total = population * generations * strategies.length * seeds;
    assertEquals(summary(view, "search"), ["started", 12, total, 2, (total - 12) / 2, null, "best AP 0.210"]);
  }));

Deno.test("two workers that score together halve the time that is left of a search", () =>
  withRun(async (run) => {
    await fillRun(run);
    const view = await new RunReader(run.dir).read();
    assertEquals(summary(view, "search")[3], 4);
  }, { ...tinyConfig, workers: 2 }));

Deno.test("a training under way says what is left by its latest steps, from its own count of them", () =>
  withRun(async (run) => {
    await run.startStage("pretrain");
    const more = { totalSteps: 400, rssBytes: 5e8 };
    const lines = [1, 2, 3].map((step) => record("pretrain", step, 400, step === 3 ? more : {}));
    await Deno.writeTextFile(run.paths.metrics, lines.join(""));
    const view = await new RunReader(run.dir).read();
    assertEquals(summary(view, "pretrain"), ["started", 3, 400, 50, 397 / 50, 5e8, ""]);
  }));

Deno.test("a training that has not logged its length has the config's", () =>
  withRun(async (run) => {
    await run.startStage("finetune");
    await Deno.writeTextFile(run.paths.metrics, record("finetune", 2, 12));
    const view = await new RunReader(run.dir).read();
    assertEquals(summary(view, "finetune").slice(0, 5), ["started", 2, 12, 50, 0.2]);
    const inEpochs = { ...tinyConfig, finetune: { ...tinyConfig.finetune!, duration: { epochs: 2 } } };
    assertEquals(summary({ ...view, config: inEpochs }, "finetune").slice(0, 5), [
      "started",
      2,
      null,
      50,
      null,
    ]);
  }));

Deno.test("finished stages say how long they took, their largest memory and their result", () =>
  withRun(async (run) => {
    await fillRun(run);
    const startedAt = "2026-01-01T00:00:00.000Z";
    const finishedAt = "2026-01-01T00:01:30.000Z";
    const read = await new RunReader(run.dir).read();
    const stages = new Map(read.stages);
    const result = { images: 8, summary: { AP: 0.5, AP50: 0.75 }, perClass: {} };
    stages.set("evaluate", { status: "finished", startedAt, finishedAt, result });
    const view = { ...read, stages };
    assertEquals(summary(view, "evaluate"), ["finished", 0, null, null, 90, null, "AP 0.500"]);
    assertEquals(summary(view, "pretrain").slice(-2), [2 ** 30, "top-1 0.500"]);
    assertEquals(stageProgress(view).map(({ stage }) => stage), [
      ...["pretrain", "finetune", "search", "retrain", "evaluate", "report"],
    ]);
    assertEquals(stageProgress({ ...view, config: null }), []);
  }));
