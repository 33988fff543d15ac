/** A worker goes on with a training only where nothing has changed that its result depends on. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Config } from "../../lib/config/schema.ts";
import { readApproximations } from "../../lib/run/origin.ts";
import { type ClassificationData, DataSets } from "../../lib/train/datasets.ts";
import { originOf } from "../../lib/workers/run_weights.ts";
import type { StageWorker } from "../../lib/workers/stage_worker.ts";
import type { DeviceReport } from "../../lib/workers/worker_api.ts";
import { eagerReport, eagerWorker } from "../helpers/eager_worker.ts";
import { useEngine } from "../helpers/engine.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

const engine = await useEngine();
const report = eagerReport(engine);

/** The same images, one with another label. */
class Relabelled extends DataSets {
  override async classification(config: Config): Promise<ClassificationData> {
    const { train, ...data } = await super.classification(config);
    const samples = [...train.samples];
    samples[0] = { ...samples[0], classIndex: 1 };
    return {
      ...data,
      train: {
        ...train,
        samples: {
          length: samples.length,
          at: (i) => samples[i],
          [Symbol.iterator]: () => samples.values(),
        },
      },
    };
  }
}

function worker(changed: Partial<DeviceReport> = {}, data = new DataSets(null)): StageWorker {
  return eagerWorker(engine, changed, data);
}

/** Opens a pre-training; trains one step and leaves. */
async function oneStep(
  worker: StageWorker,
  runDir: string,
  approximate: boolean,
  config = tinyConfig,
): Promise<number> {
  const { step } = await worker.openPretraining({ config, runDir, approximate });
  try {
    await worker.train(0);
    await worker.saveTraining();
    return step;
  } finally {
    await worker.closeTraining();
  }
}

Deno.test("a training of other data, threads, seed or TensorFlow is refused by name; an approximate one goes on, recorded", () =>
  withFolder(async (run) => {
    assertEquals(await oneStep(worker(), run, false), 0);
    const other = { threads: 3, tensorflow: "2.0.0" };
    const data = new Relabelled(null);
    const config = { ...tinyConfig, seed: 7, device: { ...tinyConfig.device, kind: "gpu" } } as const;
    const refused: [() => Promise<unknown>, string][] = [
      [() => oneStep(worker({}, data), run, false), "as data was "],
      [() => oneStep(worker({ threads: 3 }), run, false), "as threads was 2 and is now 3: "],
      [
        () => oneStep(worker(other), run, false),
        `threads was 2 and is now 3; version of tensorflow was ${engine.version}`,
      ],
      [() => oneStep(worker(), run, false, config), "as seed was 1 and is now 7; "],
      [() => oneStep(worker(), run, false, config), "; device was cpu and is now gpu; config was "],
    ];
    for (const [open, message] of refused) {
      const { message: found } = await assertRejects(open, RangeError);
      assertStringIncludes(found, `Cannot go on from ${run}/pretrain/step-1 as `);
      assertStringIncludes(found, message);
    }
    assertEquals(await readApproximations(run), []);

    assertEquals(await oneStep(worker({ threads: 3 }, data), run, true), 1);
    const recorded = await readApproximations(run);
    assertEquals(recorded.map(({ checkpoint, field }) => [checkpoint, field]), [
      ["pretrain/step-1", "data"],
      ["pretrain/step-1", "threads"],
    ]);
    assertEquals([recorded[1].was, recorded[1].is], [2, 3]);
    assertEquals(
      await oneStep(worker({ threads: 3 }, data), run, false),
      2,
      "the newest checkpoint is these data's",
    );
  }));

Deno.test("originOf() names what computes: device, V8, image decoder and this project, each by version", () => {
  const { versions, ...origin } = originOf(tinyConfig, report, { data: "d0", workers: 2 });
  assertEquals([origin.seed, origin.device, origin.threads, origin.data, origin.workers], [
    1,
    "cpu",
    2,
    "d0",
    2,
  ]);
  assertEquals(Object.keys(versions), ["tensorflow", "kernels", "v8", "sharp", "detnas"]);
  const { kernels, ...numbered } = versions;
  assertEquals(kernels, report.kernels);
  for (const [name, version] of Object.entries(numbered)) {
    assert(/^\d+\.\d+/.test(version), `${name} ${version}`);
  }
});
