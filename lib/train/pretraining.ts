/**
 * Training on class labels: the supernet's pre-training (one uniformly sampled path a step), or one architecture's.
 *
 * @module
 */
import { durationSteps } from "../config/duration.ts";
import type { ClassificationTraining, Config } from "../config/schema.ts";
import { ClassificationLoader } from "../data/loader.ts";
import { countTopK } from "../eval/top_k.ts";
import { supernet } from "../models/backbone.ts";
import { classifierUnit } from "../models/classifier.ts";
import { batchNormEpsilon, localBatchNorm } from "../nn/batch_norm.ts";
import { linearDecay } from "../nn/schedule.ts";
import { ClassificationModel } from "./classification_model.ts";
import type { ClassificationData } from "./datasets.ts";
import type { Device } from "./device.ts";
import { NetworkState } from "./network_state.ts";
import type { PathOfStep } from "./path.ts";
import { openSession, type SessionOptions, type TrainingSession } from "./training_session.ts";
import { unitsOnPath } from "./trunk.ts";
import { UnitRunner } from "./unit_runner.ts";

/** A training on class labels, and how well it does. */
export interface Pretraining extends Disposable {
  readonly session: TrainingSession;
  /** Share of validation images whose class is the largest logit, each batch on the path of its own number. */
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

/** Opens a training on class labels, where it was left. */
export async function openPretraining(
  device: Device,
  data: ClassificationData,
  options: PretrainingOptions,
): Promise<Pretraining> {
  const { config, training, path } = options;
  const net = supernet(config.space, config.shuffleMethod);
  const classifier = classifierUnit(config.space, data.train.classes.length);
  const units = options.only === null ? [net.stem, ...net.blocks.flat()] : unitsOnPath(net, options.only);
  const state = new NetworkState([...units, classifier], config.seed);
  const runner = new UnitRunner(device.compiler, localBatchNorm(batchNormEpsilon));
  const model = new ClassificationModel(device, runner, net, classifier, {
    ...training,
    decayOn: "matrices",
    biasLearningRateFactor: 1,
    seed: config.seed,
  });
  const loaderOptions = { ...training, seed: config.seed, maxImagePixels: config.maxImagePixels };
  const loader = new ClassificationLoader(data.train, loaderOptions);
  const validation = new ClassificationLoader(data.val, loaderOptions);

  const steps = durationSteps(training.duration, data.train.samples.length, training.batchSize);
  const schedule = linearDecay(training.learningRate, steps);
  const session = await openSession(
    { ...options, steps, checkpointSteps: training.checkpointSteps },
    state,
    () => Promise.resolve(),
    async (step) => {
      const batch = await loader.batch(step);
      const [choices, learningRate] = [path(step), schedule(step)];
      const loss = model.trainStep(state, batch, choices, step, learningRate);
      return { loss, learningRate, choices, ids: batch.ids };
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
        const logits = model.logits(state, batch, path(batches++));
        const perImage = logits.length / batch.ids.length;
        const valid = logits.subarray(0, validCount * perImage);
        correct += countTopK(valid, batch.classIndices.subarray(0, validCount), [1])[0];
      }
      return count === 0 ? 0 : correct / count;
    },
    [Symbol.dispose]: () => session[Symbol.dispose](),
  };
}
