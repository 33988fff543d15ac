import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { checkpointSteps } from "../../lib/train/checkpoint.ts";
import type { Device } from "../../lib/train/device.ts";
import { openFinetuning } from "../../lib/train/finetuning.ts";
import { networkMetadata } from "../../lib/train/network_metadata.ts";
import { fixedPath, uniformPaths } from "../../lib/train/path.ts";
import { openPretraining } from "../../lib/train/pretraining.ts";
import type { TensorMap } from "../../lib/train/safetensors.ts";
import type { TrainingSession } from "../../lib/train/training_session.ts";
import { eagerCompiler } from "../../lib/nn/compiled.ts";
import { useEngine } from "../helpers/engine.ts";
import { digests, filesBelow } from "../helpers/job.ts";
import { measureAll } from "../helpers/measure_all.ts";
import { alive } from "../helpers/leaks.ts";
import {
  poison,
  tinyArchitecture,
  tinyClassificationSet,
  tinyConfig,
  tinyDetectionSet,
  tinyDetector,
  tinyPretraining,
} from "../helpers/tiny_data.ts";

const engine = await useEngine();
/** Op by op: for a few steps it is faster than compiling. */
const device: Device = { compiler: eagerCompiler, uploadImages: engine.uploadImages };
const steps = 5;
const origin = { configHash: "c0", seed: 1, threads: 2, versions: { tensorflow: engine.version } };
const duration = { duration: { steps }, checkpointSteps: 2 };

type Open = (dir: string, onDamaged?: (reason: string) => void) => Promise<TrainingSession>;

const common = (dir: string, onDamaged?: (reason: string) => void) => ({
  dir,
  origin,
  metadata: networkMetadata(tinyConfig),
  approximate: false,
  onDamaged: onDamaged ?? ((reason: string) => assert(false, reason)),
  config: tinyConfig,
  tinyPretraining,
});

const openLabels: Open = async (dir, onDamaged) => {
  const [train, val] = [tinyClassificationSet("train", 2), tinyClassificationSet("val", 1)];
  const { session } = await openPretraining(device, { train, val, version: "shapes" }, {
    ...common(dir, onDamaged),
    name: "pretrain",
    training: { ...tinyPretraining, ...duration, batchSize: 4 },
    path: uniformPaths({ space: tinyConfig.space, seed: 1, stage: "pretrain" }),
    only: null,
  });
  return session;
};

function openBoxes(
  device: Device,
  initial: TensorMap | null = null,
  statistics: { readonly images: number } | null = null,
): Open {
  return (dir, onDamaged) =>
    openFinetuning(device, tinyDetectionSet("train", 6), {
      ...common(dir, onDamaged),
      name: "retrain",
      training: { ...tinyConfig.retrain, ...duration, batchSize: 2 },
      path: fixedPath(tinyArchitecture),
      only: tinyArchitecture,
      initial: () => Promise.resolve(initial),
      statistics,
    });
}

