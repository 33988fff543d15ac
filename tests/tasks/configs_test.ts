import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { configHash } from "../../lib/config/config_identity.ts";
import type { Config } from "../../lib/config/schema.ts";
import { isPlanned, plannedStages } from "../../lib/run/plan.ts";
import { openRun, type RunFolder } from "../../lib/run/run_folder.ts";
import { openHistory } from "../../lib/search/history.ts";
import { evaluate } from "../../lib/stages/evaluate.ts";
import { finetune } from "../../lib/stages/finetune.ts";
import { pretrain } from "../../lib/stages/pretrain.ts";
import { retrain } from "../../lib/stages/retrain.ts";
import { search } from "../../lib/stages/search.ts";
import type { StageContext, StageProgress } from "../../lib/stages/stage_context.ts";
import { DataSets } from "../../lib/train/datasets.ts";
import { StageWorker } from "../../lib/workers/stage_worker.ts";
import type { StepMetrics } from "../../lib/train/training_session.ts";
import { systemTimers } from "../../lib/workers/timers.ts";
import { WorkerSlot } from "../../lib/workers/worker_slot.ts";
import { configs, paperConfigs } from "../../tasks/configs/mod.ts";
import { testDevice, useEngine } from "../helpers/engine.ts";
import { fusedKernels } from "../helpers/fused_kernels.ts";
import { withFolder } from "../helpers/job.ts";
import { miniature } from "../helpers/miniature.ts";
import { plainProcess } from "../helpers/plain_worker.ts";

const engine = await useEngine();
/** As on a GPU, and where there is no compiler; one of each detector. */
const traced = testDevice === "gpu" ? [...configs.keys()] : ["photos", "photos-fpn"];
const kernels = testDevice === "gpu" ? null : await fusedKernels(engine);

/** Reports after every step, however quick: two steps can then be stopped between. */
class StepwiseWorker extends StageWorker {
  override train(): Promise<StepMetrics[]> {
    return super.train(0);
  }
}

/** Runs a config's job up to its evaluation, each time with a new worker, as a new process would. */
async function runJob(run: RunFolder, onProgress: (progress: StageProgress) => void): Promise<void> {
  const data = new DataSets(null);
  const { version: tensorflow, deviceName, threads } = engine;
  const blocks = traced.includes(run.config.name) ? null : kernels;
  const report = { tensorflow, deviceName, threads, hostCpu: null, kernels: blocks ? "fused" : "tensorflow" };
  const api = new StepwiseWorker({ ...engine, ...(blocks && { kernels: blocks }) }, report, data);
  const { signal } = new AbortController();
  const worker = new WorkerSlot({
    name: "worker 1",
    start: () => plainProcess(api),
    timers: systemTimers,
    signal,
  });
  const workers = [worker];
  const context: StageContext = {
    run,
    data,
    trainer: worker,
    machines: 1,
    worker,
    workers,
    scorers: workers,
    observer: { progress: onProgress, say: () => {}, started: () => {}, finished: () => {} },
    approximate: false,
    signal,
    timers: systemTimers,
  };
  if (isPlanned(run.config, "pretrain")) await pretrain(context);
  if (isPlanned(run.config, "finetune")) await finetune(context);
  if (isPlanned(run.config, "search")) await search(context);
  await retrain(context);
  await evaluate(context);
}

/** Stops a job the first time that something of a label is half done. */
function stopAt(label: string): (progress: StageProgress) => void {
  return (progress) => {
    if (progress.label.startsWith(label) && progress.done < progress.total) {
      throw new Error(`stopped in ${label}`);
    }
  };
}

async function scoredPlaces({ paths, config }: RunFolder): Promise<string[]> {
  await Promise.resolve();
  using history = openHistory(paths.search, configHash(config));
  return history.all().map(({ strategy, trial, generation, slot }) =>
    `${strategy} ${trial} ${generation} ${slot}`
  );
}

async function checkFinished(run: RunFolder, config: Config): Promise<void> {
  for (const stage of plannedStages(config)) {
    if (stage === "report") continue;
    assertEquals((await run.stageState(stage)).status, "finished", stage);
  }
  const winners = JSON.parse(await Deno.readTextFile(run.paths.winners));
  assertEquals(typeof winners[0].retrained.AP, "number");
  assertEquals(winners[0].score === null, config.architecture !== null);
  if (!isPlanned(config, "search")) return;
  const { strategies, seeds, population, generations } = config.search;
  const places = await scoredPlaces(run);
  assertEquals(places.length, strategies.length * seeds * population * generations);
  assertEquals(new Set(places).size, places.length);
}

for (const [name, config] of configs) {
  Deno.test(`config ${name} trains two steps, searches two generations, and goes on where it was stopped`, () =>
    withFolder(async (folder) => {
      const small = miniature(config);
      const stopped = isPlanned(small, "search") ? "evolution" : "retrain";
      {
        await using run = await openRun(`${folder}/run`, small);
        await assertRejects(() => runJob(run, stopAt(stopped)), Error, "stopped in");
      }
      await using run = await openRun(`${folder}/run`, small);
      const labels = new Set<string>();
      await runJob(run, ({ label }) => void labels.add(label));
      assert(!labels.has("pretrain") && !labels.has("finetune"), `done again: ${[...labels]}`);
      await checkFinished(run, small);
    }));
}

Deno.test("each of the paper's configs resolves, is an experiment of its own, and says what was published", async () => {
  const hashes = new Set<string>();
  for (const [name, config] of paperConfigs) {
    assertEquals(config.name, name);
    hashes.add(configHash(miniature(config)));
    const file = new URL(`../../tasks/configs/${name.replaceAll(/[-.]/g, "_")}.ts`, import.meta.url);
    const text = await Deno.readTextFile(file);
    for (const fact of ["Published: ", "GPUs: ", "Time: ", `Command: \`deno task search --config ${name} `]) {
      assertMatch(text, new RegExp(fact), file.pathname);
    }
  }
  assertEquals(hashes.size, paperConfigs.size);
});

Deno.test("the paper's experiments have the stages that their rows stand for", () => {
  const stages = (name: string): string[] => plannedStages(miniature(configs.get(name)!));
  assertEquals(stages("coco-fpn-300m"), ["pretrain", "finetune", "search", "retrain", "evaluate", "report"]);
  assertEquals(stages("coco-fpn-300m-scratch"), ["finetune", "search", "retrain", "evaluate", "report"]);
  assertEquals(stages("coco-fpn-300m-clsnas"), ["pretrain", "search", "retrain", "evaluate", "report"]);
  assertEquals(stages("coco-fpn-resnet-50"), ["retrain", "evaluate", "report"]);
  assertNotEquals(configs.get("coco-fpn-300m-scratch")!.retrain.initialise, "supernet");
});
