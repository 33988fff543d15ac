/**
 * What a worker process does when asked: one call, one answer, plain data both ways. Nothing here loads tfjs, so
 * that the coordinator can know its workers without any of their permissions.
 *
 * @module
 */
import type { Config, SearchConfig } from "../config/schema.ts";
import type { ImageProblem, ImageToCheck } from "../data/image_to_check.ts";
import type { ClassAp, CocoSummary } from "../eval/coco.ts";
import type { ConfusionThresholds } from "../eval/confusion.ts";
import type { EvaluationDetails } from "../eval/evaluation_details.ts";
import type { Architecture } from "../space/architecture.ts";
import type { Duration } from "../config/duration.ts";
import type { CandidateScore } from "../train/candidate_race.ts";
import type { MeasuringProgress } from "../train/population_pass.ts";
import type { ProfileOptions, ProfileResult, ProfileStatus } from "../train/profile.ts";
import type { StepMetrics } from "../train/training_session.ts";

/** What a worker runs on. */
export interface DeviceReport {
  /** TensorFlow's version. */
  readonly tensorflow: string;
  /** e.g. `/job:localhost/replica:0/task:0/device:CPU:0`. */
  readonly deviceName: string;
  readonly threads: number;
  /** The model of the host's processor; null where it could not be had. */
  readonly hostCpu: string | null;
  /** What runs units: `tensorflow`, `xla`, or the name of a build of the project's own kernels. */
  readonly kernels: string;
  /** What XLA could not compile up to now, and why; default: nothing. */
  readonly withoutXla?: readonly string[];
}

/** What every training is told. */
export interface TrainingTask {
  readonly config: Config;
  /** The run's folder. */
  readonly runDir: string;
  readonly approximate: boolean;
}

/** How batch-norm statistics are measured before scoring. */
export type RecalibrationMode = SearchConfig["recalibration"]["mode"];

/** How far a training is. */
export interface TrainingStatus {
  /** Steps done. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Damaged checkpoints that were passed over, sentences. */
  readonly damaged: readonly string[];
  /** Images to measure batch-norm statistics on after the last step; default: they stay running averages. */
  readonly statisticsImages?: number;
  /** After how many steps, again and again, it is worth while to look at what it finds; default: never. */
  readonly pictureSteps?: number;
}

/** An evaluation on a split. */
export interface EvaluationReport {
  /** How many images it was measured on. */
  readonly images: number;
  readonly summary: CocoSummary;
  readonly perClass: Readonly<Record<string, ClassAp>>;
}

/** An evaluation with what stands behind its numbers. */
export interface DetailedEvaluation {
  readonly report: EvaluationReport;
  readonly details: EvaluationDetails;
}

/** Memory of a worker. */
export interface MemoryReport {
  readonly rssBytes: number;
  /** Largest since its start. */
  readonly peakRssBytes: number;
}

/** A photograph with what the detector found on it; boxes in pixels of the picture. */
export interface DetectionPicture {
  readonly id: string;
  /** JPEG. */
  readonly bytes: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly detections: readonly {
    className: string;
    score: number;
    boxXyxy: readonly [number, number, number, number];
  }[];
  readonly truths: readonly { className: string; boxXyxy: readonly [number, number, number, number] }[];
}

/** A few photographs of the search's split with what a network finds in them on its way. */
export interface LivePictures {
  /** Every class, in the order that fixes its colour. */
  readonly classNames: readonly string[];
  /** Detections under this score are left out. */
  readonly minScore: number;
  readonly pictures: readonly LivePicture[];
}

/** One of them. */
export interface LivePicture extends DetectionPicture {
  /** The same with the boxes drawn in, as a JPEG; perhaps larger. */
  readonly drawn: { readonly bytes: Uint8Array; readonly widthPx: number; readonly heightPx: number };
}

/** What became of a candidate: its score, an estimate of it from some images, or why it has none. */
export type ScoreOutcome = CandidateScore | { readonly reason: string };

