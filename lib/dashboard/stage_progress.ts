/**
 * How far each stage of a run is, and for how long it will still go on.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import { plannedStages, scoreName } from "../run/plan.ts";
import type { Stage, StageState } from "../run/run_folder.ts";
import { scoredCandidates } from "../report/search_progress.ts";
import { formatFraction } from "../report/format.ts";
import type { RunView } from "./run_reader.ts";
import type { TrainingView } from "./training_log.ts";

/** One stage of the job. */
export interface StageProgress {
  /** The stage. */
  readonly stage: Stage;
  /** How far it is. */
  readonly status: StageState["status"];
  /** Units done. */
  readonly done: number;
  /** Units in all; null where that isn't known. */
  readonly total: number | null;
  /** What is counted; empty where nothing is. */
  readonly unit: "steps" | "candidates" | "";
  /** Units a second; null where nothing was measured. */
  readonly perSecond: number | null;
  /** How long it has taken, if finished, or will still take, if under way, s; null where that isn't known. */
  readonly seconds: number | null;
  /** Memory, bytes: the largest of a finished stage, the latest of one under way; null where it isn't known. */
  readonly memoryBytes: number | null;
  /** The result in a few words; empty if there is none. */
  readonly note: string;
}

/** The stages of a run's config, in order, and the ranking where there is one; none without a config. */
export function stageProgress(view: RunView): StageProgress[] {
  const { config } = view;
  if (config === null) return [];
  const planned = plannedStages(config);
  const extra = view.stages.get("rank")?.status === "new" ? [] : ["rank"] as const;
  return [...planned, ...extra].map((stage) => {
    const state = view.stages.get(stage) ?? { status: "new" } as const;
    const work = stage === "search" ? searchWork(view, config) : trainingWork(view, config, stage);
    const left = work.perSecond !== null && work.total !== null
      ? Math.max(0, work.total - work.done) / work.perSecond
      : null;
    return {
      stage,
      status: state.status,
      ...work,
      seconds: state.status === "finished" ? durationOf(state) : state.status === "started" ? left : null,
      memoryBytes: state.status === "finished" ? resultNumber(state, "peakRssBytes") : work.memoryBytes,
      note: noteOf(view, stage, state),
    };
  });
}

/** The training that a stage is at, by its name in the log; `retrain` may have one with class labels before. */
export function trainingOf(trainings: readonly TrainingView[], stage: Stage): TrainingView | undefined {
  return trainings.findLast(({ name }) => name.split(/[ /]/)[0] === stage);
}

type Work = Pick<StageProgress, "done" | "total" | "unit" | "perSecond" | "memoryBytes">;

function trainingWork({ trainings }: RunView, config: Config, stage: Stage): Work {
  const training = trainingOf(trainings, stage);
  const isTraining = ["pretrain", "finetune", "retrain", "rank"].includes(stage);
  return {
    done: training?.step ?? 0,
    total: training?.totalSteps ?? (training?.name.includes(" ") ? null : configuredSteps(config, stage)),
    unit: isTraining ? "steps" : "",
    perSecond: training?.stepsPerSecond ?? null,
    memoryBytes: training?.rssBytes ?? null,
  };
}

/** A training that is counted in epochs says its steps once it is under way. */
function configuredSteps(config: Config, stage: Stage): number | null {
  const duration = stage === "pretrain" || stage === "finetune" || stage === "retrain"
    ? config[stage]?.duration
    : undefined;
  return duration !== undefined && "steps" in duration ? duration.steps : null;
}

/** Candidates whose score was taken over cost no time. */
function searchWork({ candidates, trainings }: RunView, { search, workers }: Config): Work {
  const ms = candidates.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  return {
    done: candidates.length,
    total: search.population * search.generations * search.seeds * search.strategies.length,
    unit: "candidates",
    perSecond: ms > 0 ? (1000 * workers * candidates.length) / ms : null,
    memoryBytes: trainingOf(trainings, "search")?.rssBytes ?? null,
  };
}

function durationOf({ startedAt, finishedAt }: StageState & { readonly status: "finished" }): number {
  return (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
}

function noteOf({ config, candidates }: RunView, stage: Stage, state: StageState): string {
  if (stage === "search" && config !== null) {
    const scores = scoredCandidates(candidates).map(({ score }) => score);
    return scores.length === 0 ? "" : `best ${scoreName(config)} ${formatFraction(largest(scores))}`;
  }
  const top1 = resultNumber(state, "top1");
  if (top1 !== null) return `top-1 ${formatFraction(top1)}`;
  const summary = resultOf(state, "summary");
  return isRecord(summary) ? `AP ${formatFraction(Number(summary.AP))}` : "";
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

function resultNumber(state: StageState, name: string): number | null {
  const value = resultOf(state, name);
  return typeof value === "number" ? value : null;
}

function resultOf(state: StageState, name: string): unknown {
  return state.status === "finished" && isRecord(state.result) ? state.result[name] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
