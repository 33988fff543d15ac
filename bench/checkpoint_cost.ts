/**
 * What checkpoints cost: path-wise training steps of a config's pre-training, and the time to write a checkpoint of its
 * network, synced to the disk: `deno run … bench/checkpoint_cost.ts CONFIG BATCH SIZE STEPS` (e.g. `coco-fpn-300m 32 224 20`)
 * prints one JSON line `{ stepMs, checkpointMs, checkpointBytes, checkpointSteps, share }`: medians, and the share of the
 * training's time that checkpoints take at the config's own interval. Images are generated.
 *
 * @module
 */
import { parseConfig } from "../lib/config/parse_config.ts";
import { ensureLibrary, startEngine } from "../lib/engine/mod.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { StageWorker } from "../lib/workers/stage_worker.ts";
import { configs } from "../tasks/configs/mod.ts";

const [name, ...sizes] = Deno.args;
const base = configs.get(name);
const [batchSize, sizePx, steps] = sizes.map(Number);
if (base === undefined || base.pretrain === null || !(steps > 0)) {
  console.error("usage: checkpoint_cost.ts CONFIG BATCH SIZE STEPS");
  Deno.exit(1);
}
const threads = navigator.hardwareConcurrency;
const checkpointSteps = base.pretrain.checkpointSteps;
const config = parseConfig({
  ...base,
  device: { kind: "cpu", threads },
  pretrainData: { kind: "shapes", imagesPerClass: 2 * batchSize, imagePx: sizePx, valImagesPerClass: 1 },
  // Only the steps that are asked for are made, and none of them writes a checkpoint by itself.
  pretrain: {
    ...base.pretrain,
    batchSize,
    resolutionPx: sizePx,
    duration: { steps: 1_000_000 },
    checkpointSteps: 1_000_000,
  },
}, "the bench");

const { path: libraryPath } = await ensureLibrary({});
const engine = await startEngine({ libraryPath, threads });
const { version: tensorflow, deviceName } = engine;
const report = { tensorflow, deviceName, threads, hostCpu: null, kernels: "tensorflow" };
const worker = new StageWorker(engine, report, new DataSets(null));
const runDir = await Deno.makeTempDir({ dir: ".", prefix: "bench_checkpoint_" });
try {
  await worker.openPretraining({ config, runDir, approximate: false });
  for (let i = 0; i < 40; i++) await worker.train(0); // compiles what it meets
  const [stepMs, checkpointMs]: number[][] = [[], []];
  for (let i = 0; i < steps; i++) {
    stepMs.push(...(await worker.train(0)).map(({ elapsedMs }) => elapsedMs));
    const start = performance.now();
    await worker.saveTraining();
    checkpointMs.push(performance.now() - start);
  }
  await worker.closeTraining();
  const [step, checkpoint] = [median(stepMs), median(checkpointMs)];
  console.log(JSON.stringify({
    stepMs: Math.round(step),
    checkpointMs: Math.round(checkpoint),
    checkpointBytes: await bytesBelow(`${runDir}/pretrain`),
    checkpointSteps,
    share: Number((checkpoint / (checkpointSteps * step + checkpoint)).toPrecision(2)),
  }));
} finally {
  await Deno.remove(runDir, { recursive: true });
}
Deno.exit(0);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Of the newest checkpoint, the only one that is kept of those off the schedule. */
async function bytesBelow(dir: string): Promise<number> {
  let bytes = 0;
  for await (const entry of Deno.readDir(dir)) {
    const path = `${dir}/${entry.name}`;
    bytes += entry.isDirectory ? await bytesBelow(path) : (await Deno.stat(path)).size;
  }
  return bytes;
}
