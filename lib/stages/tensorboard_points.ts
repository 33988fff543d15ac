/**
 * A run's records as what TensorBoard draws.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import { architecturePng } from "../report/architecture_pixels.ts";
import type { MetricRecord } from "../run/metrics_log.ts";
import { scoreName } from "../run/plan.ts";
import type { Stage, StageStates } from "../run/run_folder.ts";
import type { CandidateRecord } from "../search/candidate.ts";
import type { Winner } from "../search/winners.ts";
import type { Snapshot } from "../run/snapshots.ts";
import type { ImageEvent, ScalarEvent, TextEvent } from "../tensorboard/event.ts";
import type { EvaluationReport } from "../workers/worker_api.ts";
import type { SearchResult } from "./search.ts";
import { searchName } from "./search_memory.ts";
import type { TrainingResult } from "./run_training.ts";

/** What a training's records hold beside the loss's parts. */
const ownFields = [
  "stage",
  "step",
  "loss",
  "learningRate",
  "elapsedMs",
  "waitMs",
  "rssBytes",
  "coordinatorRssBytes",
  "totalSteps",
];

/** Turns the lines of `metrics.jsonl` into scalars, in their order. */
export class TrainingPoints {
  readonly #config: Config;
  /** When the last step so far of each training ended. */
  readonly #endMs = new Map<string, number>();

  /** @param config The run's. */
  constructor(config: Config) {
    this.#config = config;
  }

