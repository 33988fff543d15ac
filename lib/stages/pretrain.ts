/**
 * Stage 1: the supernet learns to classify, one sampled path a step (DetNAS, section 3.2, step 1).
 *
 * @module
 */
import { runTraining, type TrainingResult } from "./run_training.ts";
import { onceFinished, type StageContext, trainingTask } from "./stage_context.ts";

/** Pre-trains the supernet; its weights are the newest checkpoint in the run's `pretrain/`. */
export async function pretrain(context: StageContext): Promise<TrainingResult> {
  return await onceFinished(context, "pretrain", async () => {
    const validates = (context.run.config.pretrain?.validationImages ?? 0) > 0;
    const task = trainingTask(context);
    return await runTraining(context, "pretrain", (worker) => worker.openPretraining(task), validates);
  });
}
