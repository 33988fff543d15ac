/**
 * A training that goes on step by step and can be left at any of them: the part that all trainings share.
 *
 * @module
 */
import type { DetectionSet } from "../data/sample.ts";
import type { Detection } from "../eval/detection.ts";
import { loneWorker, saidByFirst, type WorkerGroup } from "../nn/worker_group.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { leaveTogether } from "./batch_share.ts";
import {
  type CheckpointOrigin,
  loadNewestCheckpoint,
  type LoadOptions,
  saveCheckpoint,
} from "./checkpoint.ts";
import type { NetworkState } from "./network_state.ts";
import type { MeasuringProgress } from "./population_pass.ts";
import type { MeasuringRun, PopulationMeasurement } from "./population_run.ts";
import type { TensorMap } from "./safetensors.ts";
import { shareTensors } from "./shared_tensors.ts";

/** What one step reports. */
export interface StepMetrics {
  /** Steps done, this one included. */
  readonly step: number;
  readonly loss: number;
  /** The loss's parts by name, where it has some. */
  readonly parts: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Of the whole step, waiting for data included. */
  readonly elapsedMs: number;
  /** Of it, until this worker's part of the batch was there. */
  readonly waitMs: number;
}

/** What one step of a particular training does. */
export interface StepOutcome {
  readonly loss: number;
  readonly parts?: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Until the batch was there. */
  readonly waitMs: number;
  /** What was trained on what, for the message if the loss is not finite. */
  readonly choices: Architecture;
  readonly ids: readonly string[];
}

/** Waits for a step's batch, and tells how long. */
export async function waitFor<Batch>(coming: Promise<Batch>): Promise<{ batch: Batch; waitMs: number }> {
  const start = performance.now();
  const batch = await coming;
  return { batch, waitMs: performance.now() - start };
}

/** What a session is told. */
export interface SessionOptions {
  /** The training's name in messages, e.g. `finetune`. */
  readonly name: string;
  /** Where its checkpoints lie; must exist. */
  readonly dir: string;
  readonly origin: CheckpointOrigin;
  /** Which network it is, see `networkMetadata`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly approximate: boolean;
  readonly onDifference?: NonNullable<LoadOptions["onDifference"]>;
  readonly steps: number;
  readonly checkpointSteps: number;
  /**
   * The workers that take each step together: all open the same session and make the same calls; the first reads and
   * writes the checkpoints. Default: none but this one.
   */
  readonly group?: WorkerGroup;
  /** Told of each damaged checkpoint that is passed over. */
  readonly onDamaged: (reason: string) => void;
  /** How batch-norm statistics are measured after the last step; default: they stay running averages. */
  readonly statistics?: PopulationMeasurement;
  /** Detects with the network as it is; default: it is no detector. */
  readonly detect?: TrainingDetection;
}

/**
 * Detects on some images of a set with a network in training; all workers of a group detect together.
 *
 * @param indices Which of its samples.
 */
export type TrainingDetection = (set: DetectionSet, indices: readonly number[]) => Promise<Detection[]>;

/** A training under way. */
export class TrainingSession implements Disposable {
  /** Steps in all. */
  readonly steps: number;
  readonly #options: SessionOptions;
  readonly #state: NetworkState;
  readonly #runStep: (step: number) => Promise<StepOutcome>;
  readonly #resources: readonly Disposable[];
  #step = 0;
  #measuring: MeasuringRun | null = null;
  /** The newest checkpoint's. */
  #savedStep: number;

  /** Use {@linkcode openSession}. */
  constructor(
    options: SessionOptions,
    state: NetworkState,
    runStep: (step: number) => Promise<StepOutcome>,
    resources: readonly Disposable[],
    step: number,
  ) {
    this.steps = options.steps;
    this.#options = options;
    this.#state = state;
    this.#runStep = runStep;
    this.#resources = resources;
    this.#step = this.#savedStep = step;
  }

