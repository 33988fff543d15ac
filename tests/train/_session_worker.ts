/**
 * One worker of a training's session, for `synchronized_session_test.ts`: opens it where it was left and trains it to its
 * end, unless something befalls the worker.
 *
 * @module
 */
import { ensureLibrary, startEngine } from "../../lib/engine/mod.ts";
import type { Device } from "../../lib/train/device.ts";
import { openFinetuning } from "../../lib/train/finetuning.ts";
import { networkMetadata } from "../../lib/train/network_metadata.ts";
import { uniformPaths } from "../../lib/train/path.ts";
import { openPretraining } from "../../lib/train/pretraining.ts";
import type { TrainingSession } from "../../lib/train/training_session.ts";
import { measureAll } from "../helpers/measure_all.ts";
import {
  tinyClassificationSet,
  tinyConfig,
  tinyDetectionSet,
  tinyPretraining,
} from "../helpers/tiny_data.ts";

/** Steps of a session. */
export const sessionSteps = 6;

/** Opens a session; that on boxes measures its statistics on eight images. */
export async function openTinySession(
  device: Device,
  training: string,
  dir: string,
  approximate = false,
): Promise<TrainingSession> {
  const common = {
    name: training,
    dir,
    origin: { configHash: "c0", seed: 1, threads: 1, workers: device.group?.size ?? 1, versions: {} },
    metadata: networkMetadata(tinyConfig),
    approximate,
    onDamaged: (reason: string): never => {
      throw new Error(reason);
    },
    config: tinyConfig,
    path: uniformPaths({ space: tinyConfig.space, seed: 1, stage: training }),
    only: null,
  };
  const schedule = { duration: { steps: sessionSteps }, checkpointSteps: 2, batchSize: 4 };
  if (training === "finetune") {
    return await openFinetuning(device, tinyDetectionSet("train", 6), {
      ...common,
      training: { ...tinyConfig.finetune, ...schedule },
      initial: () => Promise.resolve(null),
      statistics: { images: 8 },
    });
  }
  const data = {
    train: tinyClassificationSet("train", 2),
    val: tinyClassificationSet("val", 1),
    version: "shapes",
  };
  return (await openPretraining(device, data, { ...common, training: { ...tinyPretraining, ...schedule } }))
    .session;
}

if (import.meta.main) {
  const [rank, addresses, training, dir, killedRank, killedStep] = Deno.args;
  const { path: libraryPath } = await ensureLibrary({});
  const engine = await startEngine({
    libraryPath,
    threads: 1,
    group: { rank: Number(rank), addresses: addresses.split(","), joinMs: 30_000, heartbeatMs: 2_000 },
  });
  using session = await openTinySession(engine, training, dir);
  const losses: number[] = [];
  while (session.step < session.steps) {
    if (rank === killedRank && session.step === Number(killedStep)) Deno.kill(Deno.pid, "SIGKILL");
    losses.push(...(await session.trainFor(0)).map(({ loss }) => loss)); // a step, and a word on the time
  }
  await session.save();
  if (session.statisticsImages > 0) await measureAll(session);
  await session.save();
  console.log(`losses ${losses.join()}`);
}
