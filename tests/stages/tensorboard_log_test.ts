import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { readFields } from "../../lib/base/protobuf.ts";
import { configHash } from "../../lib/config/config_identity.ts";
import { openRun, type RunFolder } from "../../lib/run/run_folder.ts";
import { writeSnapshot } from "../../lib/run/snapshots.ts";
import { architecturePng } from "../../lib/report/architecture_pixels.ts";
import { openHistory } from "../../lib/search/history.ts";
import { TensorBoardLog } from "../../lib/stages/tensorboard_log.ts";
import { readRecords } from "../../lib/tensorboard/record.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";
import { snapshot } from "../dashboard/_run_fixture.ts";

/** What a folder's only event file holds: the tags, and the values of each step, of every event in order. */
interface EventsRead {
  readonly file: string;
  readonly scalars: Record<string, number[][]>;
  readonly texts: string[];
  /** Step, width, height and the encoded image in base64. */
  readonly images: Record<string, [number, number, number, string][]>;
}

async function readEvents(dir: string): Promise<EventsRead> {
  const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  assertEquals(names.length, 1);
  const scalars: Record<string, number[][]> = {};
  const texts: string[] = [];
  const images: EventsRead["images"] = {};
  for (const event of readRecords(await Deno.readFile(`${dir}/${names[0]}`), names[0])) {
    const fields = [...readFields(event)];
    const step = Number(fields.find(([number]) => number === 2)?.[1] ?? 0);
    for (const [number, summary] of fields) {
      if (number !== 5 || typeof summary === "number") continue;
      for (const [, value] of readFields(summary)) {
        readValue(value as Uint8Array, step, { scalars, texts, images });
      }
    }
  }
  return { file: names[0], scalars, texts, images };
}

/** A `Summary.Value`: its tag is field 1; a number is field 2, whose four bytes follow the tag's; an image is field 4. */
function readValue(
  value: Uint8Array,
  step: number,
  { scalars, texts, images }: Pick<EventsRead, "scalars" | "texts" | "images">,
): void {
  const [[, bytes], ...others] = [...readFields(value)];
  const tag = new TextDecoder().decode(bytes as Uint8Array);
  if (others[0]?.[0] === 4) {
    const [[, height], [, width], , [, encoded]] = readFields(others[0][1] as Uint8Array);
    const row = [step, width as number, height as number, (encoded as Uint8Array).toBase64()] as const;
    return void (images[tag] ??= []).push([...row]);
  }
  if (others.length > 0) return void texts.push(tag);
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  (scalars[tag] ??= []).push([step, view.getFloat32(value.length - 4, true)]);
}

function withLog(test: (run: RunFolder, log: TensorBoardLog) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    await using run = await openRun(`${folder}/run`, tinyConfig);
    await test(run, new TensorBoardLog(run));
  });
}

/** A step's record as trainings write it. */
async function train(
  run: RunFolder,
  stage: string,
  step: number,
  loss: number,
  rssBytes?: number,
): Promise<void> {
  const memory = rssBytes === undefined ? {} : { rssBytes };
  const times = { elapsedMs: 500, waitMs: 0 };
  await run.metrics.append({ stage, step, loss, learningRate: 0.25, ...times, boxLoss: loss / 2, ...memory });
}

Deno.test("TensorBoardLog writes every step's numbers once, however often it is brought up to date", () =>
  withLog(async (run, log) => {
    await run.startStage("finetune");
    await train(run, "finetune", 1, 4);
    await log.update();
    const { file } = await readEvents(log.dir);
    await train(run, "finetune", 2, 2, 1e6);
    await train(run, "finetune", 3, 1);
    for (let i = 0; i < 3; i++) await log.update();

    const read = await readEvents(log.dir);
    const rate = 2 * tinyConfig.finetune.batchSize;
    assertEquals(read.file, file);
    assertEquals(read.texts, ["config"]);
    assertEquals(read.scalars, {
      "finetune/loss": [[1, 4], [2, 2], [3, 1]],
      "finetune/boxLoss": [[1, 2], [2, 1], [3, 0.5]],
      "finetune/learning_rate": [[1, 0.25], [2, 0.25], [3, 0.25]],
      "finetune/images_per_second": [[1, rate], [2, rate], [3, rate]],
      "finetune/memory_bytes": [[2, 1e6]],
    });
  }));

Deno.test("TensorBoardLog has neither steps twice nor gaps where steps were taken back, nor where a run goes on", () =>
  withLog(async (run, log) => {
    for (const step of [1, 2, 3]) await train(run, "finetune", step, step);
    await log.update();
    const { file } = await readEvents(log.dir);
    await run.metrics.truncate("finetune", 1);
    for (const step of [2, 3, 4]) await train(run, "finetune", step, 10 * step);
    await log.update();
    const wanted = [[1, 1], [2, 20], [3, 30], [4, 40]];
    const taken = await readEvents(log.dir);
    assertEquals(taken.scalars["finetune/loss"], wanted);
    assertNotEquals(taken.file, file);

    const again = new TensorBoardLog(run);
    await again.update();
    await train(run, "finetune", 5, 50);
    await again.update();
    assertEquals((await readEvents(log.dir)).scalars["finetune/loss"], [...wanted, [5, 50]]);
  }));

