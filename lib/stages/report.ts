/**
 * Stage 6: `report.html`, from what the run has so far.
 *
 * @module
 */
import { renderReport } from "../report/report.ts";
import { reportNumbers } from "../report/report_numbers.ts";
import type {
  DataNote,
  ReportEnvironment,
  ReportInput,
  StageDuration,
  TrainingCurve,
} from "../report/report_input.ts";
import type { DetectionSet } from "../data/sample.ts";
import { writeFileAtomic } from "../run/atomic_file.ts";
import type { MetricRecord } from "../run/metrics_log.ts";
import { isPlanned, usesClassLabels } from "../run/plan.ts";
import type { RunFolder, Stage } from "../run/run_folder.ts";
import type { CandidateRecord } from "../search/history.ts";
import type { EvaluationReport } from "../workers/worker_api.ts";
import { withScores } from "./evaluate.ts";
import type { RankResult } from "./rank.ts";
import { differenceText, readApproximations } from "../run/origin.ts";
import { reportEvaluation, reportGallery } from "./report_evaluation.ts";
import { reportRank, reportSearch } from "./report_search.ts";
import type { TrainingResult } from "./run_training.ts";
import { openRunHistory } from "./search_history.ts";
import type { StageContext } from "./stage_context.ts";
import { winnersOf } from "./trained_architecture.ts";

/**
 * Writes the report, and its numbers as `report.json` beside it. The stage counts as finished once nothing is left
 * that could change it.
 *
 * @returns The page's path.
 */
export async function report(context: StageContext): Promise<string> {
  const { run, observer } = context;
  observer.started("report");
  const input = await gather(context);
  await writeFileAtomic(run.paths.reportNumbers, reportNumbers(input));
  await writeFileAtomic(run.paths.report, renderReport(input));
  if (await resultOf(run, "evaluate") !== null) await run.finishStage("report");
  observer.finished("report", null);
  return run.paths.report;
}

async function gather(context: StageContext): Promise<ReportInput> {
  const { run } = context;
  const { config } = run;
  const isSearched = await resultOf(run, "search") !== null;
  const evaluation = await resultOf<EvaluationReport>(run, "evaluate");
  const rank = await resultOf<RankResult>(run, "rank");
  const found = isSearched || !isPlanned(config, "search") ? await winnersOf(context) : [];
  const measured = evaluation === null ? null : await reportEvaluation(run, evaluation);
  const winners = evaluation === null ? found : withScores(found, evaluation);
  return {
    name: config.name,
    finishedAt: await finishedAt(run),
    config,
    environment: await environmentOf(context),
    approximations: (await readApproximations(run.dir)).map((one) =>
      `${one.checkpoint}: ${differenceText(one)}`
    ),
    stages: await durations(run),
    curves: await curvesOf(run),
    space: config.space,
    search: isSearched ? reportSearch(config, await candidatesOf(context)) : null,
    rank: rank === null ? null : reportRank(config, rank),
    winners,
    evaluations: measured === null ? [] : [measured],
    gallery: measured === null ? null : await reportGallery(context, winners[0].choices, measured),
    data: await dataNotes(context),
    nextCommands: [
      {
        purpose: "Look at the architecture and take the weights",
        command: `ls ${run.dir}/winners.json ${run.dir}/retrain`,
      },
      {
        purpose: "Make a page of the detector, which runs in any browser",
        command: `deno task export --run ${run.dir} --format web`,
      },
      { purpose: "Evaluate again", command: `deno task evaluate --run ${run.dir}` },
    ],
  };
}

async function resultOf<T>(run: RunFolder, stage: Stage): Promise<T | null> {
  const state = await run.stageState(stage);
  return state.status === "finished" ? state.result as T : null;
}

const trainingStages = ["pretrain", "finetune", "search", "rank", "retrain", "evaluate"] as const;

/** The newest time at which a stage ended: rendering again gives the same report. */
async function finishedAt(run: RunFolder): Promise<string> {
  const states = await Promise.all(trainingStages.map((stage) => run.stageState(stage)));
  const times = states.flatMap((state) => state.status === "finished" ? [state.finishedAt] : []).sort();
  const last = times.at(-1);
  return last === undefined ? "not finished" : `${last.slice(0, 16).replace("T", " ")} UTC`;
}

async function durations(run: RunFolder): Promise<StageDuration[]> {
  const rows: StageDuration[] = [];
  for (const stage of trainingStages) {
    const state = await run.stageState(stage);
    if (state.status !== "finished") continue;
    const seconds = (Date.parse(state.finishedAt) - Date.parse(state.startedAt)) / 1000;
    const peakRssBytes = (state.result as Partial<TrainingResult> | null)?.peakRssBytes;
    rows.push({ stage, seconds, ...(peakRssBytes === undefined ? {} : { peakRssBytes }) });
  }
  return rows;
}

async function environmentOf({ worker, run }: StageContext): Promise<ReportEnvironment> {
  const { tensorflow, deviceName, threads } = await worker.call((api) => api.device());
  return {
    engine: `TensorFlow ${tensorflow}`,
    device: deviceName.replace(/^.*device:/, ""),
    threads,
    workers: run.config.workers,
    deno: Deno.version.deno,
  };
}

async function curvesOf(run: RunFolder): Promise<TrainingCurve[]> {
  const records = await run.metrics.read();
  const titles = [
    ["pretrain", "Supernet pre-training"],
    ["finetune", "Supernet fine-tuning"],
    ["retrain classification", "The architecture's own pre-training"],
    ["retrain", "The architecture's own training"],
  ];
  const pretraining = await resultOf<TrainingResult>(run, "pretrain");
  return titles.flatMap(([stage, title]) => {
    const points = records.filter((record) => record.stage === stage).map(pointOf);
    if (points.length === 0) return [];
    const top1 = stage === "pretrain" ? pretraining?.top1 : undefined;
    const scores = top1 === undefined ? [] : [{ step: points[points.length - 1].step, score: top1 }];
    return [{ title, points, scores, scoreName: "top-1 accuracy" }];
  });
}

function pointOf(record: MetricRecord): { step: number; loss: number; learningRate: number } {
  return { step: record.step, loss: Number(record.loss), learningRate: Number(record.learningRate) };
}

async function candidatesOf(context: StageContext): Promise<CandidateRecord[]> {
  using history = await openRunHistory(context);
  return history.all();
}

async function dataNotes({ run: { config }, data }: StageContext): Promise<DataNote[]> {
  const detection = await data.detection(config);
  const boxes = (["train", "val", "test"] as const).map((split) => ({
    title: `detection, ${split}`,
    images: detection[split].samples.length,
    objects: countObjects(detection[split]),
    skipped: split === "train" ? detection.skipped : [],
  }));
  if (!usesClassLabels(config)) return boxes;
  const classification = await data.classification(config);
  const labels = (["train", "val"] as const).map((split) => {
    const images = classification[split].samples.length;
    return { title: `classification, ${split}`, images, objects: images, skipped: [] };
  });
  return [...boxes, ...labels];
}

function countObjects({ samples }: DetectionSet): number {
  let objects = 0;
  for (const { annotations } of samples) objects += annotations.length;
  return objects;
}
