/**
 * Stage 5: the retrained winner's AP on the reported split, which nothing before has seen.
 *
 * @module
 */
import type { Winner } from "../search/winners.ts";
import type { EvaluationReport } from "../workers/worker_api.ts";
import type { SearchResult } from "./search.ts";
import { onceFinished, requireFinished, type StageContext, trainingTask } from "./stage_context.ts";

/** Evaluates the retrained winner and adds its numbers to `winners.json`. */
export async function evaluate(context: StageContext): Promise<EvaluationReport> {
  return await onceFinished(context, "evaluate", async () => {
    const { winners } = await requireFinished<SearchResult>(context.run, "search");
    await requireFinished(context.run, "retrain");
    const [best, ...others] = winners;
    const report = await context.worker.call((api) => api.evaluateRetrained(trainingTask(context), best.choices));
    await context.run.writeJson("winners.json", [withScores(best, report), ...others]);
    return report;
  });
}

function withScores(winner: Winner, { summary, perClass }: EvaluationReport): Winner {
  const { AP, AP50, AP75, APs, APm, APl } = summary;
  return { ...winner, retrained: { AP, AP50, AP75, APs, APm, APl, perClass } };
}