/** The calls that a worker answers. At most one training, and one detector, is open at a time. */
export interface WorkerApi {
  /** What it runs on. */
  device(): Promise<DeviceReport>;
  /** How much memory it takes. */
  memory(): Promise<MemoryReport>;
  /** Makes the calls of the first worker of its group, until that one has no more. */
  follow(): Promise<void>;
  /** Reads the headers of images; gives those that can't be used, and why. */
  checkImages(images: readonly ImageToCheck[], maxPixels: number): Promise<ImageProblem[]>;
  /** Opens the supernet's pre-training. */
  openPretraining(task: TrainingTask): Promise<TrainingStatus>;
  /** Opens the supernet's fine-tuning; its pre-training is done. */
  openFinetuning(task: TrainingTask): Promise<TrainingStatus>;
  /** Opens an architecture's own training on class labels. */
  openWinnerPretraining(task: TrainingTask, choices: Architecture): Promise<TrainingStatus>;
  /** Opens an architecture's retraining on boxes. */
  openRetraining(task: TrainingTask, choices: Architecture): Promise<TrainingStatus>;
  /**
   * Goes on with the open training for about as long as told, at least one step, or until a checkpoint is due: that is
   * written by the next call, when what this one gave has been put down.
   */
  train(budgetMs: number): Promise<StepMetrics[]>;
  /** Writes a checkpoint of the open training after its last step, unless there is one. */
  saveTraining(): Promise<void>;
  /**
   * Goes on measuring batch-norm statistics of the open training, which is at its end, for about as long as told;
   * `saveTraining` writes them when all units are measured.
   */
  measureStatistics(budgetMs: number): Promise<MeasuringProgress>;
  /** Top-1 accuracy of the open training on class labels. */
  validate(): Promise<number>;
  /** What the open training's network finds now; the training is not changed by it. */
  trainingPictures(task: TrainingTask): Promise<LivePictures>;
  /** Closes the open training. */
  closeTraining(): Promise<void>;
  /**
   * Opens the trained supernet for scoring, by what the config's search is scored by.
   *
   * @param recalibration Batch norm's mode; the config's, if none is given.
   */
  openScoring(task: TrainingTask, recalibration?: RecalibrationMode): Promise<void>;
  /** An architecture's AP (or top-1 accuracy) on the search's split, with the supernet's weights. */
  score(choices: Architecture): Promise<number>;
  /**
   * The same of several, divided among the workers of a group.
   *
   * @param rivals Whose least score counts, if the config's early stop may leave out those that won't reach it.
   */
  scoreAll(
    candidates: readonly Architecture[],
    rivals?: readonly Architecture[] | null,
  ): Promise<ScoreOutcome[]>;
  /** One derivative a block: how the loss of a training batch changes with a gate on the chosen operation. */
  gateGradients(choices: Architecture, step: number): Promise<number[]>;
  /** What a candidate finds, with the weights and statistics that it is scored with. */
  candidatePictures(task: TrainingTask, choices: Architecture): Promise<LivePictures>;
  /** Closes the supernet. */
  closeScoring(): Promise<void>;
  /**
   * Evaluates the retrained architecture on the reported split.
   *
   * @param thresholds For what was taken for what.
   */
  evaluateRetrained(
    task: TrainingTask,
    choices: Architecture,
    thresholds: ConfusionThresholds,
  ): Promise<DetailedEvaluation>;
  /**
   * Opens one architecture's training on class labels, as before the winner's retraining, for a ranking.
   *
   * @param folder The architecture's folder in the run's; the training's is `classification` in it.
   */
  openRankPretraining(task: TrainingTask, choices: Architecture, folder: string): Promise<TrainingStatus>;
  /**
   * Opens one architecture's training on boxes for a ranking: as the winner's, but on the training split alone, so that
   * the search's split can score it.
   *
   * @param folder Its folder in the run's.
   * @param duration How long; null is as long as the config's retraining.
   */
  openRankTraining(
    task: TrainingTask,
    choices: Architecture,
    folder: string,
    duration: Duration | null,
  ): Promise<TrainingStatus>;
  /** AP of an architecture so trained, on the images that score the search's candidates. */
  scoreRanked(task: TrainingTask, choices: Architecture, folder: string): Promise<number>;
  /** Opens a profile of the backbone's parts on this device. */
  openProfile(config: Config, options: ProfileOptions): Promise<ProfileStatus>;
  /** Goes on with the open profile for about as long as told, at least one measurement. */
  profile(budgetMs: number): Promise<ProfileStatus>;
  /** Closes the open profile, which is at its end. */
  closeProfile(): Promise<ProfileResult>;
  /**
   * Photographs of the reported split with the retrained architecture's detections.
   *
   * @param indices Which of the split's samples, in the order to give them.
   */
  pictures(
    task: TrainingTask,
    choices: Architecture,
    indices: readonly number[],
  ): Promise<DetectionPicture[]>;
}
