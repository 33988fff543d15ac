/**
 * Stage 5: the retrained winner's AP on the reported split, which nothing before has seen.
 *
 * @module
 */
import type { ConfusionThresholds } from "../eval/confusion.ts";
import { writeFileAtomic } from "../run/atomic_file.ts";
import type { Winner } from "../search/winners.ts";
import type { EvaluationReport } from "../workers/worker_api.ts";
import { onceFinished, recorded, requireFinished, type StageContext, trainingTask } from "./stage_context.ts";
import { winnersOf } from "./trained_architecture.ts";
import { writeWinners } from "./winners_file.ts";

/** What counts as a detection, and as found, where detections are counted or drawn. */
export const shownThresholds: ConfusionThresholds = { score: 0.4, iou: 0.5 };

/** Evaluates the retrained winner, unless that is done, and adds its numbers to `winners.json`. */
export async function evaluate(context: StageContext): Promise<EvaluationReport> {
  return await onceFinished(context, "evaluate", () => measure(context));
}

/** Evaluates the retrained winner, also where that is done. */
export async function evaluateAgain(context: StageContext): Promise<EvaluationReport> {
  return await recorded(context, "evaluate", () => measure(context));
}

/** A run's winners, the best with what its evaluation after retraining gave: what `winners.json` then holds. */
export function withScores([best, ...others]: readonly Winner[], report: EvaluationReport): Winner[] {
  const { AP, AP50, AP75, APs, APm, APl } = report.summary;
  return [{ ...best, retrained: { AP, AP50, AP75, APs, APm, APl, perClass: report.perClass } }, ...others];
}

async function measure(context: StageContext): Promise<EvaluationReport> {
  const { run, worker } = context;
  const winners = await winnersOf(context);
  await requireFinished(run, "retrain");
  const { report, details } = await worker.call((api) =>
    api.evaluateRetrained(trainingTask(context), winners[0].choices, shownThresholds)
  );
  await writeWinners(run, withScores(winners, report));
  await writeFileAtomic(run.paths.evaluation, JSON.stringify({ ...report, details }) + "\n");
  return report;
}
