import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { ClassificationLoader, DetectionLoader } from "../../lib/data/loader.ts";
import type {
  ClassificationBatch,
  ClassificationSet,
  DetectionBatch,
  DetectionSample,
  DetectionSet,
  RgbImage,
} from "../../lib/data/sample.ts";
import { listOf } from "../../lib/data/sample_list.ts";
import { shapesClassification, shapesDetection } from "../../lib/data/shapes.ts";
import { png, withTree } from "./temp_tree.ts";

const common = { seed: 1, batchSize: 4, maxImagePixels: 1e6 };
const view = { resolutionPx: 16, cropScale: [0.3, 1], colorJitter: 0.4, flip: true } as const;
const shapes = shapesClassification({ seed: 1, split: "train", imagesPerClass: 1, imagePx: 24 });

const canvases = [{ heightPx: 24, widthPx: 32 }, { heightPx: 32, widthPx: 24 }];
const vary = {
  canvases,
  flip: true,
  verticalFlip: true,
  scaleJitter: [0.8, 1.25],
  colorJitter: 0.3,
} as const;

/** Seven landscape scenes and three portrait ones. */
function scenes(): DetectionSet {
  const wide = shapesDetection({ seed: 1, split: "wide", count: 7, widthPx: 64, heightPx: 48 });
  const tall = shapesDetection({ seed: 1, split: "tall", count: 3, widthPx: 48, heightPx: 64 });
  return {
    ...wide,
    samples: listOf([...[...wide.samples].slice(0, 4), ...tall.samples, ...[...wide.samples].slice(4)]),
  };
}

Deno.test("ClassificationLoader's batches depend on seed and step alone, not on cache, prefetch or order", async () => {
  using loader = new ClassificationLoader(shapes, { ...common, ...view });
  assertEquals(loader.stepsPerEpoch, 3);
  const steps = [0, 1, 2, 3, 4, 5, 6, 7];
  const wanted: ClassificationBatch[] = [];
  for (const step of steps) wanted.push(await loader.batch(step));
  assertEquals(wanted[0].shape, [4, 16, 16, 3]);
  assertEquals(wanted[0].images.length, 4 * 16 * 16 * 3);
  wanted[0].ids.forEach((id, i) => {
    assertEquals(
      wanted[0].classIndices[i],
      [...shapes.samples].find((sample) => sample.id === id)?.classIndex,
    );
  });
  using plain = new ClassificationLoader(shapes, { ...common, ...view, prefetchBatches: 0, cacheBytes: 0 });
  for (const step of steps.toReversed()) assertEquals(await plain.batch(step), wanted[step]);
  using other = new ClassificationLoader(shapes, { ...common, ...view, seed: 2 });
  assertNotEquals(await other.batch(0), wanted[0]);
});

Deno.test("ClassificationLoader evaluates in fixed order and pads the last batch with its last image", async () => {
  using loader = new ClassificationLoader(shapes, { ...common, ...view });
  const batches = await Array.fromAsync(loader.evaluationBatches());
  assertEquals(batches.map(({ validCount }) => validCount), [4, 4, 2]);
  assertEquals(
    batches.flatMap(({ batch }) => batch.ids).slice(0, 10),
    [...shapes.samples].map(({ id }) => id),
  );
  const { batch } = batches[2];
  assertEquals(batch.shape, [4, 16, 16, 3]);
  assertEquals([batch.ids[2], batch.ids[3]], [batch.ids[1], batch.ids[1]]);
  const bytes = 16 * 16 * 3;
  assertEquals(batch.images.slice(3 * bytes), batch.images.slice(bytes, 2 * bytes));
  const some = await Array.fromAsync(loader.evaluationBatches([7, 2]));
  assertEquals(some.map(({ batch, validCount }) => [batch.ids[0], batch.ids[1], validCount]), [[
    "train/7",
    "train/2",
    2,
  ]]);
});

Deno.test("DetectionLoader's batches depend on seed and step alone, and hold one canvas each", async () => {
  const set = scenes();
  using loader = new DetectionLoader(set, { ...common, ...vary });
  assertEquals(loader.stepsPerEpoch, 3);
  const steps = [0, 1, 2, 3, 4, 5];
  const wanted: DetectionBatch[] = [];
  for (const step of steps) wanted.push(await loader.batch(step));
  for (const batch of wanted) {
    const isTall = batch.ids[0].startsWith("tall");
    assert(batch.ids.every((id) => id.startsWith("tall") === isTall));
    assertEquals(batch.shape, isTall ? [4, 32, 24, 3] : [4, 24, 32, 3]);
    assertEquals(batch.images.length, 4 * 24 * 32 * 3);
    batch.boxesXyxy.forEach((boxes, i) => assertEquals(boxes.length, 4 * batch.classIndices[i].length));
  }
  assertEquals(new Set(wanted.map(({ shape }) => shape[1])).size, 2);
  using plain = new DetectionLoader(set, { ...common, ...vary, prefetchBatches: 0, cacheBytes: 0 });
  for (const step of steps.toReversed()) assertEquals(await plain.batch(step), wanted[step]);
});

