/**
 * Whole path-wise training steps of the small space's supernet on random images, in one process:
 * `deno run … bench/supernet_step.ts BATCH SIZE STEPS [FLAGS of runner.ts]` prints one JSON line
 * `{ medianMs, minMs, peakRssBytes, device }`. The first steps, which compile each choice of each block as it is
 * first drawn, are left out of the times. Its peer is a PyTorch loop of the same work, see `bench/peers`.
 *
 * @module
 */
import process from "node:process";
import { supernet } from "../lib/models/backbone.ts";
import { classifierUnit } from "../lib/models/classifier.ts";
import { searchSpaces } from "../lib/space/search_space.ts";
import { ClassificationModel } from "../lib/train/classification_model.ts";
import { NetworkState } from "../lib/train/network_state.ts";
import { uniformPaths } from "../lib/train/path.ts";
import { pretrainingSettings } from "./pretraining_settings.ts";
import { randomBatch } from "./random_batch.ts";
import { parseRunnerOptions, startRunner } from "./runner.ts";

const classes = 1000;
const warmUpSteps = 40; // by then, with probability 0.9999, each of the 32 distinct functions has been compiled

const [images, sizePx, steps] = Deno.args.slice(0, 3).map(Number);
if (![images, sizePx, steps].every((value) => Number.isInteger(value) && value > 0)) {
  console.error("usage: supernet_step.ts BATCH SIZE STEPS [--device cpu|gpu] [--threads N] [--kernels KIND]");
  Deno.exit(1);
}
const { engine, runner, description } = await startRunner(parseRunnerOptions(Deno.args));
const space = searchSpaces.small;
const net = supernet(space, 1);
const classifier = classifierUnit(space, classes);
using state = new NetworkState([net.stem, ...net.blocks.flat(), classifier], 0);
using model = new ClassificationModel(engine, runner, net, classifier, pretrainingSettings);

const batch = randomBatch(images, sizePx, classes);
const path = uniformPaths({ space, seed: 1, stage: "bench" });
const times: number[] = [];
for (let step = 0; step < warmUpSteps + steps; step++) {
  const start = performance.now();
  model.trainStep(state, batch, path(step), step, 0.01);
  if (step >= warmUpSteps) times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({
  medianMs: times[times.length >> 1],
  minMs: times[0],
  peakRssBytes: process.resourceUsage().maxRSS * 1024, // kilobytes on Linux and macOS
  device: description,
}));
