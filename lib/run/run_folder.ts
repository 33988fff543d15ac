/**
 * A run's folder: the whole truth about a run. It belongs to one config and, while open, to one process.
 *
 * @module
 */
import { dirname } from "node:path";
import { type ConfigDifference, configDifferences } from "../config/config_identity.ts";
import { parseConfig } from "../config/parse_config.ts";
import type { Config } from "../config/schema.ts";
import { appendText, makeFolder, sweepTemporaries, writeFileAtomic, writingTo } from "./atomic_file.ts";
import { MetricsLog } from "./metrics_log.ts";
import { approximationsPath, recordApproximation } from "./origin.ts";

/** The parts of the job that are finished one by one. */
export type Stage = "pretrain" | "finetune" | "search" | "rank" | "retrain" | "evaluate" | "report";

/** How far a stage is; times are ISO 8601. */
export type StageState =
  | { readonly status: "new" }
  | { readonly status: "started"; readonly startedAt: string }
  | {
    readonly status: "finished";
    readonly startedAt: string;
    readonly finishedAt: string;
    /** What the stage handed to {@linkcode RunFolder.finishStage}; plain JSON. */
    readonly result: unknown;
  };

/** The stages that have started, as `stages.json` holds them. */
export type StageStates = Partial<Record<Stage, StageState>>;

/** Where things lie in a run's folder. */
export interface RunPaths {
  /** The resolved config. */
  readonly config: string;
  /** Learning curves, see {@linkcode MetricsLog}. */
  readonly metrics: string;
  /** Every candidate ever scored. */
  readonly search: string;
  /** The winners, best first. */
  readonly winners: string;
  /** How well the supernet ranks. */
  readonly rank: string;
  /** The evaluation after retraining, down to each class and image. */
  readonly evaluation: string;
  /** What networks found on their way, see `snapshots.ts`. */
  readonly detections: string;
  /** The report. */
  readonly report: string;
  /** The report's numbers. */
  readonly reportNumbers: string;
  /** What is finished. */
  readonly stages: string;
  /** One line for each time the run was opened: when, and with how many workers and threads. */
  readonly sessions: string;
  /** What the run went on from although it differed; there only if it did. */
  readonly approximations: string;
}

/** An open run. Dispose it to let another process have the folder. */
export class RunFolder implements AsyncDisposable {
  /** The folder. */
  readonly dir: string;
  /** The config of this opening: the stored one but for workers and threads. */
  readonly config: Config;
  /** Where things lie. */
  readonly paths: RunPaths;
  /** The learning curves. */
  readonly metrics: MetricsLog;
  readonly #lock: Deno.FsFile;

  /** Use {@linkcode openRun}. */
  constructor(dir: string, config: Config, lock: Deno.FsFile) {
    this.dir = dir;
    this.config = config;
    this.paths = runPaths(dir);
    this.metrics = new MetricsLog(this.paths.metrics);
    this.#lock = lock;
  }

  /** A stage's own folder, for its checkpoints; created if need be. */
  async stageDir(stage: Stage): Promise<string> {
    const dir = `${this.dir}/${stage}`;
    await makeFolder(dir, { recursive: true });
    return dir;
  }

  /** How far a stage is. */
  async stageState(stage: Stage): Promise<StageState> {
    return await readStageState(this.dir, stage);
  }

  /** Records that a stage has started; one that is under way keeps its time. */
  async startStage(stage: Stage): Promise<void> {
    if ((await this.stageState(stage)).status === "started") return;
    await this.#setStage(stage, { status: "started", startedAt: new Date().toISOString() });
  }

  /** Records that a stage is finished, with a plain JSON result that later stages need. */
  async finishStage(stage: Stage, result: unknown = null): Promise<void> {
    const state = await this.stageState(stage);
    const finishedAt = new Date().toISOString();
    const startedAt = state.status === "new" ? finishedAt : state.startedAt;
    await this.#setStage(stage, { status: "finished", startedAt, finishedAt, result });
  }

  /** Writes a file of the run as JSON, whole or not at all; returns its path. */
  async writeJson(name: string, value: unknown): Promise<string> {
    const path = `${this.dir}/${name}`;
    await writeFileAtomic(path, jsonText(value));
    return path;
  }