  /**
   * The numbers of one step: loss and its parts, learning rate, images a second, and memory where it was measured; of a
   * search its memory alone.
   *
   * @param states Of the stages; a step's time is its stage's start and what all its steps took.
   */
  of(record: MetricRecord, states: StageStates): ScalarEvent {
    const { stage, step, loss, learningRate, rssBytes, coordinatorRssBytes } = record;
    const elapsedMs = Number(record.elapsedMs ?? 0);
    const wallMs = (this.#endMs.get(stage) ?? startMs(states, stage.split(/[ /]/)[0])) + elapsedMs;
    this.#endMs.set(stage, wallMs);
    const batchSize = batchSizeOf(this.#config, stage);
    const parts = Object.entries(record).filter(([name]) => !ownFields.includes(name));
    const named = {
      loss,
      ...Object.fromEntries(parts),
      learning_rate: learningRate,
      images_per_second: elapsedMs > 0 && stage !== searchName ? (1000 * batchSize) / elapsedMs : undefined,
      memory_bytes: rssBytes,
      command_memory_bytes: coordinatorRssBytes,
    };
    return { step, wallMs, scalars: scalarsOf(stage.replaceAll(" ", "_"), named) };
  }
}

/** The best score so far and the mean of each generation that is whole; candidates that were stopped count as estimated. */
export function generationPoints(
  config: Config,
  candidates: readonly CandidateRecord[],
  states: StageStates,
): ScalarEvent[] {
  const score = scoreName(config);
  return scoredGenerations(config, candidates, states).map(({ group, step, wallMs, scores, best }) => {
    const mean = scores.reduce((sum, each) => sum + each, 0) / scores.length;
    const named = { [`best_${score}`]: best.score, [`mean_${score}`]: mean };
    return { step, wallMs, scalars: scalarsOf(group, named) };
  });
}

/**
 * The best architecture so far after each generation that has brought a better one.
 *
 * @param isNew Whether a tag's step is to be drawn.
 */
export function architectureImages(
  config: Config,
  candidates: readonly CandidateRecord[],
  states: StageStates,
  isNew: (tag: string, step: number) => boolean,
): ImageEvent[] {
  const better = scoredGenerations(config, candidates, states).filter(({ isBetter }) => isBetter);
  return better.flatMap(({ group, step, wallMs, best: { choices, score, macs } }) => {
    const tag = `${group}/best_architecture`;
    if (!isNew(tag, step)) return [];
    const caption = `${scoreName(config)} ${score.toFixed(3)}, ${(macs / 1e6).toFixed(1)} M multiply-adds`;
    return [{ tag, step, wallMs, ...architecturePng(config.space, choices, caption) }];
  });
}

/** A generation of one strategy's trial, all of it scored or failed. */
interface ScoredGeneration {
  /** What its tags begin with. */
  readonly group: string;
  /** Counts from 1. */
  readonly step: number;
  readonly wallMs: number;
  /** Of those that have one. */
  readonly scores: readonly number[];
  /** The best so far. */
  readonly best: CandidateRecord & { readonly score: number };
  /** Whether it is of this generation. */
  readonly isBetter: boolean;
}

function scoredGenerations(
  { search }: Config,
  candidates: readonly CandidateRecord[],
  states: StageStates,
): ScoredGeneration[] {
  const runs = Object.groupBy(
    candidates,
    ({ strategy, trial }) => trial === 0 ? strategy : `${strategy}_${trial + 1}`,
  );
  return Object.entries(runs).flatMap(([name, own = []]) => {
    let [best, wallMs]: [ScoredGeneration["best"] | null, number] = [null, startMs(states, "search")];
    return generationsOf(own).filter((all) => all.length >= search.population).flatMap((all) => {
      const scored = all.flatMap(({ score, ...record }) => score === null ? [] : [{ score, ...record }]);
      wallMs += all.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
      const last = best;
      for (const record of scored) if (best === null || record.score > best.score) best = record;
      if (best === null || scored.length === 0) return [];
      const scores = scored.map(({ score }) => score);
      const group = `search/${name}`;
      return [{ group, step: all[0].generation + 1, wallMs, scores, best, isBetter: best !== last }];
    });
  });
}

/** What a finished stage has found, if it is a number. */
export function resultPoints(states: StageStates, stage: Stage): ScalarEvent[] {
  const state = states[stage];
  if (state?.status !== "finished") return [];
  const wallMs = Date.parse(state.finishedAt);
  if (stage === "evaluate") {
    const step = states.retrain?.status === "finished" ? (states.retrain.result as TrainingResult).steps : 0;
    const { summary } = state.result as EvaluationReport;
    const defined = Object.entries(summary).filter(([, value]) => value >= 0); // -1: nothing to measure on
    return [{ step, wallMs, scalars: scalarsOf("test", Object.fromEntries(defined)) }];
  }
  const { top1, steps = 0 } = (state.result ?? {}) as Partial<TrainingResult>;
  return top1 === undefined ? [] : [{ step: steps, wallMs, scalars: { [`${stage}/top1`]: top1 } }];
}

/** The config, and the winners once there are some. */
export function runTexts(config: Config, states: StageStates): TextEvent[] {
  const json = { tag: "config", text: indented(JSON.stringify(config, null, 2)), step: 0 };
  const first = Math.min(...Object.keys(states).map((stage) => startMs(states, stage)));
  const texts = [{ ...json, wallMs: Number.isFinite(first) ? first : Date.now() }];
  const { search } = states;
  if (search?.status !== "finished") return texts;
  const { winners } = search.result as SearchResult;
  return [...texts, {
    tag: "winners",
    text: winnersTable(winners),
    step: 0,
    wallMs: Date.parse(search.finishedAt),
  }];
}

/**
 * What a network found on its way, one image a photograph, with the boxes drawn in.
 *
 * @param wallMs When it was looked at, ms since 1970.
 */
export function snapshotImages({ stage, step, pictures }: Snapshot, wallMs: number): ImageEvent[] {
  return pictures.map(({ drawn }, i) => ({ tag: `detections/${stage}/${i + 1}`, step, wallMs, ...drawn }));
}

function winnersTable(winners: readonly Winner[]): string {
  const rows = winners.map(({ choices, macs, parameters, score }) =>
    `| ${choices.join(" ")} | ${macs} | ${parameters} | ${score?.toFixed(4) ?? ""} |`
  );
  return ["| choices | multiply-adds | parameters | score |", "| --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

/** Markdown shows indented lines as they are. */
function indented(text: string): string {
  return text.split("\n").map((line) => `    ${line}`).join("\n");
}

function startMs(states: StageStates, stage: string): number {
  const state = states[stage as Stage];
  return state === undefined || state.status === "new" ? Date.now() : Date.parse(state.startedAt);
}

function batchSizeOf({ pretrain, finetune, retrain }: Config, stage: string): number {
  if (stage === "pretrain") return pretrain?.batchSize ?? 0;
  if (stage === "finetune") return finetune.batchSize;
  return stage.endsWith(" classification") ? retrain.classification?.batchSize ?? 0 : retrain.batchSize;
}

function generationsOf(candidates: readonly CandidateRecord[]): CandidateRecord[][] {
  const byGeneration = Map.groupBy(candidates, ({ generation }) => generation);
  return [...byGeneration].sort(([a], [b]) => a - b).map(([, all]) => all);
}

/** Those that are numbers, under a group's name. */
function scalarsOf(group: string, named: Readonly<Record<string, unknown>>): Record<string, number> {
  const numbers = Object.entries(named).filter((entry): entry is [string, number] =>
    typeof entry[1] === "number"
  );
  return Object.fromEntries(numbers.map(([name, value]) => [`${group}/${name}`, value]));
}
