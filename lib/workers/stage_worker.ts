/**
 * A worker's side of {@linkcode WorkerApi}: opens trainings and detectors on its device.
 *
 * @module
 */
import process from "node:process";
import { configHash } from "../config/config_identity.ts";
import type { ClassificationTraining, Config } from "../config/schema.ts";
import { checkImages } from "../data/check.ts";
import type { ImageProblem, ImageToCheck } from "../data/image_to_check.ts";
import { encodePreview } from "../data/preview.ts";
import type { DetectionSet } from "../data/sample.ts";
import { listOf } from "../data/sample_list.ts";
import { classAps } from "../eval/coco.ts";
import type { Architecture } from "../space/architecture.ts";
import { scoredStage } from "../run/plan.ts";
import { type CheckpointOrigin, loadNewestCheckpoint } from "../train/checkpoint.ts";
import { openClassifierScoring } from "../train/classification_scoring.ts";
import { type DataSets, retrainingSet } from "../train/datasets.ts";
import type { Duration } from "../config/duration.ts";
import { selectSamples } from "../data/sample_list.ts";
import { someIndices } from "../train/candidate_scorer.ts";
import {
  BackboneProfiler,
  type ProfileOptions,
  type ProfileResult,
  type ProfileStatus,
} from "../train/profile.ts";
import type { Device } from "../train/device.ts";
import { openFinetuning } from "../train/finetuning.ts";
import { checkNetworkMetadata, networkMetadata } from "../train/network_metadata.ts";
import { fixedPath, sampledPaths } from "../train/path.ts";
import { openPretraining, type Pretraining } from "../train/pretraining.ts";
import type { TensorMap } from "../train/safetensors.ts";
import {
  openDetectorScoring,
  openSupernetScoring,
  type Scored,
  type SupernetScoring,
} from "../train/scoring.ts";
import type { SessionOptions, StepMetrics, TrainingSession } from "../train/training_session.ts";
import type {
  DetectionPicture,
  DeviceReport,
  EvaluationReport,
  MemoryReport,
  RecalibrationMode,
  TrainingStatus,
  TrainingTask,
  WorkerApi,
} from "./worker_api.ts";

/** Longer side of the pictures that a worker sends. */
const pictureSidePx = 640;

/** Answers the coordinator's calls. */
export class StageWorker implements WorkerApi {
  readonly #device: Device;
  readonly #report: DeviceReport;
  readonly #data: DataSets;
  #training: TrainingSession | null = null;
  #pretraining: Pretraining | null = null;
  #scoring: SupernetScoring | null = null;
  #profiler: BackboneProfiler | null = null;

  /**
   * @param device What computes.
   * @param report What it says of itself.
   * @param data The data sets; each is opened once.
   */
  constructor(device: Device, report: DeviceReport, data: DataSets) {
    this.#device = device;
    this.#report = report;
    this.#data = data;
  }