  get #group(): WorkerGroup {
    return this.#options.group ?? loneWorker;
  }

  /** Images that batch-norm statistics are measured on after the last step; 0 if they stay running averages. */
  get statisticsImages(): number {
    return this.#options.statistics?.images ?? 0;
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /**
   * One step; its checkpoint, where one is due, is left to the next call.
   *
   * @throws {RangeError} If the loss is not finite; names step, path and images. The newest checkpoint is whole.
   */
  trainStep(): Promise<StepMetrics> {
    return leaveTogether(this.#group, () => this.#trainStep());
  }

  /**
   * Steps until so much time is up by the first worker's clock, at least one, or until a checkpoint is due. That is
   * written by the next call, so that the caller has put down the steps before they can't come again.
   *
   * @throws As {@linkcode TrainingSession.trainStep}.
   */
  async trainFor(budgetMs: number): Promise<StepMetrics[]> {
    const end = performance.now() + budgetMs;
    const metrics: StepMetrics[] = [];
    await leaveTogether(this.#group, () => this.saveDue());
    do metrics.push(await this.trainStep()); while (
      !this.#isScheduled(this.#step) && this.#isTimeBefore(end)
    );
    return metrics;
  }

  #isTimeBefore(end: number): boolean {
    return saidByFirst(this.#group, performance.now() < end, "time left");
  }

  async #trainStep(): Promise<StepMetrics> {
    const start = performance.now();
    const outcome = await this.#runStep(this.#step);
    if (!Number.isFinite(outcome.loss)) throw this.#nonFinite(outcome);
    this.#step++;
    const { loss, parts = {}, learningRate, waitMs } = outcome;
    return { step: this.#step, loss, parts, learningRate, elapsedMs: performance.now() - start, waitMs };
  }

  /** Writes a checkpoint after the last step if one is due and not there yet. */
  async saveDue(): Promise<void> {
    if (this.#isScheduled(this.#step)) await this.save();
  }

  /** Writes a checkpoint after the last step, unless there is one; resuming from it changes nothing of the result. */
  async save(): Promise<void> {
    if (this.#savedStep === this.#step) return;
    await this.#save();
    this.#savedStep = this.#step;
  }

  /**
   * Goes on measuring batch-norm statistics after the last step until so much time is up by the first worker's clock, or
   * to the end; then the network has them, and the next checkpoint saved. Measured again they are the same, so it does not
   * matter whether a training that goes on from its last checkpoint had them.
   *
   * @returns Units measured, of how many: all of them at the end, and fewer before.
   * @throws {RangeError} If the training is not at its end, or has no statistics to measure.
   */
  async measureFor(budgetMs: number): Promise<MeasuringProgress> {
    const end = performance.now() + budgetMs;
    const measuring = this.#measuring ??= this.#startMeasuring();
    return await leaveTogether(this.#group, async () => {
      for (;;) {
        const { value, done } = await measuring.next();
        if (done) this.#endMeasuring();
        if (done || !this.#isTimeBefore(end)) return value;
      }
    });
  }

  #startMeasuring(): MeasuringRun {
    const { name, statistics } = this.#options;
    if (statistics === undefined) {
      throw new RangeError(
        `Cannot measure statistics of ${name}: it is told of no images to measure them on`,
      );
    }
    if (this.#step === this.steps) return statistics.start();
    throw new RangeError(
      `Cannot measure statistics of ${name} before its end: step ${this.#step} of ${this.steps}`,
    );
  }

  #endMeasuring(): void {
    this.#measuring?.[Symbol.dispose]();
    this.#measuring = null;
    this.#savedStep = -1;
  }

  /**
   * What the network finds after the last step; it changes nothing of the training.
   *
   * @param indices Which of the set's samples.
   * @throws {TypeError} If it is no detector.
   */
  detect(set: DetectionSet, indices: readonly number[]): Promise<Detection[]> {
    const { detect, name } = this.#options;
    if (detect === undefined) throw new TypeError(`Cannot detect with ${name} as it trains no detector`);
    return leaveTogether(this.#group, () => detect(set, indices));
  }

  [Symbol.dispose](): void {
    this.#measuring?.[Symbol.dispose]();
    for (const resource of this.#resources) resource[Symbol.dispose]();
    this.#state[Symbol.dispose]();
  }

  #isScheduled(step: number): boolean {
    return step === this.steps || step % this.#options.checkpointSteps === 0;
  }

  async #save(): Promise<void> {
    const { dir, origin } = this.#options;
    if (this.#group.rank !== 0) return;
    const network = this.#state.toHost();
    this.#requireFinite(network);
    const isScheduled = (step: number): boolean => this.#isScheduled(step);
    await saveCheckpoint(dir, {
      step: this.#step,
      origin,
      files: { network },
      metadata: this.#options.metadata,
    }, { isScheduled });
  }

  /** What the last step made of the network shows in the next loss, when a checkpoint of it may be there already. */
  #requireFinite(network: TensorMap): void {
    for (const [tensor, { data }] of network) {
      if (!(data instanceof Float32Array) || data.every(Number.isFinite)) continue;
      throw new RangeError(
        `Cannot go on with ${this.#options.name} as step ${this.#step} has left ${tensor} with values that are no ` +
          `numbers: lower the learning rate. Nothing trained before is lost: checkpoints are in ${this.#options.dir}`,
      );
    }
  }

  #nonFinite({ loss, choices, ids }: StepOutcome): RangeError {
    return new RangeError(
      `Cannot go on with ${this.#options.name} as the loss of step ${this.#step + 1} is ${loss}: ` +
        `path ${architectureKey(choices)}, images ${
          ids.join(", ")
        }; lower the learning rate or look at these images. ` +
        `Nothing trained so far is lost: checkpoints are in ${this.#options.dir}`,
    );
  }
}

/**
 * Opens a training: goes on from its newest whole checkpoint, or starts from what the state holds.
 *
 * @param state The network; the session owns it from here on.
 * @param initialise Fills the state where there is no checkpoint yet.
 * @param runStep One step, from 0.
 * @param resources Disposed with the session, before the state.
 * @throws {RangeError} If the checkpoint is of another config, seed, version or number of threads.
 */
export async function openSession(
  options: SessionOptions,
  state: NetworkState,
  initialise: () => Promise<void>,
  runStep: (step: number) => Promise<StepOutcome>,
  resources: readonly Disposable[],
): Promise<TrainingSession> {
  try {
    const { group = loneWorker } = options;
    const ownStep = group.rank === 0 ? await restore(options, state, initialise) : 0;
    const step = group.size === 1 ? ownStep : shareState(group, state, ownStep);
    return new TrainingSession(options, state, runStep, resources, step);
  } catch (error) {
    for (const resource of [...resources, state]) resource[Symbol.dispose]();
    throw error;
  }
}

/** Fills the state with what there is; gives the steps done. */
async function restore(
  options: SessionOptions,
  state: NetworkState,
  initialise: () => Promise<void>,
): Promise<number> {
  const checkpoint = await loadNewestCheckpoint(options.dir, options);
  if (checkpoint === null) await initialise();
  else state.fromHost(checkpoint.files.network, { slots: true });
  return checkpoint?.step ?? 0;
}

/** All workers start from what the first one has, and it alone reads the run's folder. */
function shareState(group: WorkerGroup, state: NetworkState, step: number): number {
  const own = group.rank === 0 ? state.toHost() : new Map();
  const { tensors, metadata } = shareTensors(group, own, { step: String(step) });
  if (group.rank > 0) state.fromHost(tensors, { slots: true });
  return Number(metadata.step);
}
