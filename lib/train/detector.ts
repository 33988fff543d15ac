/**
 * What follows the pyramid: a detector, of one stage or two. It knows levels and batches, and nothing of the backbone.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { CanvasDetections } from "../boxes/detections.ts";
import type { DetectionBatch } from "../data/sample.ts";
import type { ExtraLevels } from "../models/fpn.ts";
import type { Compiled } from "../nn/compiled.ts";
import type { Unit } from "../nn/unit.ts";
import { sumNumbers, type WorkerGroup } from "../nn/worker_group.ts";
import type { Device } from "./device.ts";
import type { NetworkState } from "./network_state.ts";
import type { UnitRunner, UnitUpdate } from "./unit_runner.ts";

/** The losses of one step. */
export interface DetectionLosses {
  /** Their sum. */
  readonly loss: number;
  /** By name, as metrics name them. */
  readonly parts: Readonly<Record<string, number>>;
}

/** What a detector's training pass gives. */
export interface DetectorStep {
  /** Before the update. */
  readonly losses: DetectionLosses;
  /** What goes on from here; null if the losses are not finite. */
  readonly gradients: DetectorGradients | null;
}

/** Gradients of a detector; the caller owns the tensors. */
export interface DetectorGradients {
  /** Of each level, `[N, H_l, W_l, C]` float32. */
  readonly levels: readonly Tensor[];
  /** Of the detector's own units. */
  readonly updates: readonly UnitUpdate[];
}

/**
 * How a unit is run without a gradient: by running statistics, or by the batch's own. Inputs and outputs are the unit's, e.g.
 * one `[N, H_l, W_l, C]` float32 a level.
 */
export type RunUnit = (unit: Unit, inputs: readonly Tensor[]) => Tensor[];

/** A detector over the levels of a pyramid. Its methods are called inside a tidy. */
export interface Detector extends Disposable {
  /** In the order that they are run. */
  readonly units: readonly Unit[];
  /** How the pyramid makes the levels above the backbone's last. */
  readonly extraLevels: ExtraLevels;
  /**
   * Losses and gradients of a batch.
   *
   * @param state The network's tensors; they stay its own.
   * @param levels `[N, H_l, W_l, C]` float32 each; they stay the caller's.
   * @param batch The images' annotations and places.
   * @param step Names the draws, if any.
   */
  train(state: NetworkState, levels: readonly Tensor[], batch: DetectionBatch, step: number): DetectorStep;
  /**
   * Runs the units on what training would run them on at step 0, for what `run` sees. The last of the
   * units may give nothing, as no unit is run on its outputs.
   *
   * @param levels `[N, H_l, W_l, C]` float32 each; they stay the caller's.
   * @param batch The images' annotations and places.
   * @param run Runs a unit.
   */
  visit(levels: readonly Tensor[], batch: DetectionBatch, run: RunUnit): void;
  /**
   * Detects; one entry an image, in canvas pixels.
   *
   * @param levels `[N, H_l, W_l, C]` float32 each; they stay the caller's.
   * @param batch The images' places; annotations are not looked at.
   * @param run Runs a unit.
   */
  detect(levels: readonly Tensor[], batch: DetectionBatch, run: RunUnit): CanvasDetections[];
}

/** What every detector is made with. */
export interface DetectorContext {
  /** Where the losses are compiled and images uploaded. */
  readonly device: Device;
  /** Runs the units. */
  readonly runner: UnitRunner;
  /** K. */
  readonly classes: number;
  /** Names the draws. */
  readonly seed: number;
  /** The workers that each step's batch is divided among; the runner's batch norm must be theirs. Default: none. */
  readonly group?: WorkerGroup;
}

/** A loss's values on the host, its last output being the sum of the others, and the sum's gradients. */
export interface EvaluatedLoss {
  /** In the order of the loss's outputs. */
  readonly values: readonly number[];
  /** Of the differentiable inputs; the caller owns them. */
  readonly gradients: readonly Tensor[];
}

/**
 * Evaluates a loss whose outputs are scalars, the last one the sum of the others.
 *
 * @param group Workers whose values are added up: if one's is not finite, all see it.
 */
export function evaluateLoss(loss: Compiled, inputs: readonly Tensor[], group: WorkerGroup): EvaluatedLoss {
  const { outputs, residuals } = loss.forward(inputs);
  const ofSum = outputs.map((_, i) => tf.scalar(i === outputs.length - 1 ? 1 : 0));
  const gradients = loss.backward(ofSum, residuals);
  const ownValues = outputs.map((output) => output.dataSync()[0]);
  const values = sumNumbers(group, ownValues, "losses");
  tf.dispose([...outputs, ...residuals, ...ofSum]);
  return { values, gradients };
}
