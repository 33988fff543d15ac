/**
 * Drives a worker's training to its end: asks for steps, writes the learning curve, tells how it goes.
 *
 * @module
 */
import type { MetricRecord } from "../run/metrics_log.ts";
import type { MeasuringProgress } from "../train/population_pass.ts";
import type { StepMetrics } from "../train/training_session.ts";
import type { TrainingStatus } from "../workers/worker_api.ts";
import { Deadline } from "../workers/deadline.ts";
import { type RemoteWorker, WorkerError } from "../workers/worker_process.ts";
import { TrainingLooks } from "./live_detections.ts";
import type { StageContext } from "./stage_context.ts";
import { XlaTeller } from "./xla_teller.ts";

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
 * Opens a training on the workers and runs it to its end. When one ends, all are started again and go on from the newest
 * checkpoint.
 *
 * @param name What the training is called in the learning curve, e.g. `finetune`.
 * @param open Opens it.
 * @param validates Whether accuracy is measured at the end.
 * @throws {WorkerError} If workers end over and over without getting further.
 * @throws The signal's reason, when the job is to stop; a checkpoint of the last step is there then.
 */
export async function runTraining(
  context: StageContext,
  name: string,
  open: (worker: RemoteWorker) => Promise<TrainingStatus>,
  validates: boolean,
): Promise<TrainingResult> {
  const { trainer, worker, workers, observer } = context;
  if (workers.length > 1) await worker.end(); // its device is the group's now
  const progress = { step: 0 };
  for (;;) {
    try {
      const result = await trainToEnd(context, name, open, validates, progress);
      if (workers.length > 1) await trainer.end();
      return result;
    } catch (error) {
      if (!(error instanceof WorkerError) || !trainer.isOpen) throw error;
      observer.say(`${name}: ${trainer.name} is started again: ${error.message}`);
    }
  }
}

/** @param progress The furthest step of all tries: workers that get beyond it are well. */
async function trainToEnd(
  context: StageContext,
  name: string,
  open: (worker: RemoteWorker) => Promise<TrainingStatus>,
  validates: boolean,
  progress: { step: number },
): Promise<TrainingResult> {
  const { run, trainer, observer, signal, timers } = context;
  const status = await trainer.call(open);
  const { step, steps, damaged, statisticsImages = 0 } = status;
  for (const reason of damaged) observer.say(`${name}: ${reason}; the checkpoint before is used`);
  if (step > 0 && step < steps) observer.say(`${name}: goes on at step ${step}`);
  await run.metrics.truncate(name, step);
  const looks = new TrainingLooks(context, name, status);
  await looks.resume(step);

  let finalLoss = step === steps ? lastLoss(await run.metrics.read(), name) : null;
  const deadline = new Deadline();
  const xla = new XlaTeller(context, name);
  for (let done = step; done < steps;) {
    const metrics = await deadline.hold(timers, trainer, () => trainer.finish((api) => api.train(reportMs)));
    const { rssBytes } = await trainer.finish((api) => api.memory());
    await run.metrics.append(...metricRecords(name, metrics, rssBytes, steps));
    const { step, loss } = metrics[metrics.length - 1];
    [done, finalLoss] = [step, loss];
    if (done > progress.step) trainer.succeeded();
    await xla.tell();
    progress.step = Math.max(progress.step, done);
    const isDue = looks.isDue(done);
    if (signal.aborted || done === steps || isDue) await trainer.finish((api) => api.saveTraining());
    signal.throwIfAborted();
    observer.progress({ label: name, unit: "steps", done, total: steps, loss, memoryBytes: rssBytes });
    if (isDue && done < steps) await looks.look(done);
  }
  if (statisticsImages > 0) {
    await measureStatistics(context, name);
    await trainer.finish((api) => api.saveTraining());
    observer.say(`${name}: batch-norm statistics measured on ${statisticsImages} images`);
  }
  await looks.look(steps);
  const top1 = validates ? await trainer.call((api) => api.validate()) : undefined;
  const { peakRssBytes } = await trainer.call((api) => api.memory());
  await trainer.call((api) => api.closeTraining());
  return { steps, finalLoss, peakRssBytes, ...(top1 === undefined ? {} : { top1 }) };
}

/** Nothing is lost if it stops between: the checkpoint of the last step is there, and all is measured again. */
async function measureStatistics(
  { trainer, observer, timers }: StageContext,
  name: string,
): Promise<void> {
  const deadline = new Deadline();
  const label = `${name} statistics`;
  for (let [done, total] = [0, 1]; done < total;) {
    const call = (): Promise<MeasuringProgress> => trainer.call((api) => api.measureStatistics(reportMs));
    ({ done, total } = await deadline.hold(timers, trainer, call));
    observer.progress({ label, unit: "units", done, total });
  }
}

/** The loss of a training's last step on record. */
function lastLoss(records: readonly MetricRecord[], name: string): number | null {
  const loss = records.findLast(({ stage }) => stage === name)?.loss;
  return typeof loss === "number" ? loss : null;
}

/** One record a step; the last has the worker's memory after it, and how many steps there are to be. */
function metricRecords(
  stage: string,
  metrics: readonly StepMetrics[],
  rssBytes: number,
  totalSteps: number,
): MetricRecord[] {
  const last = metrics.length - 1;
  return metrics.map(({ parts, ...rest }, i) => ({
    stage,
    ...rest,
    ...parts,
    ...(i === last ? { rssBytes, totalSteps } : {}),
  }));
}
