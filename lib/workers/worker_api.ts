/**
 * What a worker process does when asked: one call, one answer, plain data both ways. Nothing here loads tfjs, so
 * that the coordinator can know its workers without any of their permissions.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import type { ClassAp, CocoSummary } from "../eval/coco.ts";
import type { Architecture } from "../space/architecture.ts";
import type { StepMetrics } from "../train/training_session.ts";

/** What a worker runs on. */
export interface DeviceReport {
  /** TensorFlow's version. */
  readonly tensorflow: string;
  /** e.g. `/job:localhost/replica:0/task:0/device:CPU:0`. */
  readonly deviceName: string;
  readonly threads: number;
}

/** What every training is told. */
export interface TrainingTask {
  readonly config: Config;
  /** The run's folder. */
  readonly runDir: string;
  readonly allowOtherOrigin: boolean;
}

/** How far a training is. */
export interface TrainingStatus {
  /** Steps done. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Damaged checkpoints that were passed over, sentences. */
  readonly damaged: readonly string[];
}

/** An evaluation on a split. */
export interface EvaluationReport {
  /** How many images it was measured on. */
  readonly images: number;
  readonly summary: CocoSummary;
  readonly perClass: Readonly<Record<string, ClassAp>>;
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

/** The calls that a worker answers. At most one training, and one detector, is open at a time. */
export interface WorkerApi {
  /** What it runs on. */
  device(): Promise<DeviceReport>;
  /** How much memory it takes. */
  memory(): Promise<MemoryReport>;
  /**
   * Reads the header of every image of the data sets, and stops at problems.
   *
   * @throws {RangeError} That lists the first problems, each with its file.
   */
  checkImages(config: Config): Promise<void>;
  /** Opens the supernet's pre-training. */
  openPretraining(task: TrainingTask): Promise<TrainingStatus>;
  /** Opens the supernet's fine-tuning; its pre-training is done. */
  openFinetuning(task: TrainingTask): Promise<TrainingStatus>;
  /** Opens an architecture's own training on class labels. */
  openWinnerPretraining(task: TrainingTask, choices: Architecture): Promise<TrainingStatus>;
  /** Opens an architecture's retraining on boxes. */
  openRetraining(task: TrainingTask, choices: Architecture): Promise<TrainingStatus>;
  /** Goes on with the open training for about as long as told, at least one step. */
  train(budgetMs: number): Promise<StepMetrics[]>;
  /** Top-1 accuracy of the open training on class labels. */
  validate(): Promise<number>;
  /** Closes the open training. */
  closeTraining(): Promise<void>;
  /** Opens the fine-tuned supernet for scoring. */
  openScoring(task: TrainingTask): Promise<void>;
  /** An architecture's AP on the search's split, with the supernet's weights. */
  score(choices: Architecture): Promise<number>;
  /** Closes the supernet. */
  closeScoring(): Promise<void>;
  /** Evaluates the retrained architecture on the reported split. */
  evaluateRetrained(task: TrainingTask, choices: Architecture): Promise<EvaluationReport>;
  /** Photographs of the reported split with the retrained architecture's detections. */
  pictures(task: TrainingTask, choices: Architecture, count: number): Promise<DetectionPicture[]>;
}
