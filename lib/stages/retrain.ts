/**
 * Stage 4: the winner alone is trained on the detection data, from the supernet's weights or from scratch.
 *
 * @module
 */
import { runTraining, type TrainingResult } from "./run_training.ts";
import { onceFinished, type StageContext, trainingTask } from "./stage_context.ts";
import { winnersOf } from "./trained_architecture.ts";

/** Retrains the best architecture, or the one that the config names; its weights are the newest checkpoint in the run's `retrain/`. */
export async function retrain(context: StageContext): Promise<TrainingResult> {
  return await onceFinished(context, "retrain", async () => {
    const [{ choices }] = await winnersOf(context);
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