/** A generation of the search, by its scores. */
function search(run: RunFolder, generation: number, scores: readonly number[]): void {
  using history = openHistory(run.paths.search, configHash(run.config));
  scores.forEach((score, slot) => {
    const place = { strategy: "evolution", trial: 0, generation, slot, origin: "random" } as const;
    const cost = { macs: 1, parameters: 1, latencyMs: null };
    const outcome = {
      status: "scored",
      score,
      images: null,
      reason: null,
      attempts: 1,
      elapsedMs: 10,
    } as const;
    history.record({ ...place, ...cost, ...outcome, choices: [generation, slot, 0, 0, 0] });
  });
}

const { population } = tinyConfig.search;
const rising = Array.from({ length: population }, (_, i) => i / population);

/** A run from its first training to its AP. */
async function wholeRun(run: RunFolder): Promise<void> {
  await train(run, "pretrain", 1, 2);
  await run.startStage("pretrain");
  await run.finishStage("pretrain", { steps: 1, top1: 0.5 });
  await run.startStage("search");
  search(run, 0, rising);
  search(run, 1, rising.map(() => 0.125));
  search(run, 2, [0.99]);
  const winner = { choices: [1, 2], macs: 5, parameters: 6, score: 0.5 };
  await run.finishStage("search", { winners: [winner] });
  await run.finishStage("retrain", { steps: 7 });
  await run.finishStage("evaluate", { summary: { AP: 0.375, APs: -1 }, perClass: {} });
}

const best = rising[population - 1];
const mean = rising.reduce((sum, score) => sum + score, 0) / population;

Deno.test("TensorBoardLog has whole generations' best and mean scores, the accuracy, the final AP and the winners", () =>
  withLog(async (run, log) => {
    await wholeRun(run);
    await log.update();
    await log.update();
    const { scalars, texts } = await readEvents(log.dir);
    assertEquals(
      scalars["search/evolution/best_AP"],
      [[1, best], [2, best]].map(([s, v]) => [s, Math.fround(v)]),
    );
    assertEquals(scalars["search/evolution/mean_AP"], [[1, Math.fround(mean)], [2, 0.125]]);
    assertEquals(scalars["pretrain/top1"], [[1, 0.5]]);
    assertEquals(scalars["test/AP"], [[7, 0.375]]);
    assert(!("test/APs" in scalars), "there is nothing to measure it on");
    assertEquals(texts, ["config", "winners"]);
  }));

/** Whether this machine's Python has TensorBoard. */
async function hasTensorBoard(): Promise<boolean> {
  try {
    const args = ["-c", "import tensorboard.backend.event_processing.event_accumulator"];
    return (await new Deno.Command("python3", { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false; // no Python either
  }
}

Deno.test("TensorBoardLog writes each look at a network once, its photographs as images under the stage", () =>
  withLog(async (run, log) => {
    for (const step of [4, 8]) {
      await writeSnapshot(run.paths.detections, snapshot("finetune", step));
      await log.update();
      await log.update();
    }
    const { images } = await readEvents(log.dir);
    const [{ drawn }] = snapshot("finetune", 4).pictures;
    const shown = [drawn.widthPx, drawn.heightPx, drawn.bytes.toBase64()] as const;
    assertEquals(images, { "detections/finetune/1": [[4, ...shown], [8, ...shown]] });
  }));

Deno.test("TensorBoardLog draws the best architecture after each generation that has brought a better one, once", () =>
  withLog(async (run, log) => {
    await run.startStage("search");
    search(run, 0, rising);
    await log.update();
    search(run, 1, rising.map(() => 0));
    await log.update();
    search(run, 2, rising.map((score) => score + 0.01));
    search(run, 3, [0.99]);
    await log.update();
    await log.update();
    const { images } = await readEvents(log.dir);
    const drawn = [0, 2].map((generation): [number, number, number, string] => {
      const choices = [generation, population - 1, 0, 0, 0];
      const caption = `AP ${(best + 0.005 * generation).toFixed(3)}, 0.0 M multiply-adds`;
      const { bytes, widthPx, heightPx } = architecturePng(tinyConfig.space, choices, caption);
      return [generation + 1, widthPx, heightPx, bytes.toBase64()];
    });
    assertEquals(images, { "search/evolution/best_architecture": drawn });
  }));

Deno.test("TensorBoardLog writes a search's memory by candidate, and no images a second of it", () =>
  withLog(async (run, log) => {
    await run.startStage("search");
    const memory = { rssBytes: 2048, coordinatorRssBytes: 1024 };
    await run.metrics.append({ stage: "search", step: 5, elapsedMs: 100, ...memory });
    await log.update();
    assertEquals((await readEvents(log.dir)).scalars, {
      "search/memory_bytes": [[5, 2048]],
      "search/command_memory_bytes": [[5, 1024]],
    });
  }));

// Left out where there is no TensorBoard: the bytes are held to its own by tests/tensorboard/event_test.ts.
if (await hasTensorBoard()) {
  Deno.test("TensorBoard itself reads the same from the file", () =>
    withLog(async (run, log) => {
      await wholeRun(run);
      for (const stage of ["finetune", "search"]) {
        await writeSnapshot(run.paths.detections, snapshot(stage, 8));
      }
      await log.update();
      const script = new URL("_read_events.py", import.meta.url).pathname;
      const { stdout, stderr, success } = await new Deno.Command("python3", { args: [script, log.dir] })
        .output();
      assert(success, new TextDecoder().decode(stderr));
      const { scalars, texts, images } = await readEvents(log.dir);
      assertEquals(Object.keys(images), [
        "search/evolution/best_architecture",
        "detections/finetune/1",
        "detections/search/1",
      ]);
      assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { scalars, texts, images });
    }));
}
