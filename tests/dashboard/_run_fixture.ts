/**
 * A run's folder as a command leaves it, without an engine: trainings, a search, stages under way or finished.
 *
 * @module
 */
import type { Config } from "../../lib/config/schema.ts";
import { openRun, type RunFolder } from "../../lib/run/run_folder.ts";
import type { CandidateRecord } from "../../lib/search/candidate.ts";
import { openHistory } from "../../lib/search/history.ts";
import type { Snapshot } from "../../lib/run/snapshots.ts";
import { picture } from "../report/records.ts";
import { withFolder } from "../helpers/job.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

/** Hands a test a new run, held by nobody else, and removes it. */
export function withRun(test: (run: RunFolder) => Promise<void>, config: Config = tinyConfig): Promise<void> {
  return withFolder(async (folder) => {
    await using run = await openRun(`${folder}/run`, config);
    await test(run);
  });
}

/** A step's record, its loss falling from 2 to 1. */
export function record(
  stage: string,
  step: number,
  steps: number,
  more: Record<string, number> = {},
): string {
  const loss = 2 - step / steps;
  const rest = { loss, learningRate: 0.1, elapsedMs: 20, waitMs: 1, ...more };
  return JSON.stringify({ stage, step, ...rest }) + "\n";
}

/** Records of a whole training; each tenth step tells its length and 100 MiB of memory. */
export function records(stage: string, steps: number): string {
  return Array.from({ length: steps }, (_, i) => {
    const report = i % 10 === 9 ? { totalSteps: steps, rssBytes: 100 * 2 ** 20 } : {};
    return record(stage, i + 1, steps, report);
  }).join("");
}

/** A scored candidate of the tiny space; a later one is better and costs more. */
export function candidate(generation: number, slot: number): CandidateRecord {
  const rank = 4 * generation + slot;
  return {
    strategy: "evolution",
    trial: 0,
    generation,
    slot,
    origin: "random",
    choices: [rank % 4, (rank >> 2) % 4, 0, 1, 2],
    macs: 250_000 + 1000 * rank,
    parameters: 6000 + rank,
    latencyMs: null,
    status: "scored",
    score: 0.1 + 0.01 * rank,
    images: null,
    reason: null,
    attempts: 1,
    elapsedMs: 500,
  };
}

/** Records candidates in the run's history. */
export function search(run: RunFolder, candidates: readonly CandidateRecord[]): void {
  using history = openHistory(run.paths.search, "test");
  for (const one of candidates) history.record(one);
}

/** A look at a network: one photograph with a detection and its true box. */
export function snapshot(stage: string, step: number): Snapshot {
  const { bytes, widthPx, heightPx } = picture({});
  return {
    stage,
    step,
    note: `${stage}, step ${step} of 60`,
    choices: null,
    classNames: ["cat", "dog"],
    minScore: 0.3,
    pictures: [{
      id: "val/7",
      bytes,
      drawn: { bytes, widthPx, heightPx },
      widthPx,
      heightPx,
      detections: [{ className: "dog", score: 0.75, boxXyxy: [20, 20, 120, 120] }],
      truths: [{ className: "dog", boxXyxy: [30, 30, 120, 120] }],
    }],
  };
}

/** A run that has pretrained, fine-tuned and searched three generations. */
export async function fillRun(run: RunFolder): Promise<void> {
  await Deno.writeTextFile(run.paths.metrics, records("pretrain", 40) + records("finetune", 60));
  search(run, [0, 1, 2].flatMap((generation) => [0, 1, 2, 3].map((slot) => candidate(generation, slot))));
  await run.startStage("pretrain");
  await run.finishStage("pretrain", { steps: 40, finalLoss: 1, top1: 0.5, peakRssBytes: 2 ** 30 });
  await run.startStage("finetune");
  await run.finishStage("finetune", { steps: 60, finalLoss: 1, peakRssBytes: 2 ** 30 });
  await run.startStage("search");
}
