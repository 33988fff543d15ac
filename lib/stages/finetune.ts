/**
 * Stage 2: the pre-trained supernet learns to detect, one sampled path a step (DetNAS, section 3.2, step 2).
 *
 * @module
 */
import { isPlanned } from "../run/plan.ts";
import { runTraining, type TrainingResult } from "./run_training.ts";
import { onceFinished, requireFinished, type StageContext, trainingTask } from "./stage_context.ts";

/** Fine-tunes the supernet, pre-trained or (without `pretrain` in the config) from scratch; its weights are the newest checkpoint in the run's `finetune/`. */
export async function finetune(context: StageContext): Promise<TrainingResult> {
  return await onceFinished(context, "finetune", async () => {
    if (isPlanned(context.run.config, "pretrain")) await requireFinished(context.run, "pretrain");
    const task = trainingTask(context);
    return await runTraining(context, "finetune", (worker) => worker.openFinetuning(task), false);
  });
}
