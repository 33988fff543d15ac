/** What a worker shows of a network on its way, and that nothing of a training or a score depends on it. */
import * as tf from "@tensorflow/tfjs-core";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DataSets } from "../../lib/train/datasets.ts";
import { shownIndices } from "../../lib/workers/live_pictures.ts";
import type { LivePictures } from "../../lib/workers/worker_api.ts";
import { eagerWorker } from "../helpers/eager_worker.ts";
import { useEngine } from "../helpers/engine.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

const engine = await useEngine();
const config = { ...tinyConfig, pretrain: null };
const choices = [0, 1, 2, 3, 0];

/** Fine-tunes two steps, and retrains two, with looks after each or without; gives the weights and what was seen. */
async function trained(runDir: string, isWatched: boolean): Promise<[Uint8Array[], LivePictures[]]> {
  const [own, task, seen] = [
    eagerWorker(engine),
    { config, runDir, approximate: false },
    [] as LivePictures[],
  ];
  for (const stage of ["finetune", "retrain"]) {
    await (stage === "finetune" ? own.openFinetuning(task) : own.openRetraining(task, choices));
    for (let step = 0; step < 2; step++) {
      await own.train(0);
      if (isWatched) seen.push(await own.trainingPictures(task));
    }
    await own.saveTraining();
    await own.closeTraining();
  }
  const weights = ["finetune", "retrain"].map((stage) => `${runDir}/${stage}/step-2/network.safetensors`);
  return [await Promise.all(weights.map((path) => Deno.readFile(path))), seen];
}

Deno.test("a training that is looked at ends with the bytes of one that is not", () =>
  withFolder(async (folder) => {
    const before = tf.memory().numTensors;
    const [weights, seen] = await trained(`${folder}/watched`, true);
    const [unseen] = await trained(`${folder}/alone`, false);
    assertEquals(weights, unseen);
    assertEquals(tf.memory().numTensors, before);
    assertEquals(seen.map(({ pictures }) => pictures.length), [4, 4, 4, 4]);
    assertEquals(seen[0].pictures.map(({ id }) => id), seen[3].pictures.map(({ id }) => id));
  }));

Deno.test("a look at a candidate leaves its score as it is, and shows the images of the training's looks", () =>
  withFolder(async (folder) => {
    const [, seen] = await trained(folder, true);
    const [own, task] = [eagerWorker(engine), { config, runDir: folder, approximate: false }];
    await own.openScoring(task);
    const score = await own.score(choices);
    const { pictures, classNames } = await own.candidatePictures(task, choices);
    assertEquals(await own.score(choices), score);
    await own.closeScoring();
    assertEquals(
      pictures.map(({ id, truths }) => [id, truths]),
      seen[0].pictures.map(({ id, truths }) => [id, truths]),
    );
    for (const { drawn, detections } of pictures) {
      assertEquals([...drawn.bytes.subarray(0, 2)], [0xff, 0xd8]);
      assertEquals([drawn.widthPx, drawn.heightPx], [480, 480]);
      assert(detections.every(({ score, className }) => score >= 0.3 && classNames.includes(className)));
    }
  }));

Deno.test("a training that is no detector's can't be looked at, and says so", () =>
  withFolder(async (folder) => {
    const [own, task] = [eagerWorker(engine), { config: tinyConfig, runDir: folder, approximate: false }];
    assertEquals((await own.openPretraining(task)).pictureSteps, undefined);
    await assertRejects(
      () => own.trainingPictures(task),
      TypeError,
      "Cannot detect with pretrain as it trains no detector",
    );
    await own.closeTraining();
  }));

Deno.test("shownIndices() takes images with objects of those that are scored, evenly spread; few of a small split", async () => {
  const { val } = await new DataSets(null).detection(config);
  const shown = shownIndices(config, val);
  assertEquals(shown.length, 4);
  assertEquals(shown, shown.toSorted((a, b) => a - b));
  const one = {
    ...val.samples,
    length: val.samples.length,
    at: (index: number) => ({
      ...val.samples.at(index),
      annotations: index === 5 ? val.samples.at(index).annotations : [],
    }),
  };
  assertEquals(
    shownIndices(config, { ...val, samples: { ...one, [Symbol.iterator]: val.samples[Symbol.iterator] } }),
    [5],
  );
});