  device(): Promise<DeviceReport> {
    return Promise.resolve(this.#report);
  }

  memory(): Promise<MemoryReport> {
    const peakRssBytes = process.resourceUsage().maxRSS * 1024;
    return Promise.resolve({ rssBytes: Deno.memoryUsage().rss, peakRssBytes });
  }

  checkImages(images: readonly ImageToCheck[], maxPixels: number): Promise<ImageProblem[]> {
    return checkImages(images, maxPixels);
  }

  async openPretraining(task: TrainingTask): Promise<TrainingStatus> {
    const { config } = task;
    const path = sampledPaths(config.paths.pretrain, { ...config, stage: "pretrain" });
    return await this.#openPretraining(task, pretrainRecipe(config), "pretrain", path, null);
  }

  async openWinnerPretraining(task: TrainingTask, choices: Architecture): Promise<TrainingStatus> {
    const training = task.config.retrain.classification;
    if (training === null) {
      throw new RangeError("Cannot pre-train the winner as retrain.classification is null");
    }
    return await this.#openPretraining(task, training, winnerPretraining, fixedPath(choices), choices);
  }

  async openRankPretraining(
    task: TrainingTask,
    choices: Architecture,
    folder: string,
  ): Promise<TrainingStatus> {
    const training = task.config.retrain.classification;
    if (training === null) {
      throw new RangeError("Cannot pre-train an architecture as retrain.classification is null");
    }
    const stage = `${folder}/classification`;
    return await this.#openPretraining(task, training, stage, fixedPath(choices), choices);
  }

  async openRankTraining(
    task: TrainingTask,
    choices: Architecture,
    folder: string,
    duration: Duration | null,
  ): Promise<TrainingStatus> {
    const { config } = task;
    const { initialise, classification } = config.retrain;
    const initial = async (): Promise<TensorMap | null> => {
      if (classification !== null) return await this.#finished(task, `${folder}/classification`);
      return initialise === "supernet" ? await this.#supernet(task) : null;
    };
    const training = { ...config.retrain, duration: duration ?? config.retrain.duration };
    const options = { config, training, path: fixedPath(choices), only: choices, initial };
    const { train } = await this.#data.detection(config);
    return await this.#openDetectionTraining(task, folder, train, options);
  }

  async scoreRanked(task: TrainingTask, choices: Architecture, folder: string): Promise<number> {
    const { config } = task;
    const { val } = await this.#data.detection(config);
    const scored = someIndices(config.seed, "score", val, config.search.scoreImages);
    const set = { ...val, samples: selectSamples(val.samples, scored) };
    const { evaluation } = await this.#evaluateOn(task, choices, set, folder);
    return evaluation.summary.AP;
  }

  openProfile(config: Config, options: ProfileOptions): Promise<ProfileStatus> {
    this.#profiler = new BackboneProfiler(this.#device, config, options);
    return Promise.resolve(this.#profiler.status);
  }

  profile(budgetMs: number): Promise<ProfileStatus> {
    return Promise.resolve(this.#openProfiler().step(budgetMs));
  }

  closeProfile(): Promise<ProfileResult> {
    using profiler = this.#openProfiler();
    this.#profiler = null;
    return Promise.resolve(profiler.result());
  }

  async openFinetuning(task: TrainingTask): Promise<TrainingStatus> {
    const { config } = task;
    const path = sampledPaths(config.paths.finetune, { ...config, stage: "finetune" });
    const initial = async (): Promise<TensorMap | null> =>
      config.pretrain === null ? null : await this.#finished(task, "pretrain");
    const options = { config, training: config.finetune, path, only: null, initial };
    const { train } = await this.#data.detection(config);
    return await this.#openDetectionTraining(task, "finetune", train, options);
  }

  async openRetraining(task: TrainingTask, choices: Architecture): Promise<TrainingStatus> {
    const { config } = task;
    const { initialise, classification } = config.retrain;
    const initial = async (): Promise<TensorMap | null> => {
      if (classification !== null) return await this.#finished(task, winnerPretraining);
      return initialise === "supernet" ? await this.#supernet(task) : null;
    };
    const options = { config, training: config.retrain, path: fixedPath(choices), only: choices, initial };
    const all = retrainingSet(await this.#data.detection(config));
    return await this.#openDetectionTraining(task, "retrain", all, options);
  }

  async train(budgetMs: number): Promise<StepMetrics[]> {
    const session = this.#openSession();
    const end = performance.now() + budgetMs;
    const metrics: StepMetrics[] = [];
    do metrics.push(await session.trainStep()); while (
      session.step < session.steps && performance.now() < end
    );
    return metrics;
  }

  async validate(): Promise<number> {
    if (this.#pretraining === null) {
      throw new TypeError("Cannot validate as no training on class labels is open");
    }
    return await this.#pretraining.validate();
  }

  closeTraining(): Promise<void> {
    this.#openSession()[Symbol.dispose]();
    this.#training = this.#pretraining = null;
    return Promise.resolve();
  }

  async openScoring(task: TrainingTask, mode?: RecalibrationMode): Promise<void> {
    const { config } = task;
    const recalibration = { ...config.search.recalibration, ...(mode === undefined ? {} : { mode }) };
    const weights = await this.#supernet(task);
    if (scoredStage(config) === "finetune") {
      const data = await this.#data.detection(config);
      this.#scoring = openSupernetScoring(this.#device, config, data, weights, recalibration);
    } else {
      const data = await this.#data.classification(config);
      const recipe = pretrainRecipe(config);
      this.#scoring = openClassifierScoring(this.#device, config, recipe, data, weights, recalibration);
    }
  }

  async score(choices: Architecture): Promise<number> {
    return await this.#openScoring().score(choices);
  }

  async gateGradients(choices: Architecture, step: number): Promise<number[]> {
    return await this.#openScoring().gateGradients(choices, step);
  }

  closeScoring(): Promise<void> {
    this.#scoring?.[Symbol.dispose]();
    this.#scoring = null;
    return Promise.resolve();
  }

  async evaluateRetrained(task: TrainingTask, choices: Architecture): Promise<EvaluationReport> {
    const { test } = await this.#data.detection(task.config);
    const { evaluation } = await this.#evaluateOn(task, choices, test);
    const perClass = classAps(evaluation.curves, test.classes);
    return { images: test.samples.length, summary: evaluation.summary, perClass };
  }

  async pictures(task: TrainingTask, choices: Architecture, count: number): Promise<DetectionPicture[]> {
    const { test } = await this.#data.detection(task.config);
    const stride = Math.max(1, Math.floor(test.samples.length / count));
    const samples = [...test.samples].filter((_, i) => i % stride === 0).slice(0, count);
    const { detections } = await this.#evaluateOn(task, choices, { ...test, samples: listOf(samples) });
    return await Promise.all(samples.map(async (sample) => {
      const { scale, ...preview } = await encodePreview(
        sample.source,
        task.config.maxImagePixels,
        pictureSidePx,
      );
      const inPicture = (box: readonly number[]): [number, number, number, number] =>
        box.map((edge) => edge * scale) as [number, number, number, number];
      return {
        id: sample.id,
        ...preview,
        detections: detections.filter(({ imageId }) => imageId === sample.id).map((found) => ({
          className: test.classes[found.classIndex],
          score: found.score,
          boxXyxy: inPicture(found.boxXyxy),
        })),
        truths: sample.annotations.map(({ classIndex, boxXyxy }) => ({
          className: test.classes[classIndex],
          boxXyxy: inPicture(boxXyxy),
        })),
      };
    }));
  }

  async #openPretraining(
    task: TrainingTask,
    training: ClassificationTraining,
    stage: string,
    path: ReturnType<typeof fixedPath>,
    only: Architecture | null,
  ): Promise<TrainingStatus> {
    const data = await this.#data.classification(task.config);
    return await this.#opening(task, stage, async (common) => {
      this.#pretraining = await openPretraining(this.#device, data, {
        ...common,
        config: task.config,
        training,
        path,
        only,
      });
      return this.#pretraining.session;
    });
  }

  async #openDetectionTraining(
    task: TrainingTask,
    stage: string,
    set: DetectionSet,
    options: Omit<Parameters<typeof openFinetuning>[2], keyof CommonOptions>,
  ): Promise<TrainingStatus> {
    return await this.#opening(
      task,
      stage,
      (common) => openFinetuning(this.#device, set, { ...common, ...options }),
    );
  }

  /** Opens a training with the options that all share. */
  async #opening(
    task: TrainingTask,
    stage: string,
    open: (common: CommonOptions) => Promise<TrainingSession>,
  ): Promise<TrainingStatus> {
    const dir = `${task.runDir}/${stage}`;
    await Deno.mkdir(dir, { recursive: true });
    const damaged: string[] = [];
    this.#training = await open({
      name: stage,
      dir,
      origin: this.#origin(task.config),
      metadata: networkMetadata(task.config),
      allowOtherOrigin: task.allowOtherOrigin,
      onDamaged: (reason) => damaged.push(reason),
    });
    return { step: this.#training.step, steps: this.#training.steps, damaged };
  }

  #openProfiler(): BackboneProfiler {
    if (this.#profiler === null) throw new TypeError("Cannot measure as no profile is open");
    return this.#profiler;
  }

  #openSession(): TrainingSession {
    if (this.#training === null) throw new TypeError("Cannot train as no training is open");
    return this.#training;
  }

  #openScoring(): SupernetScoring {
    if (this.#scoring === null) throw new TypeError("Cannot score an architecture as no supernet is open");
    return this.#scoring;
  }

  /** The trained supernet's weights, of this run or of the one that the config names. */
  async #supernet(task: TrainingTask): Promise<TensorMap> {
    const { supernetRun } = task.config;
    const stage = scoredStage(task.config);
    if (supernetRun === null) return await this.#finished(task, stage);
    // Another config's by its nature; that it is the same network was checked before the run began.
    return await this.#finished({ ...task, runDir: supernetRun, allowOtherOrigin: true }, stage);
  }

  /** The weights that a finished stage left. */
  async #finished(task: TrainingTask, stage: string): Promise<TensorMap> {
    const dir = `${task.runDir}/${stage}`;
    const { allowOtherOrigin } = task;
    const checkpoint = await loadNewestCheckpoint(dir, {
      origin: this.#origin(task.config),
      allowOtherOrigin,
    });
    if (checkpoint === null) {
      throw new Deno.errors.NotFound(`Cannot find the weights of ${stage}: ${dir} has none`);
    }
    checkNetworkMetadata(dir, checkpoint.metadata, networkMetadata(task.config));
    return checkpoint.files.network;
  }

  async #evaluateOn(
    task: TrainingTask,
    choices: Architecture,
    set: DetectionSet,
    folder = "retrain",
  ): Promise<Scored> {
    const weights = await this.#finished(task, folder);
    using detector = openDetectorScoring(this.#device, task.config, set.classes.length, choices, weights);
    return await detector.evaluate(set);
  }

  #origin(config: Config): CheckpointOrigin {
    const { tensorflow, threads } = this.#report;
    return { configHash: configHash(config), seed: config.seed, threads, versions: { tensorflow } };
  }
}

type CommonOptions = Omit<SessionOptions, "steps" | "checkpointSteps">;

/** The supernet's pre-training; a stage that needs it is only planned where there is one. */
function pretrainRecipe({ name, pretrain }: Config): ClassificationTraining {
  if (pretrain !== null) return pretrain;
  throw new RangeError(`Cannot pre-train a supernet as config ${name} has no pretrain`);
}

const winnerPretraining = "retrain/classification";