Deno.test("DetectionLoader evaluates every image once, on its canvas, with the way back to its pixels", async () => {
  const set = scenes();
  using loader = new DetectionLoader(set, { ...common, ...vary });
  const seen: string[] = [];
  for await (const { batch, validCount } of loader.evaluationBatches()) {
    assertEquals(batch.ids.length, 4);
    for (let i = 0; i < validCount; i++) {
      const sample = [...set.samples].find(({ id }) => id === batch.ids[i]) as DetectionSample;
      const { scaleX, scaleY } = batch.placements[i];
      const original = [...batch.boxesXyxy[i]].map((edge, k) => edge / (k % 2 === 0 ? scaleX : scaleY));
      assertEquals(original, sample.annotations.flatMap(({ boxXyxy }) => boxXyxy));
      seen.push(sample.id);
    }
  }
  assertEquals(seen.length, 10);
  assertEquals(seen.toSorted(), [...set.samples].map(({ id }) => id).toSorted());
});

Deno.test("DetectionLoader pads with zeros to the right and below", async () => {
  const image: RgbImage = { width: 8, height: 6, data: new Uint8Array(8 * 6 * 3).fill(255) };
  const sample = { id: "a", source: { generate: () => image }, widthPx: 8, heightPx: 6, annotations: [] };
  const set = { name: "white", classes: ["x"], samples: listOf([sample]), skipped: [] };
  const options = { ...common, ...vary, batchSize: 1, canvases: [{ heightPx: 12, widthPx: 20 }] };
  using loader = new DetectionLoader(set, options);
  for await (const { batch } of loader.evaluationBatches()) {
    assertEquals(batch.placements, [{ widthPx: 16, heightPx: 12, scaleX: 2, scaleY: 2 }]);
    for (let pixel = 0; pixel < 20 * 12; pixel++) {
      assertEquals(batch.images[pixel * 3], pixel % 20 < 16 ? 255 : 0);
    }
  }
});

Deno.test("loaders decode files and name the one that fails", async () =>
  await withTree({ "a.png": await png(40, 30, "#c81e0a"), "b.png": "broken" }, async (folder) => {
    const set = (...names: string[]): ClassificationSet => {
      const samples = names.map((id) => ({ id, source: { file: `${folder}/${id}` }, classIndex: 0 }));
      return { name: "files", classes: ["x"], samples: listOf(samples) };
    };
    // Without prefetch, as what is made ahead would go on after the test.
    const options = { ...common, ...view, colorJitter: 0, batchSize: 2, prefetchBatches: 0 };
    using good = new ClassificationLoader(set("a.png"), options);
    const { images } = await good.batch(0);
    assertEquals([...images.subarray(0, 3)], [200, 30, 10]);
    using bad = new ClassificationLoader(set("a.png", "b.png"), options);
    await assertRejects(
      () => bad.batch(0),
      SyntaxError,
      `Cannot read ${folder}/b.png: it is not a readable image`,
    );
    using small = new ClassificationLoader(set("a.png"), { ...options, maxImagePixels: 100 });
    await assertRejects(
      () => small.batch(0),
      RangeError,
      "it is 40 x 30, 1200 pixels, over the limit of 100",
    );
  }));

Deno.test("loaders refuse empty sets and an empty list of canvases", () => {
  const empty = { name: "none", classes: ["x"], samples: listOf<never>([]) };
  assertThrows(
    () => new ClassificationLoader(empty, { ...common, ...view }),
    RangeError,
    "the set has no samples",
  );
  assertThrows(
    () => new DetectionLoader({ ...empty, skipped: [] }, { ...common, ...vary }),
    RangeError,
    "no samples",
  );
  assertThrows(
    () => new DetectionLoader(scenes(), { ...common, ...vary, canvases: [] }),
    RangeError,
    "canvases is empty",
  );
});

Deno.test("loaders vary an image anew in each epoch", async () => {
  const one = { ...shapes, samples: listOf([shapes.samples.at(0)]) };
  using classification = new ClassificationLoader(one, { ...common, ...view, batchSize: 1 });
  assertNotEquals((await classification.batch(0)).images, (await classification.batch(1)).images);
  const scene = { ...scenes(), samples: listOf([scenes().samples.at(0)]) };
  using detection = new DetectionLoader(scene, { ...common, ...vary, batchSize: 1 });
  assertNotEquals((await detection.batch(0)).images, (await detection.batch(1)).images);
});

Deno.test("the shares of a training batch, one after the other, are the batch", async () => {
  for (const size of [1, 2, 3, 4]) {
    using whole = new ClassificationLoader(shapes, { ...common, ...view });
    using wholeBoxes = new DetectionLoader(scenes(), { ...common, ...vary });
    const ids: string[] = [];
    const images: number[] = [];
    const boxIds: string[] = [];
    for (let rank = 0; rank < size; rank++) {
      const share = { rank, size };
      using part = new ClassificationLoader(shapes, { ...common, ...view, share });
      const batch = await part.batch(5);
      ids.push(...batch.ids);
      images.push(...batch.images);
      using boxes = new DetectionLoader(scenes(), { ...common, ...vary, share });
      boxIds.push(...(await boxes.batch(2)).ids);
    }
    const wanted = await whole.batch(5);
    assertEquals(ids, wanted.ids);
    assertEquals(images, [...wanted.images]);
    assertEquals(boxIds, (await wholeBoxes.batch(2)).ids);
  }
});

Deno.test("a batch with fewer images than shares is refused", () => {
  const share = { rank: 0, size: 5 };
  const error = assertThrows(
    () => new ClassificationLoader(shapes, { ...common, ...view, share }),
    RangeError,
  );
  assertEquals(
    error.message,
    "Cannot divide a batch among workers: batchSize is 4, wanted at least one image for each of the 5",
  );
  assertThrows(() => new DetectionLoader(scenes(), { ...common, ...vary, share }), RangeError);
});
