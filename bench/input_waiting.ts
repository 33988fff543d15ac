/**
 * How long training waits for data: `deno run -A bench/input_waiting.ts BATCH STEPS THREADS` trains the small space's
 * supernet at 224 px on JPEG files of 500 x 375 and prints a JSON line { stepMs, waitMs, share } of medians, and the
 * share of all the time. THREADS 0 reads images on the main thread. Nothing is kept between epochs.
 *
 * @module
 */
import { openImageThreads } from "../lib/data/image_threads.ts";
import { ClassificationLoader } from "../lib/data/loader.ts";
import { listOf } from "../lib/data/sample_list.ts";
import { ensureLibrary } from "../lib/engine/mod.ts";
import { writePhotos } from "./photo_files.ts";
import { smallClassifier } from "./small_classifier.ts";

const [batchSize, steps, count] = Deno.args.map(Number);
if (![batchSize, steps].every((value) => value > 0) || !(count >= 0)) {
  console.error("usage: input_waiting.ts BATCH STEPS THREADS");
  Deno.exit(1);
}
const folder = await Deno.makeTempDir({ prefix: "input_waiting_" });
try {
  const paths = await writePhotos(`${folder}/photos`, 256, { widthPx: 500, heightPx: 375 }, null);
  await measure(paths);
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function measure(paths: readonly string[]): Promise<void> {
  const classes = 1000;
  using classifier = await smallClassifier(classes);
  using threads = count === 0 ? null : openImageThreads({
    entry: new URL("../tasks/image_thread.ts", import.meta.url),
    argument: (await ensureLibrary({})).path,
    count,
    cacheBytes: 0,
  });
  const samples = paths.map((file, i) => ({ id: file, source: { file }, classIndex: i }));
  using loader = new ClassificationLoader({ name: "bench", classes: [], samples: listOf(samples) }, {
    seed: 1,
    batchSize,
    maxImagePixels: 1e8,
    resolutionPx: 224,
    cropScale: [0.08, 1],
    colorJitter: 0.4,
    flip: true,
    cacheBytes: 0,
    ...(threads && { threads }),
  });
  const warmUp = 4;
  const times: { stepMs: number; waitMs: number }[] = [];
  for (let step = 0; step < warmUp + steps; step++) {
    const start = performance.now();
    const batch = await loader.batch(step);
    const waitMs = performance.now() - start;
    classifier.model.trainStep(classifier.state, batch, classifier.path(step), step, 0.01);
    if (step >= warmUp) times.push({ stepMs: performance.now() - start, waitMs });
  }
  const sum = (of: "stepMs" | "waitMs"): number => times.reduce((total, time) => total + time[of], 0);
  const median = (of: "stepMs" | "waitMs"): number =>
    Math.round(times.map((time) => time[of]).toSorted((a, b) => a - b)[times.length >> 1]);
  const share = Number((sum("waitMs") / sum("stepMs")).toFixed(4));
  console.log(JSON.stringify({ threads: count, stepMs: median("stepMs"), waitMs: median("waitMs"), share }));
}
