import { assertEquals, assertGreater } from "@std/assert";
import type { Config } from "../../lib/config/schema.ts";
import { backboneGraph, detectorGraph } from "../../lib/export/network_graph.ts";
import { encodeSavedModel } from "../../lib/export/saved_model.ts";
import { toTensorFlow } from "../../lib/export/to_tensorflow.ts";
import type { ExportGraph } from "../../lib/export/graph.ts";
import { assertClose } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { tinyArchitecture, tinyConfig, tinyTwoStageConfig } from "../helpers/tiny_data.ts";
import { noiseOnCanvas, randomNetwork } from "./_random_network.ts";
import { type ModelInput, runSavedModel } from "./_saved_model.ts";

const engine = await useEngine();
const canvas = { heightPx: 64, widthPx: 64 };
const placement = { widthPx: 64, heightPx: 48, scaleX: 1, scaleY: 1 };

async function runExported(
  graph: ExportGraph,
  inputs: Readonly<Record<string, ModelInput>>,
): Promise<Record<string, Float32Array | Int32Array>> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/saved_model.pb`, encodeSavedModel(toTensorFlow(graph)));
    return await runSavedModel(folder, inputs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function checkDetector(config: Config): Promise<void> {
  using random = randomNetwork(engine, config, tinyArchitecture);
  const image = noiseOnCanvas([64, 64], placement);
  const wanted = random.detect(image, [64, 64], placement);
  const found = await runExported(detectorGraph(random.network, canvas), {
    image: { values: Float32Array.from(image), shape: [1, 64, 64, 3] },
    extent: { values: Float32Array.of(placement.widthPx, placement.heightPx), shape: [2] },
  });
  assertGreater(new Set(wanted.classIndices).size, 1);
  assertEquals([...found.classes], [...wanted.classIndices]);
  assertClose(found.scores, wanted.scores, "scores", { relative: 0, absolute: 1e-4 });
  assertClose(found.boxes, wanted.boxesXyxy, "boxes", { relative: 1e-4, absolute: 1e-3 });
}

Deno.test("RetinaNet as a SavedModel finds in TensorFlow's loader what the project finds", async () => {
  await checkDetector(tinyConfig);
});

Deno.test("Faster R-CNN as a SavedModel finds in TensorFlow's loader what the project finds", async () => {
  await checkDetector(tinyTwoStageConfig);
});

Deno.test("a backbone as a SavedModel takes any number of images, each for itself", async () => {
  using random = randomNetwork(engine, tinyConfig, tinyArchitecture);
  const graph = backboneGraph(random.network);
  const image = Float32Array.from(noiseOnCanvas([64, 64], placement));
  const two = new Float32Array(2 * image.length);
  two.set(image, image.length); // behind a black one
  const single = await runExported(graph, { image: { values: image, shape: [1, 64, 64, 3] } });
  const both = await runExported(graph, { image: { values: two, shape: [2, 64, 64, 3] } });
  assertEquals(Object.keys(single).sort(), ["c2", "c3", "c4", "c5"]);
  for (const [name, features] of Object.entries(single)) {
    assertEquals(both[name].length, 2 * features.length);
    assertClose(both[name].slice(features.length), features, name);
  }
});
