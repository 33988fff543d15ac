/**
 * Training on class labels: the supernet's pre-training (one uniformly sampled path a step), or one architecture's.
 *
 * @module
 */
import { durationSteps } from "../config/duration.ts";
import type { ClassificationTraining, Config } from "../config/schema.ts";
import { ClassificationLoader } from "../data/loader.ts";
import { classifierOnDevice, countCorrect } from "./classification_scoring.ts";
import { linearDecay } from "../nn/schedule.ts";
import { loneWorker } from "../nn/worker_group.ts";
import type { ClassificationData } from "./datasets.ts";
import { type Device, threadsOf } from "./device.ts";
import { NetworkState } from "./network_state.ts";
import type { PathOfStep } from "./path.ts";
import { disposeStatistics, inheritedStatistics } from "./path_statistics.ts";
import { openSession, type SessionOptions, type TrainingSession, waitFor } from "./training_session.ts";

/** A training on class labels, and how well it does. */
export interface Pretraining extends Disposable {
  readonly session: TrainingSession;
  /**
   * Share of validation images whose class is the largest logit, each batch on the path of its own number. A
   * supernet's batch norms take each batch's own statistics, a single architecture's the running ones.
   */
  validate(): Promise<number>;
}

/** What a training on class labels is told. */
export interface PretrainingOptions extends Omit<SessionOptions, "steps" | "checkpointSteps"> {
  readonly config: Config;
  readonly training: ClassificationTraining;
  readonly path: PathOfStep;
  /** The architecture, if there is only one: other units are then left out. */
  readonly only: readonly number[] | null;
}

/** Opens a training on class labels, where it was left; with a group, each worker opens the same and trains its share. */
export async function openPretraining(
  device: Device,
  data: ClassificationData,
  options: PretrainingOptions,
): Promise<Pretraining> {
  const { config, training, path } = options;
  const { classes } = data.train;
  const { group = loneWorker } = device;
  const { model, runner, units } = classifierOnDevice(
    device,
    config,
    training,
    classes.length,
    options.only,
    group,
  );
  const state = new NetworkState(units, config.seed);
  const loaderOptions = {
    ...training,
    seed: config.seed,
    maxImagePixels: config.maxImagePixels,
    ...threadsOf(device),
  };
  const loader = new ClassificationLoader(data.train, { ...loaderOptions, share: group });
  const validation = new ClassificationLoader(data.val, loaderOptions);

  const steps = durationSteps(training.duration, data.train.samples.length, training.batchSize);
  const schedule = linearDecay(training.learningRate, steps);
  const session = await openSession(
    { ...options, steps, checkpointSteps: training.checkpointSteps, group },
    state,
    () => Promise.resolve(),
    async (step) => {
      const { batch, waitMs } = await waitFor(loader.batch(step));
      const [choices, learningRate] = [path(step), schedule(step)];
      const loss = model.trainStep(state, batch, choices, step, learningRate);
      return { loss, learningRate, waitMs, choices, ids: batch.ids };
    },
    [model, runner, loader, validation],
  );
  return {
    session,
    async validate(): Promise<number> {
      const count = Math.min(training.validationImages, data.val.samples.length);
      const stride = data.val.samples.length / Math.max(1, count); // spread over the classes, which come in order
      const indices = Array.from({ length: count }, (_, i) => Math.floor(i * stride));
      let [correct, batches] = [0, 0];
      for await (const { batch, validCount } of validation.evaluationBatches(indices)) {
        const choices = path(batches++);
        // A supernet's running statistics are of no path: all paths have moved them.
        const statistics = options.only === null
          ? null
          : inheritedStatistics(state, model.unitsOnPath(choices));
        correct += countCorrect(model.logits(state, batch, choices, statistics), batch, validCount);
        if (statistics !== null) disposeStatistics(statistics);
      }
      return count === 0 ? 0 : correct / count;
    },
    [Symbol.dispose]: () => session[Symbol.dispose](),
  };
}
