/**
 * What a run's folder tells at this moment: the only module through which the dashboard looks at a run.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import type { ReportCandidate } from "../report/report_input.ts";
import { readRunConfig, readStageState, runPaths, type Stage, type StageState } from "../run/run_folder.ts";
import { listSnapshots, readSnapshot, type Snapshot } from "../run/snapshots.ts";
import { CandidatesReader } from "./candidates_reader.ts";
import { TrainingLog, type TrainingView } from "./training_log.ts";

/** A run at one moment. */
export interface RunView {
  /** The run's folder. */
  readonly dir: string;
  /** Its config; null if there is no run yet. */
  readonly config: Config | null;
  /** How far each stage is. */
  readonly stages: ReadonlyMap<Stage, StageState>;
  /** Trainings, in the order they began. */
  readonly trainings: readonly TrainingView[];
  /** Every candidate of the search; the same object as long as nothing is added. */
  readonly candidates: readonly ReportCandidate[];
  /** The report's section of photographs, as HTML; null before there is one. */
  readonly photographs: string | null;
  /** The newest look at what the run's networks find; the same object until there is another, null before the first. */
  readonly snapshot: Snapshot | null;
  /** When one of the run's files was last written, ms since 1970; null if there is none. */
  readonly changedAtMs: number | null;
}

const allStages: readonly Stage[] = [
  "pretrain",
  "finetune",
  "search",
  "rank",
  "retrain",
  "evaluate",
  "report",
];

/** Looks at one run's folder, again and again; what has not changed isn't read again. */
export class RunReader {
  readonly #dir: string;
  readonly #log: TrainingLog;
  readonly #candidates: CandidatesReader;
  #snapshot: { readonly stamp: string; readonly read: Snapshot | null } = { stamp: "", read: null };
  #report: { readonly changedAtMs: number; readonly photographs: string | null } | null = null;

  /**
   * Reads nothing yet.
   *
   * @param dir The run's folder; need not exist.
   */
  constructor(dir: string) {
    this.#dir = dir;
    this.#log = new TrainingLog(runPaths(dir).metrics);
    this.#candidates = new CandidatesReader(runPaths(dir).search);
  }

  /**
   * Looks.
   *
   * @throws {SyntaxError} If `config.json`, `stages.json` or a snapshot can't be parsed.
   * @throws {Error} If a file can't be read.
   */
  async read(): Promise<RunView> {
    const dir = this.#dir;
    const states = allStages.map(async (stage) => [stage, await readStageState(dir, stage)] as const);
    return {
      dir,
      config: await readRunConfig(dir),
      stages: new Map(await Promise.all(states)),
      trainings: await this.#log.read(),
      candidates: await this.#candidates.read(),
      photographs: await this.#photographs(),
      snapshot: await this.#newestSnapshot(),
      changedAtMs: await newestChange(dir),
    };
  }

  async #newestSnapshot(): Promise<Snapshot | null> {
    const newest = (await listSnapshots(runPaths(this.#dir).detections)).at(-1);
    const stamp = newest === undefined ? "" : `${newest.path} ${await changedAt(newest.path)}`;
    if (stamp !== this.#snapshot.stamp) {
      this.#snapshot = { stamp, read: newest === undefined ? null : await readSnapshot(newest) };
    }
    return this.#snapshot.read;
  }

  async #photographs(): Promise<string | null> {
    const path = runPaths(this.#dir).report;
    const changedAtMs = await changedAt(path);
    if (changedAtMs === null) return null;
    if (this.#report?.changedAtMs !== changedAtMs) {
      this.#report = { changedAtMs, photographs: photographsOf(await Deno.readTextFile(path)) };
    }
    return this.#report?.photographs ?? null;
  }
}

/**
 * The section of photographs in a report, without its heading: detections are made only for it.
 *
 * @param html What `renderReport` gave.
 */
export function photographsOf(html: string): string | null {
  const section = html.match(/<section id="photographs"[^>]*>\s*(?:<h2>[^<]*<\/h2>)?([\s\S]*?)<\/section>/);
  return section?.[1].trim() ?? null;
}

async function newestChange(dir: string): Promise<number | null> {
  const { metrics, search, stages, report, winners, config, detections } = runPaths(dir);
  const times = await Promise.all(
    [metrics, search, `${search}-wal`, stages, report, winners, config, detections].map(changedAt),
  );
  return times.reduce((newest, time) => time === null ? newest : Math.max(newest ?? 0, time), null);
}

async function changedAt(path: string): Promise<number | null> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
