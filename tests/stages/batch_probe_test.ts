import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Config } from "../../lib/config/schema.ts";
import {
  batchedTrainings,
  largestArchitecture,
  probeBatch,
  withBatch,
} from "../../lib/stages/batch_probe.ts";
import { trainingTask } from "../../lib/stages/stage_context.ts";
import { costTable, countMacs } from "../../lib/space/cost.ts";
import type { TrainingTask, WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

/** Calls of a worker whose memory grows by a MB an image, and that fails from a size on. */
function growingWorker(
  failsFrom: number,
  failure: Error,
): Partial<WorkerApi> & { readonly opened: Config[] } {
  const opened: Config[] = [];
  const size = (): number => opened.at(-1)?.finetune.batchSize ?? 0;
  return {
    opened,
    openFinetuning: ({ config }: TrainingTask) => {
      opened.push(config);
      return Promise.resolve({ step: 0, steps: 1e6, damaged: [] });
    },
    train: () => {
      if (size() >= failsFrom) return Promise.reject(failure);
      const step = { step: 1, loss: 1, parts: {}, learningRate: 0.1, elapsedMs: 100, waitMs: 0 };
      return Promise.resolve([step, { ...step, elapsedMs: 9000 }, step]);
    },
    memory: () => Promise.resolve({ rssBytes: 1e8 + 1e6 * size(), peakRssBytes: 1e8 + 1e6 * size() }),
    closeTraining: () => Promise.resolve(),
  };
}

const killed = new WorkerError("The worker process ended with SIGKILL");
const limits = { bytes: Infinity, images: 1000 };

for (const end of [killed, new Error("RESOURCE_EXHAUSTED: OOM when allocating tensor")]) {
  Deno.test(`probeBatch() keeps the last size before a worker that has no memory left: ${end.message}`, () => {
    const worker = growingWorker(10, end);
    return withStages(worker, async (context) => {
      const sizes: number[] = [];
      const onMeasured = ({ batchSize }: { batchSize: number }): void => void sizes.push(batchSize);
      const task = trainingTask(context);
      const chosen = await probeBatch(context.worker, task, "finetune", limits, 2, onMeasured);
      assertEquals([chosen.batchSize, chosen.reason], [8, "largest that ran; 16 did not"]);
      assertEquals(sizes, [2, 4, 8]);
      assertEquals(chosen.measured.map(({ imagesPerSecond }) => imagesPerSecond), [20, 40, 80]);
      assert(worker.opened.every(({ pretrain }) => pretrain === null), "no weights are looked for");
    });
  });
}

Deno.test("probeBatch() hands on what has not to do with memory", () =>
  withStages(growingWorker(4, new RangeError("Cannot read a.jpg")), async (context) => {
    const probe = (): unknown =>
      probeBatch(context.worker, trainingTask(context), "finetune", limits, 2, () => {});
    await assertRejects(async () => await probe(), Error, "Cannot read a.jpg");
  }));

Deno.test("withBatch() scales the learning rate with the batch and leaves the rest", () => {
  const { batchSize, learningRate } = tinyConfig.finetune;
  const { finetune, ...rest } = withBatch(tinyConfig, "finetune", 3 * batchSize);
  const { finetune: before, ...others } = tinyConfig;
  assertEquals(finetune, {
    ...before,
    batchSize: 3 * batchSize,
    learningRate: (learningRate * 3 * batchSize) / batchSize,
  });
  assertEquals(rest, others);
});

Deno.test("batchedTrainings() are those that a config has", () => {
  assertEquals(batchedTrainings(tinyConfig), ["pretrain", "finetune", "retrain"]);
  const alone = { ...tinyConfig, architecture: "random" };
  assertEquals(batchedTrainings(alone), ["retrain"]);
});

Deno.test("largestArchitecture() has no dearer neighbour", () => {
  const { space } = tinyConfig;
  const largest = largestArchitecture(costTable(space));
  const most = countMacs(space, largest);
  for (const block of largest.keys()) {
    for (const choice of space.choices.keys()) {
      assert(countMacs(space, largest.with(block, choice)) <= most, `block ${block}, choice ${choice}`);
    }
  }
});