async function withFolders(test: (...dirs: string[]) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "detnas_session_" });
  try {
    const dirs = ["a", "b"].map((name) => `${root}/${name}`);
    for (const dir of dirs) await Deno.mkdir(dir);
    await test(...dirs);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Trains up to a step and leaves. */
async function trainTo(step: number, open: Open, dir: string): Promise<number[]> {
  using session = await open(dir);
  const losses: number[] = [];
  while (session.step < step) {
    losses.push((await session.trainStep()).loss);
    await session.saveDue();
  }
  return losses;
}

/** The SHA-256 of every checkpoint's files. */
async function checkpointFiles(dir: string): Promise<Record<string, string>> {
  return digests(await filesBelow(dir));
}

// Both ways of running units: op by op, and compiled (which takes longer to start).
for (
  const [name, open, stops] of [["labels", openLabels, [1, 2, 3, 4]], ["boxes", openBoxes(engine), [
    2,
    3,
  ]]] as const
) {
  Deno.test(`a training on ${name}, left at any step and gone on with, writes the bytes of one that was not`, () =>
    withFolders(async (straight, stopped) => {
      const losses = await trainTo(steps, open, straight);
      const wanted = await checkpointFiles(straight);
      assertEquals(Object.keys(wanted).filter((file) => file.endsWith("json")), [
        "step-4/manifest.json",
        "step-5/manifest.json",
      ]);
      for (const stop of stops) {
        await Deno.remove(stopped, { recursive: true });
        await Deno.mkdir(stopped);
        await trainTo(stop, open, stopped);
        const resumedFrom = stop - stop % 2;
        assertEquals(
          await checkpointSteps(stopped),
          resumedFrom === 0 ? [] : [2, 4].slice(0, resumedFrom / 2),
        );
        assertEquals(await trainTo(steps, open, stopped), losses.slice(resumedFrom), `stopped at ${stop}`);
        assertEquals(await checkpointFiles(stopped), wanted, `stopped at ${stop}`);
      }
      assertEquals(await trainTo(steps, open, stopped), []);
    }));
}

Deno.test("a training saved and left at any step, and gone on with, writes the bytes of one that was not", () =>
  withFolders(async (straight, stopped) => {
    const open = openBoxes(device);
    await trainTo(steps, open, straight);
    for (let step = 0; step <= steps; step++) {
      await trainTo(step, open, stopped);
      using session = await open(stopped);
      while (session.step < step) await session.trainStep().then(() => session.saveDue());
      await session.save();
      if (step > 0) assertEquals((await checkpointSteps(stopped)).at(-1), step);
    }
    assertEquals(await checkpointFiles(stopped), await checkpointFiles(straight));
  }));

Deno.test("measured statistics are saved at the end, and again the same by a training that goes on from there", () =>
  withFolders(async (dir) => {
    const open = openBoxes(device, null, { images: 5 });
    const measureAndSave = async (): Promise<Record<string, string>> => {
      using session = await open(dir);
      assertEquals([session.step, session.statisticsImages], [steps, 6]); // three whole batches
      await measureAll(session);
      await session.save();
      return await checkpointFiles(dir);
    };
    await trainTo(steps, open, dir);
    const running = await checkpointFiles(dir);
    const measured = await measureAndSave();
    const differing = Object.keys(running).filter((file) => measured[file] !== running[file]);
    assertEquals(differing, ["step-5/manifest.json", "step-5/network.safetensors"]);
    assertEquals(await measureAndSave(), measured);
  }));

Deno.test("statistics of null change no byte, and those of a training that is not at its end are refused", () =>
  withFolders(async (without, withNumber) => {
    await trainTo(steps, openBoxes(device), without);
    const open = openBoxes(device, null, { images: 4 });
    await trainTo(steps - 1, open, withNumber);
    {
      using session = await open(withNumber);
      const message = "Cannot measure statistics of retrain before its end: step 4 of 5";
      await assertRejects(() => session.measureFor(0), RangeError, message);
    }
    await trainTo(steps, open, withNumber);
    assertEquals(await checkpointFiles(withNumber), await checkpointFiles(without));
  }));

Deno.test("a damaged newest checkpoint is passed over, aloud, and the training ends with the same bytes", () =>
  withFolders(async (dir) => {
    const open = openBoxes(device);
    await trainTo(steps, open, dir);
    const wanted = await checkpointFiles(dir);
    const file = `${dir}/step-5/network.safetensors`;
    const bytes = await Deno.readFile(file);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(file, bytes);

    const reasons: string[] = [];
    {
      using session = await open(dir, (reason) => reasons.push(reason));
      assertEquals(session.step, 4);
      await session.trainStep();
      await session.saveDue();
    }
    assertEquals(reasons, [`Cannot use ${file}: its SHA-256 is not the manifest's`]);
    assertEquals(await checkpointFiles(dir), wanted);
  }));

Deno.test("a checkpoint of another number of threads is refused, unless told otherwise", () =>
  withFolders(async (dir) => {
    await trainTo(2, openBoxes(device), dir);
    const openWith = (approximate: boolean): Promise<TrainingSession> =>
      openFinetuning(device, tinyDetectionSet("train", 6), {
        ...common(dir),
        origin: { ...origin, threads: 3 },
        approximate,
        name: "retrain",
        training: { ...tinyConfig.retrain, ...duration, batchSize: 2 },
        path: fixedPath(tinyArchitecture),
        only: tinyArchitecture,
        initial: () => Promise.resolve(null),
      });
    const before = alive(engine);
    await assertRejects(() => openWith(false), RangeError, "threads was 2 and is now 3");
    assertEquals(alive(engine), before);
    using session = await openWith(true);
    assertEquals(session.step, 2);
  }));

Deno.test("a loss that is not finite stops the training with step, path and images, and leaves the checkpoints alone", () =>
  withFolders(async (dir) => {
    using network = tinyDetector(device, tinyArchitecture);
    poison(network.state, network.units[0]);
    using session = await openBoxes(device, network.state.toHost())(dir);
    const error = await assertRejects(() => session.trainStep(), RangeError);
    assertStringIncludes(
      error.message,
      "Cannot go on with retrain as the loss of step 1 is NaN: path 01230, images train/",
    );
    assertStringIncludes(error.message, dir);
    assertEquals(session.step, 0);
    assertEquals(await Array.fromAsync(Deno.readDir(dir)), []);
  }));

Deno.test("a network with values that are no numbers is never saved, even if the loss before was fine", () =>
  withFolders(async (dir) => {
    using network = tinyDetector(device, tinyArchitecture);
    const weights = network.state.toHost();
    const [name, { data }] = [...weights].find(([name]) => name.endsWith(".mean"))!;
    data[0] = NaN; // running statistics take no part in a training step
    using session = await openBoxes(device, weights)(dir);
    await session.trainStep();
    const error = await assertRejects(() => session.save(), RangeError);
    assertStringIncludes(error.message, `as step 1 has left ${name} with values that are no numbers`);
    assertEquals(await Array.fromAsync(Deno.readDir(dir)), []);
  }));

Deno.test("a training starts from the weights it is given, with momentum at zero, and those of missing units as drawn", () =>
  withFolders(async (given, drawn) => {
    using network = tinyDetector(device, tinyArchitecture);
    const weights = network.state.toHost();
    const backbone = new Map([...weights].filter(([name]) => !/^(fpn|head)\./.test(name)));
    for (const { data } of backbone.values()) data.forEach((value, i) => data[i] = Number(value) * 1.5);
    assertEquals(
      await trainTo(1, openBoxes(device, new Map()), given),
      await trainTo(1, openBoxes(device), drawn),
    );
    const [other] = await trainTo(1, openBoxes(device, backbone), given);
    const [same] = await trainTo(1, openBoxes(device), drawn);
    assert(other !== same);
  }));

Deno.test("a session that is disposed leaves nothing, wherever it was left", () =>
  withFolders(async (labels, boxes) => {
    const start = alive(engine);
    for (const [open, dir] of [[openLabels, labels], [openBoxes(engine), boxes]] as const) {
      await trainTo(3, open, dir);
      assertEquals(alive(engine), start);
      await trainTo(steps, open, dir);
      assertEquals(alive(engine), start);
    }
  }));

Deno.test("a session that is disposed while it measures leaves nothing, and has changed no file", () =>
  withFolders(async (dir) => {
    const open = openBoxes(engine, null, { images: 4 });
    await trainTo(steps, open, dir);
    const [start, files] = [alive(engine), await checkpointFiles(dir)];
    for (const calls of [1, 3, 20]) {
      using session = await open(dir);
      for (let i = 0; i < calls; i++) {
        const { done, total } = await session.measureFor(0);
        assert(done < total);
      }
      await session.save();
    }
    assertEquals(alive(engine), start);
    assertEquals(await checkpointFiles(dir), files);
  }));
