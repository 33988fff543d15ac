/** Statistics of a whole population are those of one batch of all its images, however it is divided. */
import { assertEquals, assertLess, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { DetectionBatch } from "../../lib/data/sample.ts";
import { eagerCompiler } from "../../lib/nn/compiled.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import type { Device } from "../../lib/train/device.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { useEngine } from "../helpers/engine.ts";
import { fusedKernels } from "../helpers/fused_kernels.ts";
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
const fused = { ...engine, kernels: await fusedKernels(engine) };
const images = 5;
const whole = await tinyDetectionBatch(images);
/** Deep layers have few values a channel; what is cancelled there is lost in float32. */
const tolerance = { relative: 3e-4, absolute: 1e-4 };

const detectors: { name: string; config: typeof tinyConfig; device: Device }[] = [
  { name: "RetinaNet", config: tinyConfig, device: engine },
  { name: "RetinaNet on fused kernels", config: tinyConfig, device: fused },
  { name: "Faster R-CNN", config: tinyTwoStageConfig, device: engine },
];

/** The tiny network of one architecture. */
function openNetwork(config = tinyConfig, device: Device = engine): ReturnType<typeof tinyDetector> {
  return tinyDetector(device, tinyArchitecture, config);
}

/** Measures to the end; gives how often it could have stopped. */
function measure(
  { model, state }: ReturnType<typeof tinyDetector>,
  batches: readonly DetectionBatch[],
): number {
  const progress = [...model.measurePopulation(state, batches, tinyArchitecture)];
  const total = model.unitsOnPath(tinyArchitecture).length;
  assertEquals(progress.map(({ done }) => done), progress.map(({ done }) => done).toSorted((a, b) => a - b));
  assertEquals(new Set(progress.map(({ done }) => done)).size, total);
  assertEquals(new Set(progress.map(({ total }) => total)), new Set([total]));
  return progress.length;
}

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
function measured(config: typeof tinyConfig, device: Device, ends: number[]): Map<string, Float32Array[]> {
  using network = openNetwork(config, device);
  const { model, state } = network;
  measure(network, ends.map((end, i) => part(whole, ends[i - 1] ?? 0, end)));
  const valuesOf = (unit: Unit): Float32Array[] =>
    state.of(unit).statistics.map((tensor) => tensor.dataSync<"float32">().slice());
  return new Map(model.unitsOnPath(tinyArchitecture).map((unit) => [unit.name, valuesOf(unit)]));
}

for (const { name, config, device } of detectors) {
  Deno.test(`${name}: statistics measured on batches of any size are those of one batch of all images`, async () => {
    const wanted = await momentsOnCpu(config);
    for (const ends of [[5], [2, 4, 5], [1, 5]]) {
      const found = measured(config, device, ends);
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
    using network = openNetwork(config, device);
    const { state } = network;
    const [batches, start] = [[part(whole, 0, 3), part(whole, 3, 5)], bytesByName(state)];
    measure(network, batches);
    const [first, before] = [bytesByName(state), alive(engine)];
    assertEquals(
      movedTensors(start, first),
      [...start.keys()].filter((name) => /\.(mean|variance)$/.test(name)),
    );
    measure(network, batches);
    assertEquals(movedTensors(first, bytesByName(state)), []);
    assertEquals(alive(engine), before);
  });

  Deno.test(`${name}: a measurement that is left at any place changes nothing and leaves nothing`, () => {
    using network = openNetwork(config, device);
    const { model, state } = network;
    const batches = [part(whole, 0, 3), part(whole, 3, 5)];
    const places = measure(network, batches);
    const [bytes, before] = [bytesByName(state), alive(engine)];
    for (let place = 0; place < places; place += 7) {
      using measuring = model.measurePopulation(state, batches, tinyArchitecture);
      for (let i = 0; i <= place; i++) measuring.next();
    }
    assertEquals(movedTensors(bytes, bytesByName(state)), []);
    assertEquals(alive(engine), before);
  });
}

Deno.test("batch norms that don't wait for one another are measured in one pass", () => {
  using network = openNetwork();
  const { model } = network;
  const units = model.unitsOnPath(tinyArchitecture);
  const passes = measure(network, [whole]);
  assertLess(passes, units.reduce((sum, { batchNorms }) => sum + batchNorms.length + 1, 0));
});

Deno.test("a population of no images is refused", () => {
  using network = openNetwork();
  const message =
    "Cannot measure batch-norm statistics of stem as no batch has passed it: wanted at least one";
  assertThrows(() => measure(network, []), RangeError, message);
});

Deno.test("batches on canvases of several shapes are one population", () => {
  const [height, width, channels] = whole.shape.slice(1) as [number, number, 3];
  const cut = height / 2 * width * channels;
  const upper = part(whole, 0, 1);
  const half: DetectionBatch = {
    ...upper,
    images: upper.images.subarray(0, cut),
    shape: [1, height / 2, width, channels],
  };
  using network = openNetwork();
  const { state, units: [stem] } = network;
  const meanOf = (batches: DetectionBatch[]): number[] => {
    measure(network, batches);
    return [...state.of(stem).statistics[0].dataSync()];
  };
  const [first, second] = [meanOf([upper]), meanOf([half])];
  assertClose(meanOf([upper, half]), first.map((mean, c) => (2 * mean + second[c]) / 3)); // by area
});
