/**
 * `--batch auto`: batch sizes that this machine has memory for, found before a run begins and kept in its config.
 *
 * @module
 */
import process from "node:process";
import type { Config } from "../lib/config/schema.ts";
import { type BatchMeasurement, gibibytes } from "../lib/stages/batch_fit.ts";
import {
  type BatchedTraining,
  batchedTrainings,
  type ChosenBatch,
  probeBatch,
  withBatch,
} from "../lib/stages/batch_probe.ts";
import { type DataSets, retrainingSet } from "../lib/train/datasets.ts";
import type { WorkerSlot } from "../lib/workers/worker_slot.ts";

/** What choosing needs. */
export interface AutoBatch {
  readonly config: Config;
  readonly data: DataSets;
  /** Starts a worker that may write to a folder alone. */
  readonly startWorker: (folder: string) => WorkerSlot;
  /** Memory that is free now, in bytes. */
  readonly availableBytes: number;
  /** Takes sentences for the user. */
  readonly say: (sentence: string) => void;
}

/**
 * Whether batch sizes are to be found.
 *
 * @param value What was typed after `--batch`, if it was.
 * @throws {RangeError} If it is anything but `auto`, or several machines train.
 */
export function isAutoBatch(value: string | undefined, machines: number): boolean {
  if (value === undefined) return false;
  if (value !== "auto") {
    throw new RangeError(
      `Cannot understand --batch ${value}: wanted auto; a size of your own is --set finetune.batchSize=N`,
    );
  }
  if (machines > 1) {
    throw new RangeError(
      `Cannot find batch sizes over ${machines} machines: set them with --set finetune.batchSize=N`,
    );
  }
  return true;
}

/** The config with the batch sizes and learning rates that a run has begun with. */
export function withStoredBatches(config: Config, stored: Config): Config {
  return batchedTrainings(config).reduce<Config>((all, training) => {
    const [own, found] = [all[training], stored[training]];
    if (own === null || found === null) return all;
    const { batchSize, learningRate } = found;
    return { ...all, [training]: { ...own, batchSize, learningRate } };
  }, config);
}

/**
 * Measures each training of the config, one after the other, and says what comes of it.
 *
 * @returns The config with the sizes found and learning rates in proportion.
 * @throws {RangeError} If not even one image a worker fits.
 */
export async function withAutoBatches({ config, data, ...job }: AutoBatch): Promise<Config> {
  const { workers, device } = config;
  // Of a GPU's memory only running out of it tells
  const bytes = device.kind === "gpu" ? Infinity : job.availableBytes / workers;
  const folder = await Deno.makeTempDir({ prefix: "detnas_batch_" });
  try {
    let found = config;
    for (const training of batchedTrainings(config)) {
      await using slot = job.startWorker(folder);
      const first = Math.max(1, Math.floor((config[training]?.batchSize ?? 1) / workers));
      const images = Math.floor(await imagesOf(training, config, data) / workers);
      const onMeasured = (measured: BatchMeasurement): void =>
        job.say(measuredText(training, measured, workers));
      const task = { config, runDir: folder, approximate: false };
      const limits = { bytes, images };
      const chosen = await probeBatch(slot, task, training, limits, first, onMeasured);
      found = withBatch(found, training, workers * chosen.batchSize);
      job.say(chosenText(chosen, config, found));
    }
    return found;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Memory that processes may still take here: the machine's, or what a container leaves of it. */
export function availableMemory(): number {
  return Math.min(Deno.systemMemoryInfo().available, process.availableMemory());
}

async function imagesOf(training: BatchedTraining, config: Config, data: DataSets): Promise<number> {
  if (training === "pretrain") return (await data.classification(config)).train.samples.length;
  const detection = await data.detection(config);
  return (training === "retrain" ? retrainingSet(detection) : detection.train).samples.length;
}

function measuredText(training: string, measured: BatchMeasurement, workers: number): string {
  const { batchSize, peakBytes, imagesPerSecond } = measured;
  const each = workers === 1 ? "" : " a worker";
  return `${training}: batch ${batchSize}${each} takes ${gibibytes(peakBytes)}, ${
    imagesPerSecond.toPrecision(3)
  } images/s`;
}

/** e.g. `finetune: batch 48: largest that fits in 20.1 GiB (measured 32: 1.8 GiB); learning rate 0.02 -> 0.06`. */
function chosenText({ training, reason, measured }: ChosenBatch, before: Config, after: Config): string {
  const [was, is] = [before[training], after[training]];
  const sizes = measured.map(({ batchSize, peakBytes }) => `${batchSize}: ${gibibytes(peakBytes)}`).join(
    ", ",
  );
  const rates =
    `learning rate ${was?.learningRate} -> ${is?.learningRate}, in proportion to batch ${was?.batchSize}`;
  return `${training}: batch ${is?.batchSize}: ${reason} (measured ${sizes}); ${rates}`;
}
