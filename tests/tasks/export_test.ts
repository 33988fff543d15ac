import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { anchorsPerCell } from "../../lib/boxes/anchors.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { Config } from "../../lib/config/schema.ts";
import { supernet } from "../../lib/models/backbone.ts";
import { fpnUnit } from "../../lib/models/fpn.ts";
import { retinaHeadUnit } from "../../lib/models/retina_head.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { recordApproximation } from "../../lib/run/origin.ts";
import { openRun } from "../../lib/run/run_folder.ts";
import { readTrainedNetwork } from "../../lib/stages/trained_network.ts";
import { saveCheckpoint } from "../../lib/train/checkpoint.ts";
import { DataSets } from "../../lib/train/datasets.ts";
import { networkMetadata } from "../../lib/train/network_metadata.ts";
import { shapesTiny } from "../../tasks/configs/shapes_tiny.ts";
import { parseExport } from "../../tasks/export.ts";
import { seededTensors } from "../export/_backbone_cases.ts";
import { runOnnx, startOnnx } from "../export/_onnx_session.ts";
import { runJob, withFolder } from "../helpers/job.ts";

await startOnnx();
const architecture = [0, 1, 2, 3, 0];
const shapes = ["circle", "square", "triangle", "cross", "ring"];

/** A run as the stages leave it, on two canvases, with weights made from a seed. */
async function makeRun(dir: string, named: string | null, isRetrained = true): Promise<void> {
  const config = parseConfig({
    ...shapesTiny,
    architecture: named,
    device: { kind: "cpu", threads: 2 },
    retrain: { ...shapesTiny.retrain, initialise: "scratch" },
    detector: { ...shapesTiny.detector, scoreThreshold: 0, canvases: [[64, 64], [64, 96]] },
  }, "test");
  await using run = await openRun(dir, config);
  await run.finishStage("search", { winners: [{ choices: architecture }] });
  await saveCheckpoint(await run.stageDir("retrain"), {
    step: 12,
    origin: { configHash: "", seed: 1, threads: 2, versions: {} },
    files: { network: seededTensors(unitsOf(config)) },
    metadata: networkMetadata(config),
  });
  if (isRetrained) await run.finishStage("retrain", { steps: 12 });
}

/** The backbone's units of the architecture, then pyramid and head. */
function unitsOf({ space, shuffleMethod, detector }: Config): Unit[] {
  assert(detector.kind === "retinanet");
  const { stem, blocks } = supernet(space, shuffleMethod);
  const pyramid = { ...detector, extraLevels: "convolved", stageChannels: space.stageChannels } as const;
  const head = { ...detector, classes: shapes.length, anchorsPerCell: anchorsPerCell(detector) };
  return [
    stem,
    ...architecture.map((choice, i) => blocks[i][choice]),
    fpnUnit(pyramid),
    retinaHeadUnit(head),
  ];
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
    assertEquals(described.classes, shapes);
    assertEquals(described.architecture, architecture.join(""));
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

Deno.test("a run of one architecture exports its backbone's weights where --output says, and that it is approximate", () =>
  withFolder(async (folder) => {
    await makeRun(`${folder}/run`, architecture.join(""));
    await recordApproximation(`${folder}/run`, {
      checkpoint: "config.json",
      field: "seed",
      was: "1",
      is: "2",
    });
    const args = ["--run", `${folder}/run`, "--format", "weights", "--output", `${folder}/out`];
    const { code, stdout } = await runJob("export", args);
    assertEquals(code, 0);
    const names = (await Array.fromAsync(Deno.readDir(`${folder}/out`))).map(({ name }) => name).sort();
    assertEquals(names, ["backbone.json", "backbone.py", "backbone.safetensors"]);
    for (const name of names) assertStringIncludes(stdout, `wrote ${folder}/out/${name}\n`);
    assertStringIncludes(stdout, "approximate: seed was 1");
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
    [
      ["--run", "a", "--format", "onx"],
      "Cannot understand --format onx: there are onnx, saved-model, tfjs, web, weights",
    ],
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
