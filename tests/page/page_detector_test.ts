import { assertEquals, assertGreater } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Config } from "../../lib/config/schema.ts";
import { placeForEvaluation } from "../../lib/data/canvas.ts";
import type { RgbImage } from "../../lib/data/sample.ts";
import { detectorGraph } from "../../lib/export/network_graph.ts";
import { tfjsModelFiles } from "../../lib/export/tfjs_model.ts";
import { toTensorFlow } from "../../lib/export/to_tensorflow.ts";
import { PageDetector } from "../../lib/page/page_detector.ts";
import { noiseImage, type RandomNetwork, randomNetwork } from "../export/_random_network.ts";
import { ioOfFiles, onWasm } from "../export/_tfjs_model.ts";
import { assertClose } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { tinyArchitecture, tinyConfig } from "../helpers/tiny_data.ts";

const engine = await useEngine();
const canvases = [{ heightPx: 64, widthPx: 96 }, { heightPx: 96, widthPx: 64 }];
const config: Config = {
  ...tinyConfig,
  detector: { ...tinyConfig.detector, canvases: [[64, 96], [96, 64]] },
};

/** A page's detector, and the files that it has asked for. */
function pageDetector({ network }: RandomNetwork): { detector: PageDetector; asked: string[] } {
  const asked: string[] = [];
  const models = canvases.map((canvas) => ({ ...canvas, file: `${canvas.heightPx}/model.json` }));
  const detector = new PageDetector(models, ({ heightPx, widthPx, file }) => {
    asked.push(file);
    return ioOfFiles(tfjsModelFiles(toTensorFlow(detectorGraph(network, { heightPx, widthPx }))));
  });
  return { detector, asked };
}

/** What the project finds, in the image's pixels. */
function wantedOf(random: RandomNetwork, image: RgbImage, index: number): number[][] {
  const canvas = canvases[index];
  const { width: widthPx, height: heightPx } = image;
  const { image: placed, placement } = placeForEvaluation(
    image,
    { widthPx, heightPx, annotations: [] },
    canvas,
  );
  const found = random.detectPlaced(placed, canvas, placement);
  const { scaleX, scaleY } = placement;
  return Array.from(found.scores, (score, i) => {
    const edges = Array.from(
      found.boxesXyxy.subarray(4 * i, 4 * i + 4),
      (edge, e) => edge / (e % 2 === 0 ? scaleX : scaleY),
    );
    return [found.classIndices[i], score, ...edges];
  });
}

for (const [shape, width, height, index] of [["wide", 150, 90, 0], ["high", 70, 123, 1]] as const) {
  Deno.test(`the page's detector finds in a ${shape} image what the project does, in the image's pixels`, async () => {
    using random = randomNetwork(engine, config, tinyArchitecture);
    const image = noiseImage(width, height);
    const wanted = wantedOf(random, image, index);
    const { detector, asked } = pageDetector(random);
    const found = await onWasm(async () => {
      const detections = await detector.detect(image);
      await detector.unload();
      return detections;
    });
    assertGreater(wanted.length, 3);
    assertEquals(asked, [`${canvases[index].heightPx}/model.json`]);
    assertEquals(found.map(({ classIndex }) => classIndex), wanted.map(([classIndex]) => classIndex));
    found.forEach(({ score, boxXyxy }, i) => {
      const [, ...numbers] = wanted[i];
      assertClose([score, ...boxXyxy], numbers, `detection ${i}`, { relative: 1e-4, absolute: 1e-3 });
    });
  });
}

Deno.test("the page's detector loads a model once, and again after it was let go; no tensor is left", async () => {
  using random = randomNetwork(engine, config, tinyArchitecture);
  const { detector, asked } = pageDetector(random);
  await onWasm(async () => {
    const before = tf.memory().numTensors;
    await detector.prepare(90, 60);
    await detector.prepare(90, 60);
    await detector.detect(noiseImage(90, 60));
    assertEquals(asked.length, 1);
    await detector.unload();
    assertEquals(tf.memory().numTensors, before);
    await detector.prepare(90, 60);
    assertEquals(asked.length, 2);
    await detector.unload();
  });
});

Deno.test("the page's detector asks again for a model that could not be fetched", async () => {
  const asked: string[] = [];
  const detector = new PageDetector([{ ...canvases[0], file: "model.json" }], ({ file }) => {
    asked.push(file);
    return { load: () => Promise.reject(new TypeError("the server is away")) };
  });
  for (const times of [1, 2]) {
    const message = await detector.prepare(9, 6).catch((error: Error) => error.message);
    assertEquals([message, asked.length], ["the server is away", times]);
  }
});
