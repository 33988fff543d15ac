import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { configHash } from "../../lib/config/config_identity.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import { type CandidateRecord, openHistory } from "../../lib/search/history.ts";
import { recordApproximation } from "../../lib/run/origin.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";
import { compare, describeExperiment, readComparedRun } from "../../lib/stages/compare.ts";
import { shapesTiny } from "../../tasks/configs/shapes_tiny.ts";
import { withFolder } from "../helpers/job.ts";

const tiny = parseConfig({ ...shapesTiny, device: { kind: "cpu", threads: 1 } }, "shapes-tiny");
/** Without a search; where its weights start is no matter here. */
const fixed = (architecture: string, changes: Partial<Config> = {}): Config => ({
  ...tiny,
  architecture,
  retrain: { ...tiny.retrain, initialise: "scratch" },
  ...changes,
});
const summary = { AP: 0.25, AP50: 0.5, AP75: 0.25, APs: -1, APm: 0.2, APl: 0.3 };
const winner = { space: "tiny", choices: [0, 1, 2, 3, 0], macs: 1000, parameters: 100, score: 0.4 };
const candidate: CandidateRecord = {
  strategy: "evolution",
  trial: 0,
  generation: 0,
  slot: 0,
  origin: "random",
  choices: [0, 1, 2, 3, 0],
  macs: 1000,
  parameters: 100,
  latencyMs: null,
  status: "scored",
  score: 0.4,
  images: null,
  reason: null,
  attempts: 1,
  elapsedMs: 10,
};

/** A run's folder with these files, their values as JSON. */
async function writeRun(dir: string, files: Record<string, unknown>): Promise<string> {
  await Deno.mkdir(dir, { recursive: true });
  for (const [name, value] of Object.entries(files)) {
    await Deno.writeTextFile(`${dir}/${name}`, typeof value === "string" ? value : JSON.stringify(value));
  }
  return dir;
}

/** A run that is finished, its search with one candidate. */
async function writeFinishedRun(dir: string): Promise<string> {
  const state = {
    status: "finished",
    startedAt: "",
    finishedAt: "",
    result: { images: 8, summary, perClass: {} },
  };
  await writeRun(dir, { "config.json": tiny, "winners.json": [winner], "stages.json": { evaluate: state } });
  using history = openHistory(`${dir}/search.sqlite`, configHash(tiny));
  history.record(candidate);
  return dir;
}

Deno.test("a finished run has its architecture, its evaluation and its candidates", () =>
  withFolder(async (folder) => {
    const run = await readComparedRun(await writeFinishedRun(`${folder}/a`));
    assertEquals(run.architecture?.choices, winner.choices);
    assertEquals([run.evaluation?.images, run.evaluation?.summary.AP], [8, 0.25]);
    assertEquals(run.candidates, [candidate]);
    assertEquals([run.name, run.scoreName, run.space.name], ["shapes-tiny", "AP", "tiny"]);
  }));

Deno.test("a run that has only begun has its config's part, and nothing is written into it", () =>
  withFolder(async (folder) => {
    const run = await readComparedRun(await writeRun(`${folder}/a`, { "config.json": tiny }));
    assertEquals([run.architecture, run.evaluation, run.candidates], [null, null, []]);
    const names = (await Array.fromAsync(Deno.readDir(`${folder}/a`))).map(({ name }) => name);
    assertEquals(names, ["config.json"]);
  }));

Deno.test("a named architecture is there before anything is trained, with its costs", () =>
  withFolder(async (folder) => {
    const run = await readComparedRun(await writeRun(`${folder}/a`, { "config.json": fixed("0|1|23|0") }));
    assertEquals(run.architecture?.choices, [0, 1, 2, 3, 0]);
    assertEquals(run.architecture?.score, null);
    assert((run.architecture?.macs ?? 0) > 1000);
  }));

Deno.test("compare() writes the files of all runs and says where", () =>
  withFolder(async (folder) => {
    const runs = [
      await writeFinishedRun(`${folder}/a`),
      await writeRun(`${folder}/b`, { "config.json": { ...fixed("random"), name: "drawn" } }),
    ];
    const paths = await compare(runs, `${folder}/deep/out`);
    assertEquals(paths[0], `${folder}/deep/out/compare.html`);
    for (const path of paths) assert((await Deno.stat(path)).size > 0, path);
    const csv = await Deno.readTextFile(`${folder}/deep/out/compare.csv`);
    assertStringIncludes(
      csv,
      '\r\nshapes-tiny,RetinaNet,"DetNAS, tiny",shapes,1000,100,0.25,,0.5,0.25,,0.2,0.3,\r\n',
    );
    assertStringIncludes(csv, '\r\ndrawn,RetinaNet,"random, tiny",shapes,');
  }));

