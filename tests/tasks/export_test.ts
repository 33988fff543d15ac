import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { parseConfig } from "../../lib/config/parse_config.ts";
import { openRun } from "../../lib/run/run_folder.ts";
import { readTrainedNetwork } from "../../lib/stages/trained_network.ts";
import { saveCheckpoint } from "../../lib/train/checkpoint.ts";
import { DataSets } from "../../lib/train/datasets.ts";
import { networkMetadata } from "../../lib/train/network_metadata.ts";
import { parseExport } from "../../tasks/export.ts";
import { runOnnx, startOnnx } from "../export/_onnx_session.ts";
import { useEngine } from "../helpers/engine.ts";
import { runJob, withFolder } from "../helpers/job.ts";
import { tinyArchitecture, tinyConfig, tinyDetectionSet, tinyDetector } from "../helpers/tiny_data.ts";

const engine = await useEngine();
await startOnnx();

/** A run as the stages leave it, on two canvases; its weights are those of a fresh network. */
async function makeRun(dir: string, architecture: string | null, isRetrained = true): Promise<void> {
  const canvases: [number, number][] = [[64, 64], [64, 96]];
  const retrain = { ...tinyConfig.retrain, initialise: "scratch" as const };
  const detector = { ...tinyConfig.detector, canvases };
  const config = parseConfig({ ...tinyConfig, architecture, retrain, detector }, "test");
  await using run = await openRun(dir, config);
  using network = tinyDetector(engine, tinyArchitecture, config);
  await run.finishStage("search", { winners: [{ choices: tinyArchitecture }] });
  await saveCheckpoint(await run.stageDir("retrain"), {
    step: 12,
    origin: { configHash: "", seed: 1, threads: 2, versions: {} },
    files: { network: network.state.toHost() },
    metadata: networkMetadata(config),
  });
  if (isRetrained) await run.finishStage("retrain", { steps: 12 });
}

Deno.test("deno task export writes a detector for each canvas, which finds something, and says how to use it", () =>
  withFolder(async (folder) => {
    const dir = `${folder}/run`;
    await makeRun(dir, null);
    const { code, stdout, stderr } = await runJob("export", ["--run", `${dir}/`]);
    assertEquals([code, stderr], [0, ""]);
    const files = ["detector-64x64.onnx", "detector-64x96.onnx", "detector.json"];
    for (const file of files) assertStringIncludes(stdout, `wrote ${dir}/export/onnx/${file}\n`);
    assertStringIncludes(stdout, "boxes, scores, classes = session.run");
    const described = JSON.parse(await Deno.readTextFile(`${dir}/export/onnx/detector.json`));
    assertEquals(described.classes, tinyDetectionSet("train", 1).classes);
    assertEquals(described.architecture, tinyArchitecture.join(""));
    for (const { heightPx, widthPx, file } of described.input.canvases) {
      const size = heightPx * widthPx * 3;
      const found = await runOnnx(await Deno.readFile(`${dir}/export/onnx/${file}`), {
        image: {
          shape: [1, heightPx, widthPx, 3],
          data: Float32Array.from({ length: size }, (_, i) => (i * 7919) % 256),
        },
        extent: { shape: [2], data: Float32Array.of(widthPx, heightPx) },
      });
      assertGreater(found.scores.data.length, 5); // nothing is below the config's threshold
      assertEquals(found.boxes.shape, [found.scores.data.length, 4]);
    }
  }));

Deno.test("a run of one architecture exports its backbone's weights where --output says", () =>
  withFolder(async (folder) => {
    await makeRun(`${folder}/run`, tinyArchitecture.join(""));
    const args = ["--run", `${folder}/run`, "--format", "weights", "--output", `${folder}/out`];
    const { code, stdout } = await runJob("export", args);
    assertEquals(code, 0);
    const names = (await Array.fromAsync(Deno.readDir(`${folder}/out`))).map(({ name }) => name).sort();
    assertEquals(names, ["backbone.json", "backbone.py", "backbone.safetensors"]);
    for (const name of names) assertStringIncludes(stdout, `wrote ${folder}/out/${name}\n`);
  }));

Deno.test("a run that is not retrained, and a folder that is no run, are answered with what to do", () =>
  withFolder(async (folder) => {
    await makeRun(`${folder}/run`, null, false);
    const { code, stderr } = await runJob("export", ["--run", `${folder}/run`]);
    assertEquals(code, 1);
    assertEquals(
      stderr,
      `error: Cannot export ${folder}/run as its stage retrain is not finished: run deno task retrain --run ${folder}/run first\n`,
    );
    await assertRejects(
      () => readTrainedNetwork(`${folder}/none`, new DataSets(null), null),
      RangeError,
      `Cannot export ${folder}/none as there is no run: name a run folder`,
    );
  }));

Deno.test("damaged weights are not exported", () =>
  withFolder(async (folder) => {
    await makeRun(folder, null);
    const path = `${folder}/retrain/step-12/network.safetensors`;
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(path, bytes);
    const error = await assertRejects(
      () => readTrainedNetwork(folder, new DataSets(null), null),
      RangeError,
      `Cannot export ${folder}: `,
    );
    assertStringIncludes(error.message, path);
  }));

Deno.test("each format has its own default part and folder", () => {
  const { format, part, outputDir, dataDir } = parseExport(["--run", "runs/a/"]);
  assertEquals([format, part, outputDir, dataDir], ["onnx", "detector", "runs/a/export/onnx", null]);
  const weights = parseExport(["--run=runs/a", "--format=weights", "--data", "cells"]);
  assertEquals([weights.part, weights.outputDir, weights.dataDir], [
    "backbone",
    "runs/a/export/weights",
    "cells",
  ]);
  assert(parseExport(["-h"]).help);
});

Deno.test("what export can't do is answered with what it can", () => {
  const cases: [string[], string][] = [
    [[], "Cannot export without a run: wanted --run DIR, a run folder"],
    [["--run", "a", "--format", "onx"], "Cannot understand --format onx: there are onnx, weights"],
    [["--run", "a", "--part", "head"], "Cannot understand --part head: there are detector, backbone"],
    [
      ["--run", "a", "--format", "weights", "--part", "detector"],
      "Cannot export a detector as weights: it takes backbone",
    ],
    [["--rum", "a"], "Cannot understand --rum: there is no such flag; did you mean --run?"],
    [["runs/a"], 'Cannot understand "runs/a": deno task export takes flags only, see --help'],
    [["--run="], "Cannot understand --run without a value, see --help"],
  ];
  for (const [args, message] of cases) assertThrows(() => parseExport(args), Error, message);
});
