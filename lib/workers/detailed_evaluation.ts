/**
 * An evaluation as a worker hands it over.
 *
 * @module
 */
import type { DetectionSet } from "../data/sample.ts";
import { classAps } from "../eval/coco.ts";
import type { ConfusionThresholds } from "../eval/confusion.ts";
import { evaluationDetails } from "../eval/evaluation_details.ts";
import { groundTruthOf } from "../eval/ground_truth.ts";
import type { Evaluated } from "../train/candidate_scorer.ts";
import type { DetailedEvaluation } from "./worker_api.ts";

/**
 * The numbers of an evaluated set, and what stands behind them.
 *
 * @param set What was evaluated on, whole.
 * @param thresholds For what was taken for what.
 */
export function detailedEvaluation(
  set: DetectionSet,
  { evaluation, detections }: Evaluated,
  thresholds: ConfusionThresholds,
): DetailedEvaluation {
  const perClass = classAps(evaluation.curves, set.classes);
  return {
    report: { images: set.samples.length, summary: evaluation.summary, perClass },
    details: evaluationDetails(groundTruthOf(set), detections, evaluation, thresholds),
  };
}
