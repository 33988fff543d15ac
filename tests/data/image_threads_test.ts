import { assert, assertEquals, assertRejects } from "@std/assert";
import sharp from "sharp";
import { type ImageThreads, openImageThreads } from "../../lib/data/image_threads.ts";
import { ClassificationLoader, DetectionLoader } from "../../lib/data/loader.ts";
import type { ClassificationSet, DetectionSet } from "../../lib/data/sample.ts";
import { listOf } from "../../lib/data/sample_list.ts";
import { withTree } from "./temp_tree.ts";

const common = { seed: 3, batchSize: 3, maxImagePixels: 1e5 };
const view = { resolutionPx: 16, cropScale: [0.3, 1], colorJitter: 0.4, flip: true } as const;
const vary = {
  canvases: [{ heightPx: 24, widthPx: 32 }],
  flip: true,
  verticalFlip: true,
  scaleJitter: [0.8, 1.25],
  colorJitter: 0.3,
} as const;

function threads(argument = "", count = 2): ImageThreads {
  const entry = new URL("_image_thread.ts", import.meta.url);
  return openImageThreads({ entry, argument, count, cacheBytes: 1e6 });
}

/** Five photograph-like JPEGs, one of them large enough to be shrunk. */
async function photos(): Promise<Record<string, Uint8Array>> {
  const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
  const files = Array.from({ length: 5 }, async (_, i) => {
    const [width, height] = i === 4 ? [200, 150] : [40 + i, 30];
    const bytes = await sharp({ create: { width, height, channels: 3, background: "#000", noise } }).jpeg()
      .toBuffer();
    return [`${i}.jpg`, new Uint8Array(bytes)] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

function setOf(folder: string, names: readonly string[]): ClassificationSet & DetectionSet {
  const samples = names.map((id, i) => ({
    id,
    source: { file: `${folder}/${id}` },
    classIndex: i,
    widthPx: 40,
    heightPx: 30,
    annotations: [],
  }));
  return { name: "photos", classes: ["x"], samples: listOf(samples), skipped: [] };
}

Deno.test("loaders make the same batches with threads as without", async () =>
  await withTree(await photos(), async (folder) => {
    const set = setOf(folder, ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"]);
    using pair = threads();
    using classes = new ClassificationLoader(set, { ...common, ...view });
    using threadedClasses = new ClassificationLoader(set, { ...common, ...view, threads: pair });
    using boxes = new DetectionLoader(set, { ...common, ...vary });
    using threadedBoxes = new DetectionLoader(set, { ...common, ...vary, threads: pair });
    for (const step of [0, 1, 2, 3]) { // the later ones of images that were kept
      assertEquals(await threadedClasses.batch(step), await classes.batch(step));
      assertEquals(await threadedBoxes.batch(step), await boxes.batch(step));
    }
    const all = await Array.fromAsync(threadedClasses.evaluationBatches());
    assertEquals(all, await Array.fromAsync(classes.evaluationBatches()));
    const placed = await Array.fromAsync(threadedBoxes.evaluationBatches());
    assertEquals(placed, await Array.fromAsync(boxes.evaluationBatches()));
  }));

Deno.test("threads decode with the decoder that they are given", async () =>
  await withTree(await photos(), async (folder) => {
    using one = threads("77", 1);
    const options = { ...common, ...view, colorJitter: 0, batchSize: 1, threads: one, prefetchBatches: 0 };
    using loader = new ClassificationLoader(setOf(folder, ["0.jpg"]), options);
    const { images } = await loader.batch(0);
    assert(images.every((value) => value === 77));
  }));

Deno.test("a fault in a thread names the file and keeps its class; the thread goes on", async () =>
  await withTree({ ...await photos(), "broken.jpg": "no image" }, async (folder) => {
    using one = threads("", 1);
    const options = { ...common, ...view, batchSize: 1, threads: one, prefetchBatches: 0 };
    const load = async (name: string): Promise<void> => {
      using loader = new ClassificationLoader(setOf(folder, [name]), options);
      await loader.batch(0);
    };
    await assertRejects(
      () => load("broken.jpg"),
      SyntaxError,
      `Cannot read ${folder}/broken.jpg: it is not a readable image`,
    );
    await assertRejects(() => load("none.jpg"), Deno.errors.NotFound, "no such file");
    await load("0.jpg");
  }));

Deno.test("disposed threads fail what they were asked for", async () =>
  await withTree(await photos(), async (folder) => {
    const pair = threads();
    using loader = new ClassificationLoader(setOf(folder, ["0.jpg"]), { ...common, ...view, threads: pair });
    const coming = loader.batch(0);
    pair[Symbol.dispose]();
    await assertRejects(() => coming, Error, "Cannot load images: the threads have been disposed");
  }));