Deno.test("folders that are no run are named, and nothing is written then", () =>
  withFolder(async (folder) => {
    const run = await writeFinishedRun(`${folder}/a`);
    const out = `${folder}/out`;
    await assertRejects(
      () => compare([run, `${folder}/nothing`], out),
      RangeError,
      `Cannot compare ${folder}/nothing: it is no run as it holds no config.json`,
    );
    await assertRejects(() => compare([run, run], out), RangeError, `Cannot compare ${run} with itself`);
    const torn = await writeRun(`${folder}/torn`, { "config.json": tiny, "winners.json": "[{" });
    await assertRejects(
      () => compare([torn], out),
      SyntaxError,
      `Cannot read ${torn}/winners.json: it is no JSON`,
    );
    await assertRejects(() => Deno.stat(out), Deno.errors.NotFound);
  }));

Deno.test("an experiment's words are the paper's", () => {
  const small = { ...tiny, space: structuredClone(searchSpaces.small) as Config["space"] };
  const words = (config: Config): (string | null)[] => {
    const { backbone, publishedAs } = describeExperiment(config);
    return [backbone, publishedAs];
  };
  assertEquals(words(small), ["DetNAS, small", "DetNAS 300M"]);
  assertEquals(words({ ...small, pretrain: null }), ["DetNAS-scratch, small", "DetNAS-scratch 300M"]);
  const byLabels = { ...small, search: { ...small.search, objective: "classification" as const } };
  assertEquals(words(byLabels), ["ClsNASNet, small", "ClsNASNet 300M"]);
  assertEquals(words(tiny), ["DetNAS, tiny", null]);
  assertEquals(words(fixed("random")), ["random, tiny", null]);
  assertEquals(words(fixed("shufflenetv2-20")), ["ShuffleNetV2-20", "ShuffleNetV2-20"]);
  assertEquals(words(fixed("shufflenetv2-40")), ["ShuffleNetV2-40, tiny", null]);
  assertEquals(words(fixed("resnet-101")), ["ResNet-101", "ResNet-101"]);
  assertEquals(words(fixed("0|1|23|0")), ["0|1|23|0", null]);
});

Deno.test("a published winner is its own row, and no other detector's or data set's", () => {
  const on = (path: string): Partial<Config> => ({
    detectionData: { kind: "folder", path, searchImages: null },
  });
  const published = (name: string, path: string): string | null =>
    describeExperiment(fixed(name, on(path))).publishedAs;
  assertEquals(published("coco-retinanet-300m", "/data/coco2017/"), "DetNAS 300M");
  assertEquals(published("coco-retinanet-300m", "cells"), "DetNAS 300M");
  assertEquals(published("voc-retinanet-300m", "VOCdevkit"), "DetNAS 300M");
  assertEquals(published("voc-retinanet-300m", "coco"), null);
  assertEquals(published("coco-fpn-300m", "coco"), null); // the config's detector is a RetinaNet
  assertEquals(published("spos-imagenet", "coco"), null);
});

Deno.test("COCO and VOC are known by their folders' usual names, others by their own", () => {
  const nameOf = (path: string): string =>
    describeExperiment({ ...tiny, detectionData: { kind: "folder", path, searchImages: null } }).data;
  assertEquals(["coco", "/d/COCO2014", "x/coco_2017/", "mscoco"].map(nameOf), Array(4).fill("COCO"));
  assertEquals(["VOCdevkit", "voc2007", "D:\\data\\VOC"].map(nameOf), Array(3).fill("VOC"));
  assertEquals(["/data/bccd", "my-coco-cells", "advocate"].map(nameOf), [
    "bccd",
    "my-coco-cells",
    "advocate",
  ]);
  assertEquals(describeExperiment(tiny).data, "shapes");
});

Deno.test("a run that went on although something had changed is known as approximate", () =>
  withFolder(async (folder) => {
    const dir = await writeFinishedRun(`${folder}/a`);
    assertEquals((await readComparedRun(dir)).isApproximate, false);
    await recordApproximation(dir, { checkpoint: "finetune/step-4", field: "threads", was: 2, is: 3 });
    assertEquals((await readComparedRun(dir)).isApproximate, true);
  }));
