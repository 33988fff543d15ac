/**
 * A run's records as TensorBoard's event file, kept up with them while the run goes on. It is made from the records
 * alone, so that a finished run can be had likewise, and one that goes on has neither gaps nor steps twice: where it is
 * opened, or records were taken back, the file is made anew.
 *
 * @module
 */
import { isFile } from "../base/is_file.ts";
import { joinBytes } from "../base/join_bytes.ts";
import { readRange } from "../base/read_range.ts";
import { configHash } from "../config/config_identity.ts";
import { makeFolder, writeFileAtomic } from "../run/atomic_file.ts";
import { parseMetrics } from "../run/metrics_log.ts";
import { readStages, type RunFolder, type Stage, type StageStates } from "../run/run_folder.ts";
import { openHistory } from "../search/history.ts";
import { listSnapshots, readSnapshot } from "../run/snapshots.ts";
import {
  type ImageEvent,
  imageEvent,
  restartEvent,
  type ScalarEvent,
  scalarEvent,
  textEvent,
  versionEvent,
} from "../tensorboard/event.ts";
import { frameRecord } from "../tensorboard/record.ts";
import {
  architectureImages,
  generationPoints,
  resultPoints,
  runTexts,
  snapshotImages,
  TrainingPoints,
} from "./tensorboard_points.ts";

/** The stages whose results are drawn. */
const measuredStages: readonly Stage[] = ["pretrain", "retrain", "evaluate"];

/** The event file of a run, in its folder `tensorboard`. */
export class TensorBoardLog {
  /** The folder, to name to TensorBoard. */
  readonly dir: string;
  readonly #run: RunFolder;
  #file: EventFile | null = null;

  /** @param run Whose records; nothing is written yet. */
  constructor(run: RunFolder) {
    this.#run = run;
    this.dir = `${run.dir}/tensorboard`;
  }

  /**
   * Brings the file up to the run's records. One call at a time.
   *
   * @throws {SyntaxError} If a record can't be read.
   * @throws {Error} If the file can't be written.
   */
  async update(): Promise<void> {
    const metrics = await metricsFile(this.#run.paths.metrics);
    const isContinued = this.#file?.continues(metrics) ?? false;
    const file = this.#file = this.#file !== null && isContinued ? this.#file : new EventFile(this.#run);
    const events = await file.newEvents(metrics);
    if (isContinued) await file.append(events);
    else await file.create(this.dir, events);
  }
}

/** A state of `metrics.jsonl`: a file that was cut back is another one. */
interface MetricsFile {
  readonly inode: number | null;
  readonly bytes: number;
}

async function metricsFile(path: string): Promise<MetricsFile> {
  try {
    const { ino, size } = await Deno.stat(path);
    return { inode: ino, bytes: size };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { inode: null, bytes: 0 };
    throw error;
  }
}

/** One event file, and how much of the run's records is in it. */
class EventFile {
  readonly #run: RunFolder;
  readonly #points: TrainingPoints;
  /** What is written once, by name. */
  readonly #written = new Set<string>();
  #metrics: MetricsFile = { inode: null, bytes: 0 };
  #path = "";

  constructor(run: RunFolder) {
    this.#run = run;
    this.#points = new TrainingPoints(run.config);
  }

  /** Whether the records are those that are in here, and perhaps more. */
  continues({ inode, bytes }: MetricsFile): boolean {
    if (this.#metrics.bytes === 0) return true;
    return inode === this.#metrics.inode && bytes >= this.#metrics.bytes;
  }

  /** The events of what the run has recorded since the last call. */
  async newEvents(metrics: MetricsFile): Promise<Uint8Array[]> {
    const states = await readStages(this.#run.dir);
    const steps = await this.#newSteps(metrics, states);
    const texts = runTexts(this.#run.config, states).filter(({ tag }) => this.#isNew(tag));
    const results = measuredStages.flatMap((stage) => {
      const points = resultPoints(states, stage);
      return points.length > 0 && this.#isNew(stage) ? points : [];
    });
    const generations = await this.#newGenerations(states);
    const images = [...generations.images, ...await this.#newImages()];
    const scalars = [...steps, ...generations.scalars, ...results];
    return [...texts.map(textEvent), ...scalars.map(scalarEvent), ...images.map(imageEvent)];
  }

  /** Replaces all files of the folder by one with these events. */
  async create(dir: string, events: readonly Uint8Array[]): Promise<void> {
    await makeFolder(dir, { recursive: true });
    const now = Date.now();
    this.#path = `${dir}/${fileName(now)}`;
    // A reader that is at work forgets what it had of the files before
    const head = [versionEvent(now), restartEvent({ wallMs: now, step: 0 })];
    await writeFileAtomic(this.#path, joinBytes([...head, ...events].map(frameRecord)));
    for await (const { name } of Deno.readDir(dir)) {
      const isOlder = name.includes("tfevents") && `${dir}/${name}` !== this.#path;
      if (isOlder) await Deno.remove(`${dir}/${name}`);
    }
  }

  async append(events: readonly Uint8Array[]): Promise<void> {
    if (events.length === 0) return;
    await Deno.writeFile(this.#path, joinBytes(events.map(frameRecord)), { append: true, create: false });
  }

  async #newSteps(metrics: MetricsFile, states: StageStates): Promise<ReturnType<TrainingPoints["of"]>[]> {
    const { path } = this.#run.metrics;
    const from = this.#metrics.bytes;
    if (metrics.bytes === from) return [];
    using file = await Deno.open(path);
    const text = new TextDecoder().decode(await readRange(file, from, metrics.bytes));
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    this.#metrics = { ...metrics, bytes: from + new TextEncoder().encode(whole).length };
    return parseMetrics(whole, path).map((record) => this.#points.of(record, states));
  }

  async #newGenerations(states: StageStates): Promise<{ scalars: ScalarEvent[]; images: ImageEvent[] }> {
    const { config, paths } = this.#run;
    if (states.search === undefined || !await isFile(paths.search)) return { scalars: [], images: [] };
    using history = openHistory(paths.search, configHash(config), () => {});
    const candidates = history.all();
    const scalars = generationPoints(config, candidates, states)
      .filter(({ step, scalars }) => this.#isNew(`${Object.keys(scalars)[0]} ${step}`));
    const isNew = (tag: string, step: number): boolean => this.#isNew(`${tag} ${step}`);
    return { scalars, images: architectureImages(config, candidates, states, isNew) };
  }

  async #newImages(): Promise<ImageEvent[]> {
    const images: ImageEvent[] = [];
    for (const file of await listSnapshots(this.#run.paths.detections)) {
      if (!this.#isNew(file.path)) continue;
      const snapshot = await readSnapshot(file);
      if (snapshot !== null) images.push(...snapshotImages(snapshot, await changedAtMs(file.path)));
    }
    return images;
  }

  #isNew(name: string): boolean {
    if (this.#written.has(name)) return false;
    this.#written.add(name);
    return true;
  }
}

/** Zero of a file that was removed meanwhile. */
async function changedAtMs(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Files are read in the order of their names, which begin with seconds since 1970. */
function fileName(nowMs: number): string {
  const [seconds, rest] = [Math.floor(nowMs / 1000), nowMs % 1000];
  return `events.out.tfevents.${seconds}.detnas.${String(rest).padStart(3, "0")}`;
}
