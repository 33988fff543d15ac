/**
 * Memory over many training steps: `deno run -A bench/steady_memory.ts STEPS` trains a supernet of four blocks on
 * 2 x 32 x 32 images and prints a JSON line after a tenth, a half and all of the steps. From a tenth on, when every
 * function has been compiled, nothing may grow.
 *
 * @module
 */
import { searchSpaces } from "../lib/space/search_space.ts";
import { randomBatch } from "./random_batch.ts";
import { smallClassifier } from "./small_classifier.ts";

const steps = Number(Deno.args[0] ?? 10_000);
if (!(steps >= 10)) {
  console.error("usage: steady_memory.ts STEPS");
  Deno.exit(1);
}
const classes = 10;
const space = {
  ...searchSpaces.small,
  name: "four blocks",
  stageRepeats: [1, 1, 1, 1],
  stemChannels: 8,
  stageChannels: [16, 24, 32, 40],
  lastChannels: 48,
};
using classifier = await smallClassifier(classes, space);
const { engine, model, state, path } = classifier;
const batch = randomBatch(2, 32, classes);
for (let step = 1; step <= steps; step++) {
  model.trainStep(state, batch, path(step), step, 0.001);
  if (step % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0)); // as training, which waits for data
  if (![Math.floor(steps / 10), Math.floor(steps / 2), steps].includes(step)) continue;
  const { rss, heapUsed } = Deno.memoryUsage();
  const [rssMiB, heapMiB] = [rss, heapUsed].map((bytes) => Math.round(bytes / 2 ** 20));
  console.log(JSON.stringify({ step, rssMiB, heapMiB, liveTensors: engine.liveTensors() }));
}
