/**
 * Stage 4: the winner alone is trained on the detection data, from the supernet's weights or from scratch.
 *
 * @module
 */
import { runTraining, type TrainingResult } from "./run_training.ts";
import type { SearchResult } from "./search.ts";
import { onceFinished, requireFinished, type StageContext, trainingTask } from "./stage_context.ts";

/** Retrains the best architecture; its weights are the newest checkpoint in the run's `retrain/`. */
export async function retrain(context: StageContext): Promise<TrainingResult> {
  return await onceFinished(context, "retrain", async () => {
    const { winners } = await requireFinished<SearchResult>(context.run, "search");
    const [{ choices }] = winners;
    const task = trainingTask(context);
    const { classification } = context.run.config.retrain;
    if (classification !== null) {
      const validates = classification.validationImages > 0;
      await runTraining(
        context,
        "retrain classification",
        (worker) => worker.openWinnerPretraining(task, choices),
        validates,
      );
    }
    return await runTraining(context, "retrain", (worker) => worker.openRetraining(task, choices), false);
  });
}
