import { assertEquals, assertRejects } from "@std/assert";
import { finetune } from "../../lib/stages/finetune.ts";
import { runTraining } from "../../lib/stages/run_training.ts";
import type { StepMetrics } from "../../lib/train/training_session.ts";
import type { WorkerApi } from "../../lib/workers/worker_api.ts";
import { WorkerError } from "../../lib/workers/worker_process.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { withStages } from "./_stage_fixture.ts";

function metrics(step: number): StepMetrics {
  return {
    step,
    loss: 10 - step,
    parts: { classLoss: 9 - step },
    learningRate: 0.1,
    elapsedMs: 5,
    waitMs: 1,
  };
}

/** A worker's training of six steps, two a call, from a step on. */
function training(from: number, damaged: string[] = []): Partial<WorkerApi> & { closed: number } {
  let step = from;
  const calls = {
    closed: 0,
    openFinetuning: () => Promise.resolve({ step, steps: 6, damaged }),
    train: () => Promise.resolve([metrics(++step), metrics(++step)]),
    validate: () => Promise.resolve(0.75),
    saveTraining: () => Promise.resolve(),
    closeTraining: () => Promise.resolve(void calls.closed++),
  };
  return calls;
}

const opened = (worker: { openFinetuning: WorkerApi["openFinetuning"] }) =>
  worker.openFinetuning({} as never);

Deno.test("runTraining() asks for steps to the end, and writes and shows each", () => {
  const worker = training(0);
  return withStages(worker, async (context, told) => {
    const result = await runTraining(context, "finetune", opened, false);
    assertEquals(result, { steps: 6, finalLoss: 4, peakRssBytes: 2e6 });
    const records = await context.run.metrics.read();
    assertEquals(
      records.map(({ stage, step }) => [stage, step]),
      [1, 2, 3, 4, 5, 6].map((step) => ["finetune", step]),
    );
    assertEquals(records[0], {
      stage: "finetune",
      step: 1,
      loss: 9,
      learningRate: 0.1,
      elapsedMs: 5,
      waitMs: 1,
      classLoss: 8,
    });
    assertEquals(records.map(({ rssBytes }) => rssBytes ?? null), [null, 1e6, null, 1e6, null, 1e6]);
    assertEquals(told.progress.map(({ label, done, total, loss }) => [label, done, total, loss]), [
      ["finetune", 2, 6, 8],
      ["finetune", 4, 6, 6],
      ["finetune", 6, 6, 4],
    ]);
    assertEquals([told.sentences, worker.closed], [[], 1]);
  });
});

Deno.test("runTraining() goes on where the worker does, and takes back the steps past it", () =>
  withStages(training(4, ["Cannot use step-6: it is damaged"]), async (context, told) => {
    for (const step of [1, 2, 3, 4, 5, 6]) {
      await context.run.metrics.append({ stage: "finetune", step, loss: -1 });
    }
    await context.run.metrics.append({ stage: "pretrain", step: 5, loss: -2 });
    await runTraining(context, "finetune", opened, false);
    assertEquals(told.sentences, [
      "finetune: Cannot use step-6: it is damaged; the checkpoint before is used",
      "finetune: goes on at step 4",
    ]);
    const records = (await context.run.metrics.read()).map(({ stage, step, loss }) => [stage, step, loss]);
    assertEquals(records.filter(([stage]) => stage === "finetune"), [
      ...[1, 2, 3, 4].map((step) => ["finetune", step, -1]),
      ["finetune", 5, 5],
      ["finetune", 6, 4],
    ]);
    assertEquals(records.filter(([stage]) => stage === "pretrain"), [["pretrain", 5, -2]]);
  }));

Deno.test("runTraining() tells what XLA can't compile as it turns up, each function once, where XLA is used", async () => {
  const withoutXla: string[] = [];
  const device = (): ReturnType<WorkerApi["device"]> => {
    const found = ["stem, as it has no Sort", "head, as it has no Unique"][withoutXla.length];
    if (found !== undefined) withoutXla.push(found);
    return Promise.resolve({
      tensorflow: "2.21.0",
      deviceName: "CPU:0",
      threads: 2,
      hostCpu: null,
      kernels: "xla",
      withoutXla: [...withoutXla],
    });
  };
  const config = { ...tinyConfig, device: { ...tinyConfig.device, kernels: "xla" as const } };
  for (const each of [config, tinyConfig]) {
    withoutXla.length = 0;
    await withStages({ ...training(0), device }, async (context, { sentences }) => {
      await runTraining(context, "finetune", opened, false);
      const told = "finetune: runs on TensorFlow's kernels, without XLA:";
      const wanted = [`${told} stem, as it has no Sort`, `${told} head, as it has no Unique`];
      assertEquals(sentences, each === config ? wanted : []);
    }, each);
  }
});

Deno.test("runTraining() of a training that had ended only measures it", () => {
  const worker = training(6);
  return withStages(worker, async (context) => {
    const result = await runTraining(context, "finetune", opened, true);
    assertEquals(result, { steps: 6, finalLoss: null, top1: 0.75, peakRssBytes: 2e6 });
    assertEquals([await context.run.metrics.read(), worker.closed], [[], 1]);
  });
});

