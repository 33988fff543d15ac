import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { CanvasDetections } from "../../lib/boxes/detections.ts";
import type { Config } from "../../lib/config/schema.ts";
import { detectorGraph } from "../../lib/export/network_graph.ts";
import { fusedForTfjs } from "../../lib/export/tfjs_fusion.ts";
import { tfjsModelFiles } from "../../lib/export/tfjs_model.ts";
import { toTensorFlow } from "../../lib/export/to_tensorflow.ts";
import { assertClose } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { tinyArchitecture, tinyConfig, tinyTwoStageConfig } from "../helpers/tiny_data.ts";
import { loadFromFiles, onWasm } from "./_tfjs_model.ts";
import { noiseOnCanvas, type RandomNetwork, randomNetwork } from "./_random_network.ts";

const engine = await useEngine();
const canvas = [64, 64] as const;
const placement = { widthPx: 64, heightPx: 48, scaleX: 1, scaleY: 1 };

async function detectInTfjs(
  { network }: RandomNetwork,
  image: Uint8Array,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): Promise<CanvasDetections> {
  const graph = detectorGraph(network, { heightPx: canvas[0], widthPx: canvas[1] });
  return await onWasm(async () => {
    const model = await loadFromFiles(tfjsModelFiles(fusedForTfjs(toTensorFlow(graph))));
    const inputs = {
      image: tf.tensor(Float32Array.from(image), [1, ...canvas, 3]),
      extent: tf.tensor1d([widthPx, heightPx]),
    };
    const outputs = await model.executeAsync(inputs, ["boxes", "scores", "classes"]) as tf.Tensor[];
    const [boxesXyxy, scores, classIndices] = outputs.map((output) => output.dataSync().slice());
    model.dispose();
    tf.dispose([inputs, outputs]);
    return { boxesXyxy, scores, classIndices } as CanvasDetections;
  });
}

async function checkDetector(config: Config): Promise<void> {
  using random = randomNetwork(engine, config, tinyArchitecture);
  const image = noiseOnCanvas(canvas, placement);
  const wanted = random.detect(image, canvas, placement);
  const found = await detectInTfjs(random, image, placement);
  assert(new Set(wanted.classIndices).size > 1, "the network should find several classes");
  assertEquals([...found.classIndices], [...wanted.classIndices]);
  assertClose(found.scores, wanted.scores, "scores", { relative: 0, absolute: 1e-4 });
  assertClose(found.boxesXyxy, wanted.boxesXyxy, "boxes", { relative: 1e-4, absolute: 1e-3 });
}

Deno.test("RetinaNet as tfjs's graph model finds on WebAssembly what the project finds", async () => {
  await checkDetector(tinyConfig);
});

Deno.test("Faster R-CNN as tfjs's graph model finds on WebAssembly what the project finds", async () => {
  await checkDetector(tinyTwoStageConfig);
});

for (const [name, config] of [["RetinaNet", tinyConfig], ["Faster R-CNN", tinyTwoStageConfig]] as const) {
  Deno.test(`${name} as tfjs's graph model finds nothing on WebAssembly where no score is high enough`, async () => {
    const detector = { ...config.detector, scoreThreshold: 1 } as Config["detector"];
    using random = randomNetwork(engine, { ...config, detector }, tinyArchitecture);
    const image = noiseOnCanvas(canvas, placement);
    assertEquals(random.detect(image, canvas, placement).scores.length, 0);
    const { boxesXyxy, scores, classIndices } = await detectInTfjs(random, image, placement);
    assertEquals([boxesXyxy.length, scores.length, classIndices.length], [0, 0, 0]);
  });
}
