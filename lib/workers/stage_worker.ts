/**
 * A worker's side of {@linkcode WorkerApi}: opens trainings and detectors on its device.
 *
 * @module
 */
import process from "node:process";
import type { Duration } from "../config/duration.ts";
import type { ClassificationTraining, Config, DetectionTraining } from "../config/schema.ts";
import { checkImages } from "../data/check.ts";
import type { ImageProblem, ImageToCheck } from "../data/image_to_check.ts";
import { dataFingerprint } from "../data/fingerprint.ts";
import type { ClassificationSet, DetectionSet } from "../data/sample.ts";
import { selectSamples } from "../data/sample_list.ts";
import type { ConfusionThresholds } from "../eval/confusion.ts";
import { makeFolder } from "../run/atomic_file.ts";
import { pretrainRecipe, scoredStage } from "../run/plan.ts";
import { loneWorker, type WorkerGroup } from "../nn/worker_group.ts";
import type { Architecture } from "../space/architecture.ts";
import { type Evaluated, someIndices } from "../train/candidate_scorer.ts";
import { openClassifierScoring } from "../train/classification_scoring.ts";
import { type DataSets, retrainingSet } from "../train/datasets.ts";
import type { Device } from "../train/device.ts";
import { openFinetuning } from "../train/finetuning.ts";
import { networkMetadata } from "../train/network_metadata.ts";
import { fixedPath, sampledPaths } from "../train/path.ts";
import type { MeasuringProgress } from "../train/population_pass.ts";
import { openPretraining, type Pretraining } from "../train/pretraining.ts";
import {
  BackboneProfiler,
  type ProfileOptions,
  type ProfileResult,
  type ProfileStatus,
} from "../train/profile.ts";
import type { TensorMap } from "../train/safetensors.ts";
import { openDetectorScoring, openSupernetScoring, type SupernetScoring } from "../train/scoring.ts";
import type { SessionOptions, StepMetrics, TrainingSession } from "../train/training_session.ts";
import { shareTensors } from "../train/shared_tensors.ts";
import { detailedEvaluation } from "./detailed_evaluation.ts";
import { detectionPictures } from "./detection_pictures.ts";
import { followGroup } from "./group_calls.ts";
import { livePictures } from "./live_pictures.ts";
import {
  ApproximationRecorder,
  finishedWeights,
  originOf,
  pretrainingIn,
  supernetWeights,
} from "./run_weights.ts";
import { groupOutcomes } from "./score_outcomes.ts";
import type {
  DetailedEvaluation,
  DetectionPicture,
  DeviceReport,
  LivePictures,
  MemoryReport,
  RecalibrationMode,
  ScoreOutcome,
  TrainingStatus,
  TrainingTask,
  WorkerApi,
} from "./worker_api.ts";

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

  async follow(): Promise<void> {
    await followGroup(this, this.#group);
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
    return await this.openRankPretraining(task, choices, "retrain");
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
    return await this.#openPretraining(task, training, pretrainingIn(folder), fixedPath(choices), choices);
  }

  async openRetraining(task: TrainingTask, choices: Architecture): Promise<TrainingStatus> {
    const { retrain } = task.config;
    const all = retrainingSet(await this.#data.detection(task.config));
    const status = await this.#openOwnTraining(task, choices, "retrain", all, retrain);
    return { ...status, pictureSteps: retrain.checkpointSteps };
  }

  async openRankTraining(
    task: TrainingTask,
    choices: Architecture,
    folder: string,
    duration: Duration | null,
  ): Promise<TrainingStatus> {
    const { retrain } = task.config;
    const training = { ...retrain, duration: duration ?? retrain.duration };
    const { train } = await this.#data.detection(task.config);
    return await this.#openOwnTraining(task, choices, folder, train, training);
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
    const status = await this.#openDetectionTraining(task, "finetune", train, options);
    return { ...status, pictureSteps: config.finetune.checkpointSteps };
  }

  async train(budgetMs: number): Promise<StepMetrics[]> {
    return await this.#openSession().trainFor(budgetMs);
  }

  async saveTraining(): Promise<void> {
    await this.#openSession().save();
  }

  async measureStatistics(budgetMs: number): Promise<MeasuringProgress> {
    return await this.#openSession().measureFor(budgetMs);
  }

  async validate(): Promise<number> {
    if (this.#pretraining === null) {
      throw new TypeError("Cannot validate as no training on class labels is open");
    }
    return await this.#pretraining.validate();
  }

  async trainingPictures({ config }: TrainingTask): Promise<LivePictures> {
    const session = this.#openSession();
    const data = await this.#data.detection(config);
    return await livePictures(config, data, session.detect.bind(session), this.#group.rank === 0);
  }

  closeTraining(): Promise<void> {
    this.#openSession()[Symbol.dispose]();
    this.#training = this.#pretraining = null;
    return Promise.resolve();
  }

  async openScoring(task: TrainingTask, mode?: RecalibrationMode): Promise<void> {
    const { config } = task;
    const recalibration = { ...config.search.recalibration, ...(mode === undefined ? {} : { mode }) };
    const weights = await this.#sharedSupernet(task);
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
    const [outcome] = await this.#openScoring().scoreAll([choices], null);
    if ("score" in outcome) return outcome.score;
    throw new TypeError("Cannot give an estimate for a score: it was stopped, and should not have been");
  }

  async scoreAll(
    candidates: readonly Architecture[],
    rivals: readonly Architecture[] | null = null,
  ): Promise<ScoreOutcome[]> {
    return await groupOutcomes(this.#openScoring(), this.#group, candidates, rivals);
  }

  async gateGradients(choices: Architecture, step: number): Promise<number[]> {
    return await this.#openScoring().gateGradients(choices, step);
  }

  async candidatePictures({ config }: TrainingTask, choices: Architecture): Promise<LivePictures> {
    const scoring = this.#openScoring();
    const data = await this.#data.detection(config);
    return await livePictures(config, data, (_, indices) => scoring.detect(choices, indices), true);
  }

  closeScoring(): Promise<void> {
    this.#scoring?.[Symbol.dispose]();
    this.#scoring = null;
    return Promise.resolve();
  }

  async evaluateRetrained(
    task: TrainingTask,
    choices: Architecture,
    thresholds: ConfusionThresholds,
  ): Promise<DetailedEvaluation> {
    const { test } = await this.#data.detection(task.config);
    return detailedEvaluation(test, await this.#evaluateOn(task, choices, test), thresholds);
  }

  async pictures(
    task: TrainingTask,
    choices: Architecture,
    indices: readonly number[],
  ): Promise<DetectionPicture[]> {
    const { test } = await this.#data.detection(task.config);
    const shown = { ...test, samples: selectSamples(test.samples, indices) };
    const { detections } = await this.#evaluateOn(task, choices, shown);
    return await detectionPictures(shown, detections, task.config.maxImagePixels);
  }

  async #openPretraining(
    task: TrainingTask,
    training: ClassificationTraining,
    stage: string,
    path: ReturnType<typeof fixedPath>,
    only: Architecture | null,
  ): Promise<TrainingStatus> {
    const data = await this.#data.classification(task.config);
    return await this.#opening(task, stage, data.train, async (common) => {
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

  /** One architecture's training on boxes, from its own pre-training, the supernet's weights or scratch. */
  async #openOwnTraining(
    task: TrainingTask,
    choices: Architecture,
    folder: string,
    set: DetectionSet,
    training: DetectionTraining,
  ): Promise<TrainingStatus> {
    const { config } = task;
    const { initialise, classification, statistics } = config.retrain;
    const initial = async (): Promise<TensorMap | null> => {
      if (classification !== null) return await this.#finished(task, pretrainingIn(folder));
      return initialise === "supernet" ? await supernetWeights(task, this.#report) : null;
    };
    const options = { config, training, path: fixedPath(choices), only: choices, initial, statistics };
    return await this.#openDetectionTraining(task, folder, set, options);
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
      set,
      (common) => openFinetuning(this.#device, set, { ...common, ...options }),
    );
  }

  /**
   * Opens a training with the options that all share.
   *
   * @param set What it trains on.
   */
  async #opening(
    task: TrainingTask,
    stage: string,
    set: ClassificationSet | DetectionSet,
    open: (common: CommonOptions) => Promise<TrainingSession>,
  ): Promise<TrainingStatus> {
    const dir = `${task.runDir}/${stage}`;
    if (this.#group.rank === 0) await makeFolder(dir, { recursive: true });
    const damaged: string[] = [];
    const recorder = new ApproximationRecorder(task.runDir);
    this.#training = await open({
      name: stage,
      dir,
      origin: originOf(task.config, this.#report, { data: dataFingerprint(set), workers: this.#group.size }),
      metadata: networkMetadata(task.config),
      approximate: task.approximate,
      onDifference: recorder.onDifference,
      onDamaged: (reason) => damaged.push(reason),
    });
    await recorder.done();
    const { step, steps, statisticsImages } = this.#training;
    return { step, steps, damaged, statisticsImages };
  }

  get #group(): WorkerGroup {
    return this.#device.group ?? loneWorker;
  }

  /** Read by the first worker of a group. */
  async #sharedSupernet(task: TrainingTask): Promise<TensorMap> {
    if (this.#group.rank > 0) return shareTensors(this.#group, new Map()).tensors;
    const weights = await supernetWeights(task, this.#report);
    return this.#group.size === 1 ? weights : shareTensors(this.#group, weights).tensors;
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

  #finished(task: TrainingTask, folder: string): Promise<TensorMap> {
    return finishedWeights(task, folder, this.#report);
  }

  async #evaluateOn(
    task: TrainingTask,
    choices: Architecture,
    set: DetectionSet,
    folder = "retrain",
  ): Promise<Evaluated> {
    const weights = await this.#finished(task, folder);
    using detector = openDetectorScoring(this.#device, task.config, set.classes.length, choices, weights);
    return await detector.evaluate(set);
  }
}

type CommonOptions = Omit<SessionOptions, "steps" | "checkpointSteps">;
