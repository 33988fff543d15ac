/** Statistics of a whole population are those of one batch of all its images, however it is divided. */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { DetectionBatch } from "../../lib/data/sample.ts";
import { eagerCompiler } from "../../lib/nn/compiled.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import type { Device } from "../../lib/train/device.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { useEngine } from "../helpers/engine.ts";
import { alive } from "../helpers/leaks.ts";
import {
  bytesByName,
  movedTensors,
  tinyArchitecture,
  tinyConfig,
  tinyDetectionBatch,
  tinyDetector,
  tinyTwoStageConfig,
} from "../helpers/tiny_data.ts";

const engine = await useEngine();
const images = 5;
const whole = await tinyDetectionBatch(images);
/** Deep layers have few values a channel; what is cancelled there is lost in float32. */
const tolerance = { relative: 3e-4, absolute: 1e-4 };

const detectors = [
  { name: "RetinaNet", config: tinyConfig },
  { name: "Faster R-CNN", config: tinyTwoStageConfig },
];

/** Some images of a batch. */
function part(batch: DetectionBatch, from: number, to: number): DetectionBatch {
  const [, height, width, channels] = batch.shape;
  const size = height * width * channels;
  return {
    images: batch.images.subarray(from * size, to * size),
    shape: [to - from, height, width, channels],
    placements: batch.placements.slice(from, to),
    boxesXyxy: batch.boxesXyxy.slice(from, to),
    classIndices: batch.classIndices.slice(from, to),
    ids: batch.ids.slice(from, to),
  };
}

/** One batch of all images, normalised by its own moments, op by op on tfjs's own backend. */
async function momentsOnCpu(config: typeof tinyConfig): Promise<Map<string, Float32Array[]>> {
  await useCpuBackend();
  try {
    const upload: Device["uploadImages"] = (images, shape) =>
      tf.tensor(Float32Array.from(images), [...shape]);
    using network = tinyDetector({ compiler: eagerCompiler, uploadImages: upload }, tinyArchitecture, config);
    const moments = network.model.batchMoments(network.state, whole, tinyArchitecture);
    return new Map([...moments].map(([{ name }, values]) => [name, values]));
  } finally {
    await tf.setBackend("tensorflow");
  }
}

/** What is measured on batches that end after these numbers of images. */
function measured(config: typeof tinyConfig, ...ends: number[]): Map<string, Float32Array[]> {
  using network = tinyDetector(engine, tinyArchitecture, config);
  const { model, state } = network;
  model.measurePopulation(state, ends.map((end, i) => part(whole, ends[i - 1] ?? 0, end)), tinyArchitecture);
  const valuesOf = (unit: Unit): Float32Array[] =>
    state.of(unit).statistics.map((tensor) => tensor.dataSync<"float32">().slice());
  return new Map(model.unitsOnPath(tinyArchitecture).map((unit) => [unit.name, valuesOf(unit)]));
}

for (const { name, config } of detectors) {
  Deno.test(`${name}: statistics measured on batches of any size are those of one batch of all images`, async () => {
    const wanted = await momentsOnCpu(config);
    for (const ends of [[5], [2, 4, 5], [1, 5]]) {
      const found = measured(config, ...ends);
      assertEquals([...found.keys()], [...wanted.keys()]);
      for (const [unit, values] of wanted) {
        // Which regions the second stage sees is drawn by an image's place in its batch.
        if (unit === "boxHead" && ends.length > 1) continue;
        values.forEach((wanted, i) =>
          assertClose(found.get(unit)![i], wanted, `${ends} ${unit} ${i}`, tolerance)
        );
      }
    }
  });

  Deno.test(`${name}: measuring moves all statistics and nothing else, gives the same bits again and leaves nothing`, () => {
    using network = tinyDetector(engine, tinyArchitecture, config);
    const { model, state } = network;
    const [batches, start] = [[part(whole, 0, 3), part(whole, 3, 5)], bytesByName(state)];
    model.measurePopulation(state, batches, tinyArchitecture);
    const [first, before] = [bytesByName(state), alive(engine)];
    assertEquals(
      movedTensors(start, first),
      [...start.keys()].filter((name) => /\.(mean|variance)$/.test(name)),
    );
    model.measurePopulation(state, batches, tinyArchitecture);
    assertEquals(movedTensors(first, bytesByName(state)), []);
    assertEquals(alive(engine), before);
  });
}

Deno.test("batches on canvases of several shapes are one population", () => {
  const [height, width, channels] = whole.shape.slice(1) as [number, number, 3];
  const cut = height / 2 * width * channels;
  const upper = part(whole, 0, 1);
  const half: DetectionBatch = {
    ...upper,
    images: upper.images.subarray(0, cut),
    shape: [1, height / 2, width, channels],
  };
  using network = tinyDetector(engine, tinyArchitecture);
  const { model, state, units: [stem] } = network;
  const meanOf = (batches: DetectionBatch[]): number[] => {
    model.measurePopulation(state, batches, tinyArchitecture);
    return [...state.of(stem).statistics[0].dataSync()];
  };
  const [first, second] = [meanOf([upper]), meanOf([half])];
  assertClose(meanOf([upper, half]), first.map((mean, c) => (2 * mean + second[c]) / 3)); // by area
});
