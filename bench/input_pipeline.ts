/**
 * Images a second from JPEG files to batches, beside torchvision with a DataLoader on as many workers:
 * `deno run -A bench/input_pipeline.ts --python PYTHON --rounds 5 --workers 2 --photos DIR`. Both sides take turns, and
 * nothing is kept between epochs. Images a second of processor time are what a core makes, also where other work goes
 * on beside. Without `--python` only ours runs. Without `--photos` the files are noise of several
 * scales; all are stored at 500 x 375 for classification and 640 x 480 for detection.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import process from "node:process";
import sharp from "sharp";
import { openImageThreads } from "../lib/data/image_threads.ts";
import { ClassificationLoader, DetectionLoader } from "../lib/data/loader.ts";
import type { DetectionSample } from "../lib/data/sample.ts";
import { listOf } from "../lib/data/sample_list.ts";
import { ensureLibrary } from "../lib/engine/mod.ts";
import { writePhotos } from "./photo_files.ts";

const files = 256;
const canvas = { heightPx: 800, widthPx: 1344 };
const tasks = [
  { task: "classification", widthPx: 500, heightPx: 375, batch: 32, batches: 24 },
  { task: "detection", widthPx: 640, heightPx: 480, batch: 8, batches: 24 },
] as const;
type Task = typeof tasks[number];

/** Images by the clock, and by all the processor time that a side's processes and threads took. */
interface Rate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

const flags = parseArgs(Deno.args, { string: ["python", "photos", "rounds", "workers"] });
const [rounds, workers] = [Number(flags.rounds ?? 5), Number(flags.workers ?? 2)];
const folder = await Deno.makeTempDir({ prefix: "input_pipeline_" });
const library = await ensureLibrary({});
const peer = flags.python === undefined ? null : startPeer(String(flags.python));
try {
  console.log(
    `Deno ${Deno.version.deno}, sharp ${sharp.versions.sharp}, ${workers} workers, ${rounds} rounds`,
  );
  if (peer !== null) console.log(await peer.readLine());
  for (const task of tasks) {
    const dir = `${folder}/${task.task}`;
    await compare(
      task,
      await writePhotos(dir, files, task, flags.photos === undefined ? null : String(flags.photos)),
    );
  }
} finally {
  await peer?.close();
  await Deno.remove(folder, { recursive: true });
}

async function compare(task: Task, paths: readonly string[]): Promise<void> {
  const sides: { name: string; measure: () => Promise<Rate>; rates: Rate[] }[] = [
    { name: "ours", measure: () => ours(task, paths), rates: [] },
  ];
  for (const variant of peer === null ? [] : ["pil", "tensor"]) {
    sides.push({ name: `torchvision, ${variant}`, measure: () => theirs(task, variant), rates: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { measure, rates } of sides) rates.push(await measure());
  }
  for (const kind of ["perCpuSecond", "perSecond"] as const) {
    const own = median(sides[0].rates.map((rate) => rate[kind]));
    for (const { name, rates } of sides) {
      const all = rates.map((rate) => rate[kind]);
      const [low, high] = [Math.min(...all), Math.max(...all)].map((rate) => rate.toFixed(0));
      console.log(
        `${task.task}: ${name}: ${median(all).toFixed(0)} images ${kind} (${low} to ${high}); ` +
          `ours is ${(own / median(all)).toFixed(2)} times that`,
      );
    }
  }
}

async function ours(task: Task, paths: readonly string[]): Promise<Rate> {
  using threads = openImageThreads({
    entry: new URL("../tasks/image_thread.ts", import.meta.url),
    argument: library.path,
    count: workers,
    cacheBytes: 0,
  });
  const common = { seed: 1, batchSize: task.batch, maxImagePixels: 1e8, threads, prefetchBatches: workers };
  const samples = paths.map((file, i): DetectionSample & { classIndex: number } => ({
    id: `${i}`,
    source: { file },
    widthPx: task.widthPx,
    heightPx: task.heightPx,
    annotations: [],
    classIndex: 0,
  }));
  const set = { name: "bench", classes: ["photo"], samples: listOf(samples), skipped: [] };
  using loader = task.task === "classification"
    ? new ClassificationLoader(set, {
      ...common,
      resolutionPx: 224,
      cropScale: [0.08, 1],
      colorJitter: 0.4,
      flip: true,
    })
    : new DetectionLoader(set, {
      ...common,
      canvases: [canvas],
      flip: true,
      verticalFlip: false,
      scaleJitter: [1, 1],
    });
  const warmUp = 2 * workers;
  for (let step = 0; step < warmUp; step++) await loader.batch(step);
  const start = performance.now();
  const startCpu = process.cpuUsage();
  for (let step = warmUp; step < warmUp + task.batches; step++) await loader.batch(step);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(startCpu);
  const images = task.batches * task.batch;
  return { perSecond: images / seconds, perCpuSecond: images / ((user + system) / 1e6) };
}

async function theirs({ task, batch, batches }: Task, variant: string): Promise<Rate> {
  const { heightPx, widthPx } = canvas;
  const dir = `${folder}/${task}`;
  await peer!.writeLine(
    JSON.stringify({ task, variant, dir, workers, batch, batches, canvas: [heightPx, widthPx] }),
  );
  return JSON.parse(await peer!.readLine());
}

/** The other side: a process that answers a line for a line. */
interface Peer {
  readLine(): Promise<string>;
  writeLine(line: string): Promise<void>;
  close(): Promise<void>;
}

function startPeer(python: string): Peer {
  const script = new URL("peers/torch_input.py", import.meta.url);
  const pipes = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
  const child = new Deno.Command(python, { args: [script.pathname], ...pipes }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  let text = "";
  return {
    async readLine(): Promise<string> {
      while (!text.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("Cannot go on: the Python process has ended");
        text += value;
      }
      const end = text.indexOf("\n");
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return line;
    },
    writeLine: (line) => writer.write(new TextEncoder().encode(line + "\n")),
    async close(): Promise<void> {
      await writer.close().catch(() => {}); // it may have ended
      await child.status;
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