  /** Lets go of the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await letGo(this.#lock);
  }

  async #setStage(stage: Stage, state: StageState): Promise<void> {
    await writeFileAtomic(this.paths.stages, jsonText({ ...await readStages(this.dir), [stage]: state }));
  }
}

/**
 * Creates a run's folder, or opens one that a process left behind, and holds it until disposed.
 *
 * @param dir The folder; need not exist.
 * @param config The run's config.
 * @param approximate True goes on with the folder of another config, which is replaced and what differs recorded.
 * @throws {RangeError} If the folder belongs to another config; names the fields and both values.
 * @throws {Error} If the folder holds something else, or another process uses it.
 */
export async function openRun(dir: string, config: Config, approximate = false): Promise<RunFolder> {
  await checkIsRunOrEmpty(dir);
  await makeFolder(dir, { recursive: true });
  const lock = await lockFolder(dir);
  try {
    await sweepTemporaries(dir);
    await storeOrCompareConfig(dir, config, approximate);
    const run = new RunFolder(dir, config, lock);
    await run.metrics.repair();
    await recordSession(run);
    return run;
  } catch (error) {
    await letGo(lock);
    throw error;
  }
}

/**
 * Reads the config of a run without opening it.
 *
 * @returns The config, or null if there is no such run.
 * @throws {SyntaxError} If its `config.json` can't be parsed.
 * @throws {TypeError} If the path leads to a file, or through one.
 */
export async function readRunConfig(dir: string): Promise<Config | null> {
  const path = runPaths(dir).config;
  const value = await readJson(path);
  return value === undefined ? null : parseConfig(value, path);
}

/** How far a stage of a run is, without opening it; a folder that is no run has no stages. */
export async function readStageState(dir: string, stage: Stage): Promise<StageState> {
  return (await readStages(dir))[stage] ?? { status: "new" };
}

/** Where things lie in a run's folder. */
export function runPaths(dir: string): RunPaths {
  return {
    config: `${dir}/config.json`,
    metrics: `${dir}/metrics.jsonl`,
    search: `${dir}/search.sqlite`,
    winners: `${dir}/winners.json`,
    rank: `${dir}/rank.json`,
    evaluation: `${dir}/evaluation.json`,
    detections: `${dir}/detections`,
    report: `${dir}/report.html`,
    reportNumbers: `${dir}/report.json`,
    stages: `${dir}/stages.json`,
    sessions: `${dir}/sessions.jsonl`,
    approximations: approximationsPath(dir),
  };
}

const lockName = "run.lock";

/** A mistyped `--run` must not spread a run over someone's other files. */
async function checkIsRunOrEmpty(dir: string): Promise<void> {
  const names = await entryNames(dir);
  if (names.includes("config.json")) return;
  const foreign = names.filter((name) => name !== lockName && !name.endsWith(".tmp"));
  if (foreign.length === 0) return;
  throw new Error(
    `Cannot start a run in ${dir} as it holds other files (such as ${foreign[0]}) and no config.json: ` +
      `name a new or empty folder`,
  );
}

async function entryNames(dir: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(dir));
    return entries.map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The lock is the operating system's, on the open file: it ends with the process, however that ends. */
async function lockFolder(dir: string): Promise<Deno.FsFile> {
  const path = `${dir}/${lockName}`;
  const file = await writingTo(path, () => Deno.open(path, { create: true, read: true, write: true }));
  if (await file.tryLock(true)) {
    await signLock(path, file);
    return file;
  }
  file.close();
  const owner = (await Deno.readTextFile(path)).trim();
  throw new Error(
    `Cannot use run folder ${dir} as process ${owner || "unknown"} is using it: wait for it, or end it`,
  );
}

/** Says who holds the lock. */
async function signLock(path: string, file: Deno.FsFile): Promise<void> {
  try {
    await writingTo(path, async () => {
      await file.truncate();
      await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
    });
  } catch (error) {
    await letGo(file);
    throw error;
  }
}

/** Closed alone, the lock would last as long as a process that is just being started has a copy of the file. */
async function letGo(lock: Deno.FsFile): Promise<void> {
  await lock.unlock();
  lock.close();
}

async function storeOrCompareConfig(dir: string, config: Config, approximate: boolean): Promise<void> {
  const stored = await readRunConfig(dir);
  if (stored === null) return await writeFileAtomic(runPaths(dir).config, jsonText(config));
  const differences = configDifferences(stored, config);
  if (differences.length === 0) return;
  const isNetwork = differences.some(({ path }) => /^(space|shuffleMethod|detector)\b/.test(path));
  if (!approximate || isNetwork) throw anotherConfig(dir, differences, isNetwork);
  for (const { path, first, second } of differences) {
    const [was, is] = [first, second].map((value) => JSON.stringify(value) ?? "absent");
    await recordApproximation(dir, { checkpoint: "config.json", field: path, was, is });
  }
  await writeFileAtomic(runPaths(dir).config, jsonText(config));
}

/** @param isNetwork Whether they make another network: nothing can go on from its weights. */
function anotherConfig(
  dir: string,
  differences: readonly ConfigDifference[],
  isNetwork: boolean,
): RangeError {
  const allTheSame = isNetwork ? "" : ", or go on all the same with --approximate";
  return new RangeError(
    `Cannot go on with run folder ${dir} as it was made with another config: ` +
      `${differenceText(differences)}; name another folder with --run${allTheSame}`,
  );
}

function differenceText(differences: readonly ConfigDifference[]): string {
  const shown = differences.slice(0, 3).map(({ path, first, second }) =>
    `${path} was ${JSON.stringify(first) ?? "absent"} and is now ${JSON.stringify(second) ?? "absent"}`
  );
  const more = differences.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

async function recordSession(run: RunFolder): Promise<void> {
  const { workers, device } = run.config;
  const session = {
    openedAt: new Date().toISOString(),
    workers,
    threads: device.threads,
    deno: Deno.version.deno,
  };
  await appendText(run.paths.sessions, JSON.stringify(session) + "\n");
}

/** How far a run's stages are, without opening it; those that nothing is known of are not there. */
export async function readStages(dir: string): Promise<StageStates> {
  return await readJson(runPaths(dir).stages) as StageStates | undefined ?? {};
}

/** A file's JSON; undefined if there is no such file. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    if (cause instanceof SyntaxError) {
      throw new SyntaxError(`Cannot read ${path}: ${cause.message}`, { cause });
    }
    if (cause instanceof Deno.errors.NotADirectory) {
      const dir = dirname(path);
      throw new TypeError(`Cannot open run folder ${dir}: it lies in a file or is one, wanted a folder`, {
        cause,
      });
    }
    throw new Error(`Cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}
