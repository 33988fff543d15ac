import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { configHash } from "../../lib/config/config_identity.ts";
import type { Config } from "../../lib/config/schema.ts";
import { openHistory } from "../../lib/search/history.ts";
import { report } from "../../lib/stages/report.ts";
import type { StageContext } from "../../lib/stages/stage_context.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

const device = {
  tensorflow: "2.9.1",
  deviceName: "/device:CPU:0",
  threads: 1,
  hostCpu: null,
  kernels: "tensorflow",
};
const calls = { device: () => Promise.resolve(device), pictures: () => Promise.resolve([]) };
const fixed: Config = {
  ...tinyConfig,
  architecture: "0|1|23|0",
  pretrain: null,
  retrain: { ...tinyConfig.retrain, initialise: "scratch" },
};
const [AP, AR] = [{ AP: 0.25, AP50: 0.5, AP75: 0.2, APs: -1, APm: 0.1, APl: 0.3 }, {
  AR1: 0.1,
  AR10: 0.2,
  AR100: 0.3,
  ARs: -1,
  ARm: 0.2,
  ARl: 0.3,
}];

async function reportText(context: StageContext): Promise<string> {
  return await Deno.readTextFile(await report(context));
}

/** The ids of the report's sections, in order. */
function sections(source: string): string[] {
  return [...source.matchAll(/<section id="(\w+)">/g)].map(([, id]) => id);
}

Deno.test("a run without a search has its architecture, and no data that nothing learns from", () =>
  withStages(calls, async (context) => {
    await context.run.finishStage("evaluate", { images: 8, summary: { ...AP, ...AR }, perClass: {} });
    const source = await reportText(context);
    assertEquals(sections(source), ["winner", "detection", "data", "run"]);
    assertStringIncludes(source, ">0 1 23 0</td>");
    assertStringIncludes(source, "AP50, trained");
    assert(!source.includes("classification, train"));
    assertEquals((await context.run.stageState("report")).status, "finished");
  }, fixed));

Deno.test("a run under way shows what there is, and stays unfinished", () =>
  withStages(calls, async (context) => {
    const source = await reportText(context);
    assertEquals(sections(source), ["data", "run"]);
    assertStringIncludes(source, "classification, train");
    assertEquals((await context.run.stageState("report")).status, "new");
  }));

Deno.test("a search and a ranking are in the report, with fronts and tau", () =>
  withStages(calls, async (context) => {
    const { run } = context;
    const choices = [0, 1, 2, 3, 0];
    using history = openHistory(run.paths.search, configHash(run.config));
    const place = { strategy: "nsga2", trial: 0, generation: 0, slot: 0, origin: "random" } as const;
    const costs = { choices, macs: 1000, parameters: 100, latencyMs: null };
    const outcome = {
      status: "scored",
      score: 0.4,
      images: null,
      reason: null,
      attempts: 1,
      elapsedMs: 9,
    } as const;
    history.record({ ...place, ...costs, ...outcome });
    const winner = { space: "tiny", choices, macs: 1000, parameters: 100, score: 0.4 };
    await run.finishStage("search", { winners: [winner], candidates: 1, peakRssBytes: 1 });
    const correlation = { kendallTau: 0.5, spearmanRho: 0.6, tauInterval: [0.1, 0.9], rhoInterval: null };
    await run.finishStage("rank", {
      architectures: [{ choices, macs: 1000, parameters: 100, inherited: 0.1, retrained: 0.2 }],
      recalibration: "average",
      duration: { steps: 1 },
      ...correlation,
      byMode: [{ mode: "average", inherited: [0.1], ...correlation }],
    });
    const source = await reportText(context);
    assertEquals(sections(source), ["winner", "search", "rank", "data", "run"]);
    assertStringIncludes(source, "Hypervolume");
    assertStringIncludes(source, "tau 0.500 (95 % bootstrap interval 0.100 to 0.900)");
  }));