/** A training of six steps, one a call, whose processes end at given steps; a checkpoint is there every second step. */
function endingTraining(ends: number[]): Partial<WorkerApi> & { opened: number[] } {
  let step = 0;
  const calls = {
    opened: [] as number[],
    openFinetuning: () => {
      step -= step % 2;
      calls.opened.push(step);
      return Promise.resolve({ step, steps: 6, damaged: [] });
    },
    train: () => {
      if (ends[0] !== step) return Promise.resolve([metrics(++step)]);
      ends.shift();
      return Promise.reject(new WorkerError("The worker process ended with SIGKILL"));
    },
    saveTraining: () => Promise.resolve(),
    closeTraining: () => Promise.resolve(),
  };
  return calls;
}

Deno.test("runTraining() goes on from the newest checkpoint if the worker ends, and each step is written once", () => {
  const worker = endingTraining([3, 3, 5]);
  return withStages(worker, async (context, { sentences }) => {
    const result = await runTraining(context, "finetune", opened, false);
    assertEquals([result.steps, result.finalLoss], [6, 4]);
    assertEquals(worker.opened, [0, 2, 2, 4]);
    assertEquals((await context.run.metrics.read()).map(({ step }) => step), [1, 2, 3, 4, 5, 6]);
    assertEquals(sentences.slice(0, 2), [
      "finetune: worker 1 is started again: The worker process ended with SIGKILL",
      "finetune: goes on at step 2",
    ]);
  });
});

Deno.test("runTraining() gives up if the worker ends five times without getting further", () => {
  const worker = endingTraining(Array(9).fill(3));
  return withStages(worker, async (context) => {
    await assertRejects(() => runTraining(context, "finetune", opened, false), WorkerError, "SIGKILL");
    assertEquals(worker.opened, [0, 2, 2, 2, 2]);
  });
});

Deno.test("a training that is told to stop ends its steps, has them saved, and throws the reason", () => {
  const stop = new AbortController();
  const asked: string[] = [];
  let step = 0;
  const worker: Partial<WorkerApi> = {
    openFinetuning: () => Promise.resolve({ step, steps: 6, damaged: [] }),
    train: () => {
      if (step === 2) stop.abort(new Error("enough"));
      return Promise.resolve([metrics(++step)]);
    },
    saveTraining: () => Promise.resolve(void asked.push(`save ${step}`)),
  };
  return withStages(
    worker,
    async (context) => {
      await assertRejects(() => runTraining(context, "finetune", opened, false), Error, "enough");
      assertEquals(asked, ["save 3"]);
      assertEquals((await context.run.metrics.read()).map(({ step }) => step), [1, 2, 3]);
    },
    tinyConfig,
    { signal: stop.signal },
  );
});

for (const from of [0, 6]) {
  Deno.test(`a training at step ${from} of 6 ends with measured statistics, saved and told`, () => {
    const asked: string[] = [];
    let measured = 0;
    const worker: Partial<WorkerApi> = {
      ...training(from),
      openFinetuning: () => Promise.resolve({ step: from, steps: 6, damaged: [], statisticsImages: 16 }),
      saveTraining: () => Promise.resolve(void asked.push("save")),
      measureStatistics: () => {
        asked.push("measure");
        return Promise.resolve({ done: ++measured, total: 3 });
      },
      closeTraining: () => Promise.resolve(void asked.push("close")),
    };
    return withStages(worker, async (context, { sentences, progress }) => {
      await context.run.metrics.append({ stage: "finetune", step: from, loss: 4 });
      const { finalLoss } = await runTraining(context, "finetune", opened, false);
      assertEquals(finalLoss, 4);
      assertEquals(asked, [
        ...(from === 0 ? ["save"] : []),
        "measure",
        "measure",
        "measure",
        "save",
        "close",
      ]);
      assertEquals(sentences, ["finetune: batch-norm statistics measured on 16 images"]);
      assertEquals(
        progress.filter(({ unit }) => unit === "units"),
        [1, 2, 3].map((done) => ({ label: "finetune statistics", unit: "units", done, total: 3 })),
      );
    });
  });
}

Deno.test("a worker that ends while it measures is started again, and measures all again", () => {
  let measured = 0, openings = 0;
  const asked: string[] = [];
  const worker: Partial<WorkerApi> = {
    ...training(6),
    openFinetuning: () => {
      measured = 0;
      openings++;
      return Promise.resolve({ step: 6, steps: 6, damaged: [], statisticsImages: 16 });
    },
    measureStatistics: () => {
      if (openings === 1 && measured === 2) {
        return Promise.reject(new WorkerError("The worker process ended"));
      }
      asked.push(`measure ${++measured}`);
      return Promise.resolve({ done: measured, total: 3 });
    },
    saveTraining: () => Promise.resolve(void asked.push("save")),
  };
  return withStages(worker, async (context, { sentences }) => {
    await runTraining(context, "finetune", opened, false);
    const parts = [1, 2, 3].map((part) => `measure ${part}`);
    assertEquals(asked, [...parts.slice(0, 2), ...parts, "save"]);
    assertEquals(sentences[0], "finetune: worker 1 is started again: The worker process ended");
  });
});

Deno.test("a stage can't begin before the one that it builds on is finished", () =>
  withStages(training(0), async (context) => {
    await assertRejects(() => finetune(context), RangeError, "stage pretrain is not finished");
    await context.run.finishStage("pretrain");
    assertEquals((await finetune(context)).finalLoss, 4);
  }));
