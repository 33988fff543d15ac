/**
 * What it costs that workers act as one: whole path-wise training steps of the small space's supernet on random images,
 * alone and in a group, with and without synchronized batch norm and gradient sums.
 * `deno run … bench/synchronized_step.ts WORKERS BATCH SIZE STEPS` starts the workers, one thread each, BATCH images each,
 * and prints one JSON line a variant, of worker 0: `{ workers, variant, medianMs, minMs }`. `parted` is every worker for itself, on this machine at the same time: the others less `parted` are the cost.
 *
 * @module
 */
import { ensureLibrary, startEngine } from "../lib/engine/mod.ts";
import { supernet } from "../lib/models/backbone.ts";
import { classifierUnit } from "../lib/models/classifier.ts";
import { loneWorker, sumNumbers, type WorkerGroup } from "../lib/nn/worker_group.ts";
import { searchSpaces } from "../lib/space/search_space.ts";
import { ClassificationModel } from "../lib/train/classification_model.ts";
import type { Device } from "../lib/train/device.ts";
import { NetworkState } from "../lib/train/network_state.ts";
import { uniformPaths } from "../lib/train/path.ts";
import { trainingBatchNorm } from "../lib/train/training_batch_norm.ts";
import { UnitRunner } from "../lib/train/unit_runner.ts";
import { runGroup } from "../tests/helpers/worker_group.ts";
import { pretrainingSettings } from "./pretraining_settings.ts";
import { randomBatch } from "./random_batch.ts";

const classes = 1000;
const warmUpSteps = 40; // by then, with probability 0.9999, each of the 32 distinct functions has been compiled

/** Steps in which moments and gradients are exchanged, or not. */
interface Variant {
  readonly variant: string;
  readonly moments: boolean;
  readonly gradients: boolean;
}

const variants: readonly Variant[] = [
  { variant: "parted", moments: false, gradients: false },
  { variant: "gradient sums", moments: false, gradients: true },
  { variant: "SyncBN", moments: true, gradients: false },
  { variant: "SyncBN and gradient sums", moments: true, gradients: true },
];

/** One training under a variant; it is never disposed, as it lives as long as its process. */
function stepOf(
  device: Device,
  group: WorkerGroup,
  { moments, gradients }: Variant,
  [images, sizePx]: readonly number[],
): (step: number) => void {
  const space = searchSpaces.small;
  const net = supernet(space, 1);
  const classifier = classifierUnit(space, classes);
  const state = new NetworkState([net.stem, ...net.blocks.flat(), classifier], 0);
  const runner = new UnitRunner(device.compiler, trainingBatchNorm(moments ? group : loneWorker, "counts"));
  const groupOfModel = gradients ? group : loneWorker;
  const model = new ClassificationModel(device, runner, net, classifier, pretrainingSettings, groupOfModel);
  const batch = randomBatch(images, sizePx, classes);
  const path = uniformPaths({ space, seed: 1, stage: "bench" });
  return (step) => void model.trainStep(state, batch, path(step), step, 0.01);
}

async function runWorker(
  rank: number,
  addresses: readonly string[],
  sizes: readonly number[],
): Promise<void> {
  const { path: libraryPath } = await ensureLibrary({});
  const engine = await startEngine({ libraryPath, threads: 1, group: { rank, addresses } });
  const { group = loneWorker } = engine;
  const runs = (group.size === 1 ? variants.slice(0, 1) : variants)
    .map((variant) => ({ ...variant, train: stepOf(engine, group, variant, sizes), times: [] as number[] }));
  for (let step = 0; step < warmUpSteps + sizes[2]; step++) {
    for (const { train, times } of runs) { // in turn, so that whatever else the machine does hits all alike
      sumNumbers(group, [1], "all are here");
      const start = performance.now();
      train(step);
      if (step >= warmUpSteps) times.push(performance.now() - start);
    }
  }
  for (const { variant, times } of runs) {
    times.sort((a, b) => a - b);
    const line = { workers: group.size, variant, medianMs: times[times.length >> 1], minMs: times[0] };
    if (rank === 0) console.log(JSON.stringify(line));
  }
}

async function startWorkers(workers: number, sizes: readonly number[]): Promise<void> {
  const [end] = await runGroup({
    program: new URL(import.meta.url),
    args: sizes.map(String),
    workers,
    timeoutMs: 3_600_000,
  });
  console.log(end.log.split("\n").filter((line) => line.startsWith("{") || end.code !== 0).join("\n"));
  Deno.exit(end.code);
}

const [first, second, ...rest] = Deno.args;
if (second?.includes(":")) await runWorker(Number(first), second.split(","), rest.map(Number));
else {
  const [workers, ...sizes] = Deno.args.map(Number);
  if (sizes.length !== 3 || ![workers, ...sizes].every((value) => Number.isInteger(value) && value > 0)) {
    console.error("usage: synchronized_step.ts WORKERS BATCH SIZE STEPS");
    Deno.exit(1);
  }
  await startWorkers(workers, sizes);
}
