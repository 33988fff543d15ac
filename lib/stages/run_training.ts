/**
 * Drives a worker's training to its end: asks for steps, writes the learning curve, tells how it goes.
 *
 * @module
 */
import type { TrainingStatus } from "../workers/worker_api.ts";
import type { RemoteWorker } from "../workers/worker_process.ts";
import type { StageContext } from "./stage_context.ts";

/** How long a worker trains before it reports: short enough for a live progress line. */
const reportMs = 500;

/** What a finished training leaves behind. */
export interface TrainingResult {
  readonly steps: number;
  /** The last step's. */
  readonly finalLoss: number | null;
  /** Top-1 accuracy, where there are labels to validate on. */
  readonly top1?: number;
  /** Largest memory of the worker so far. */
  readonly peakRssBytes: number;
}

/**
 * Opens a training on the worker and runs it to its end.
 *
 * @param name What the training is called in the learning curve, e.g. `finetune`.
 * @param open Opens it.
 * @param validates Whether accuracy is measured at the end.
 */
export async function runTraining(
  { run, worker, observer }: StageContext,
  name: string,
  open: (worker: RemoteWorker) => Promise<TrainingStatus>,
  validates: boolean,
): Promise<TrainingResult> {
  const { step, steps, damaged } = await worker.call(open);
  for (const reason of damaged) observer.say(`${name}: ${reason}; the checkpoint before is used`);
  if (step > 0 && step < steps) observer.say(`${name}: goes on at step ${step}`);
  await run.metrics.truncate(name, step);

  let finalLoss: number | null = null;
  for (let done = step; done < steps;) {
    const metrics = await worker.call((api) => api.train(reportMs));
    for (const { parts, ...rest } of metrics) await run.metrics.append({ stage: name, ...rest, ...parts });
    const { step, loss } = metrics[metrics.length - 1];
    [done, finalLoss] = [step, loss];
    const { rssBytes } = await worker.call((api) => api.memory());
    observer.progress({ label: name, unit: "steps", done, total: steps, loss, memoryBytes: rssBytes });
  }
  const top1 = validates ? await worker.call((api) => api.validate()) : undefined;
  const { peakRssBytes } = await worker.call((api) => api.memory());
  await worker.call((api) => api.closeTraining());
  return { steps, finalLoss, peakRssBytes, ...(top1 === undefined ? {} : { top1 }) };
}
