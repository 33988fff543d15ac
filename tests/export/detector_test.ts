import { assert, assertEquals, assertGreater } from "@std/assert";
import type { CanvasDetections } from "../../lib/boxes/detections.ts";
import type { Config } from "../../lib/config/schema.ts";
import type { DetectionBatch } from "../../lib/data/sample.ts";
import { detectorGraph } from "../../lib/export/network_graph.ts";
import { encodeOnnx } from "../../lib/export/onnx.ts";
import { useEngine } from "../helpers/engine.ts";
import {
  otherArchitecture,
  tinyArchitecture,
  tinyConfig,
  tinyDetectionBatch,
  tinyDetector,
  tinyTwoStageConfig,
} from "../helpers/tiny_data.ts";
import { type NetworkToExport, networkToExport } from "./_network_to_export.ts";
import { type OnnxValue, runOnnx, startOnnx } from "./_onnx_session.ts";

const engine = await useEngine();
await startOnnx();
const images = 4;
const batch = await tinyDetectionBatch(images);
const canvas = { heightPx: 64, widthPx: 64 };
const settings = { ...tinyConfig.finetune, decayOn: "weights" } as const;
const classes = ["a", "b", "c", "d", "e"];

/** The same images, of which a part is said to be padding: boxes are clipped to the rest. */
const padded: DetectionBatch = {
  ...batch,
  placements: batch.placements.map((placement) => ({ ...placement, widthPx: 60, heightPx: 41 })),
};

/** A network after some steps, and what the project itself finds with it. */
function trained(config: Config, choices: readonly number[], steps: number): NetworkToExport {
  const tiny = tinyDetector(engine, choices, config);
  const { model, state } = tiny;
  for (let step = 0; step < steps; step++) model.trainStep(state, batch, choices, step, 0.02, settings);
  return networkToExport(tiny, config, choices, classes);
}

/** What the exported detector finds on one image of a batch. */
async function exported(
  model: Uint8Array,
  batch: DetectionBatch,
  i: number,
): Promise<Record<string, OnnxValue>> {
  const [, height, width] = batch.shape;
  const size = height * width * 3;
  const { widthPx, heightPx } = batch.placements[i];
  return await runOnnx(model, {
    image: {
      shape: [1, height, width, 3],
      data: Float32Array.from(batch.images.subarray(i * size, (i + 1) * size)),
    },
    extent: { shape: [2], data: Float32Array.of(widthPx, heightPx) },
  });
}

function assertSame(found: Record<string, OnnxValue>, wanted: CanvasDetections, where: string): void {
  assertEquals(found.classes.data, [...wanted.classIndices], where);
  assertEquals(found.boxes.shape, [wanted.scores.length, 4], where);
  const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
  const scores = largest(found.scores.data, wanted.scores);
  const boxes = largest(found.boxes.data, wanted.boxesXyxy);
  assert(scores < 1e-4 && boxes < 1e-4 * 64, `${where}: scores differ by ${scores}, boxes by ${boxes} px`);
}

const detectors = [
  { name: "RetinaNet", config: tinyConfig },
  { name: "RetinaNet that nothing normalises", config: withDetector({ norm: "none" }) },
  { name: "Faster R-CNN", config: tinyTwoStageConfig },
];

function withDetector(change: object): Config {
  return { ...tinyConfig, detector: { ...tinyConfig.detector, ...change } as Config["detector"] };
}

for (const { name, config } of detectors) {
  for (const [choices, shuffleMethod] of [[tinyArchitecture, 1], [otherArchitecture, 2]] as const) {
    Deno.test(`${name}, architecture ${choices}: the ONNX model finds what the trained model does`, async () => {
      using own = trained({ ...config, shuffleMethod }, choices, 8);
      const model = encodeOnnx(detectorGraph(own.network, canvas));
      for (const images of [batch, padded]) {
        for (const [i, wanted] of own.detect(images).entries()) {
          assertGreater(wanted.scores.length, 5);
          assertSame(await exported(model, images, i), wanted, `image ${i}`);
        }
      }
    });
  }
}
