import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { onceFinished, recorded, requireFinished, trainingTask } from "../../lib/stages/stage_context.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

Deno.test("onceFinished() runs a stage once, stores its result, and says that it is skipped from then on", () =>
  withStages({}, async (context, told) => {
    let runs = 0;
    const body = (): Promise<{ score: number }> => Promise.resolve({ score: ++runs });
    assertEquals(await onceFinished(context, "finetune", body), { score: 1 });
    assertEquals(told.sentences, []);
    assertEquals(await onceFinished(context, "finetune", body), { score: 1 });
    assertEquals(runs, 1);
    assertEquals(told.stages, ["finetune started", "finetune finished"]);
    assertEquals(told.sentences.length, 1);
    assertMatch(told.sentences[0], /^finetune: finished \d{4}-\d\d-\d\dT.*, skipped$/);
  }));

Deno.test("a stage that fails stays started, and runs again", () =>
  withStages({}, async (context, told) => {
    const fails = (): Promise<never> => Promise.reject(new RangeError("no"));
    await assertRejects(() => onceFinished(context, "search", fails), RangeError, "no");
    assertEquals(told.stages, ["search started"]);
    assertEquals((await context.run.stageState("search")).status, "started");
    assertEquals(await onceFinished(context, "search", () => Promise.resolve(3)), 3);
    assertEquals((await context.run.stageState("search")).status, "finished");
  }));

Deno.test("recorded() runs a finished stage again and keeps the newer result", () =>
  withStages({}, async (context, told) => {
    for (const result of [1, 2]) await recorded(context, "evaluate", () => Promise.resolve(result));
    assertEquals(await requireFinished<number>(context.run, "evaluate"), 2);
    const once = ["evaluate started", "evaluate finished"];
    assertEquals(told.stages, [...once, ...once]);
  }));

Deno.test("requireFinished() names the stage and the command that is missing", () =>
  withStages({}, async ({ run }) => {
    await run.startStage("pretrain");
    await assertRejects(
      () => requireFinished(run, "pretrain"),
      RangeError,
      `Cannot go on in ${run.dir} as stage pretrain is not finished: run deno task pretrain --run ${run.dir} first`,
    );
  }));

Deno.test("trainingTask() is what a worker needs to find its run", () =>
  withStages({}, (context) => {
    assertEquals(trainingTask(context), {
      config: tinyConfig,
      runDir: context.run.dir,
      approximate: false,
    });
    return Promise.resolve();
  }));
