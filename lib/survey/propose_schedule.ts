/**
 * How long to train on so many images.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";

/** Steps of the supernet's fine-tuning and of the winner's retraining. */
export interface ScheduleProposal {
  readonly finetuneSteps: number;
  readonly retrainSteps: number;
}

/** `photos` trains well in these steps of 8 images on BCCD's training and validation images. */
const measured = { images: 292, batchSize: 8, finetuneSteps: 1200, retrainSteps: 1600 };
const leastSteps = 300;
const leastEpochs = 2;

/**
 * Proposes steps by a rule of thumb from one measurement: what `photos` needs on BCCD, where four times the images are
 * trained on for twice as long; at least 300 steps and two epochs.
 *
 * @param trainImages Images that the supernet is fine-tuned on.
 * @param valImages Images that the search is scored on; the winner is retrained on these, too.
 * @param config The config, for its batch sizes.
 */
export function proposeSchedule(
  trainImages: number,
  valImages: number,
  { finetune, retrain }: Pick<Config, "finetune" | "retrain">,
): ScheduleProposal {
  return {
    finetuneSteps: stepsFor(trainImages, measured.finetuneSteps, finetune.batchSize),
    retrainSteps: stepsFor(trainImages + valImages, measured.retrainSteps, retrain.batchSize),
  };
}

function stepsFor(images: number, measuredSteps: number, batchSize: number): number {
  const seen = measuredSteps * measured.batchSize * Math.sqrt(images / measured.images);
  const steps = Math.max(seen, leastEpochs * images) / batchSize;
  return Math.max(leastSteps, Math.round(steps / 100) * 100);
}
