/**
 * Drives a worker's training to its end: asks for steps, writes the learning curve, tells how it goes.
 *
 * @module
 */
import type { TrainingStatus } from "../workers/worker_api.ts";
import { type RemoteWorker, WorkerError } from "../workers/worker_process.ts";
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
 * Opens a training on the worker and runs it to its end. A worker that ends is started again and goes on from its
 * newest checkpoint.
 *
 * @param name What the training is called in the learning curve, e.g. `finetune`.
 * @param open Opens it.
 * @param validates Whether accuracy is measured at the end.
 * @throws {WorkerError} If the worker ends over and over without getting further.
 * @throws The signal's reason, when the job is to stop; a checkpoint of the last step is there then.
 */
export async function runTraining(
  context: StageContext,
  name: string,
  open: (worker: RemoteWorker) => Promise<TrainingStatus>,
  validates: boolean,
): Promise<TrainingResult> {
  const { worker, workers, observer } = context;
  if (workers.length > 1) observer.say(`${name}: trains on one worker`);
  const progress = { step: 0 };
  for (;;) {
    try {
      return await trainToEnd(context, name, open, validates, progress);
    } catch (error) {
      if (!(error instanceof WorkerError) || !worker.isOpen) throw error;
      observer.say(`${name}: ${worker.name} is started again: ${error.message}`);
    }
  }
}

/** @param progress The furthest step of all tries: a worker that gets beyond it is well. */
async function trainToEnd(
  { run, worker, observer, signal }: StageContext,
  name: string,
  open: (worker: RemoteWorker) => Promise<TrainingStatus>,
  validates: boolean,
  progress: { step: number },
): Promise<TrainingResult> {
  const { step, steps, damaged } = await worker.call(open);
  for (const reason of damaged) observer.say(`${name}: ${reason}; the checkpoint before is used`);
  if (step > 0 && step < steps) observer.say(`${name}: goes on at step ${step}`);
  await run.metrics.truncate(name, step);

  let finalLoss: number | null = null;
  for (let done = step; done < steps;) {
    const metrics = await worker.finish((api) => api.train(reportMs));
    for (const { parts, ...rest } of metrics) await run.metrics.append({ stage: name, ...rest, ...parts });
    const { step, loss } = metrics[metrics.length - 1];
    [done, finalLoss] = [step, loss];
    if (done > progress.step) worker.succeeded();
    progress.step = Math.max(progress.step, done);
    if (signal.aborted && done < steps) await worker.finish((api) => api.saveTraining());
    signal.throwIfAborted();
    const { rssBytes } = await worker.call((api) => api.memory());
    observer.progress({ label: name, unit: "steps", done, total: steps, loss, memoryBytes: rssBytes });
  }
  const top1 = validates ? await worker.call((api) => api.validate()) : undefined;
  const { peakRssBytes } = await worker.call((api) => api.memory());
  await worker.call((api) => api.closeTraining());
  return { steps, finalLoss, peakRssBytes, ...(top1 === undefined ? {} : { top1 }) };
}
