/**
 * Detectors of one stage: one unit over all levels, a loss of its outputs, and detections from them. RetinaNet is one; a
 * user's own head is another.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { CanvasDetections } from "../boxes/detections.ts";
import type { DetectionBatch } from "../data/sample.ts";
import type { ExtraLevels } from "../models/fpn.ts";
import type { Compiled, InputSpec, TensorFunction } from "../nn/compiled.ts";
import type { Unit } from "../nn/unit.ts";
import { loneWorker, sumNumbers } from "../nn/worker_group.ts";
import {
  type Detector,
  type DetectorContext,
  type DetectorStep,
  evaluateLoss,
  type RunUnit,
} from "./detector.ts";
import type { NetworkState } from "./network_state.ts";
import { disposePass } from "./unit_runner.ts";

/** What a head should have said about a batch. */
export interface HeadTargets {
  /** What the loss takes after the head's outputs; their shapes, e.g. `[N, R]`, depend on the batch's only. Taken over. */
  readonly tensors: readonly Tensor[];
  /** What the loss is divided by, e.g. how many places hold an object; it is summed over all workers, and at least 1. */
  readonly positives: number;
}

/** What follows the pyramid in a detector of one stage. */
export interface OneStageHead {
  /** Inputs: one `[N, H_l, W_l, C]` a level. Outputs: any number of `[N, ...]` float32. */
  readonly unit: Unit;
  /** How the pyramid makes the levels above the backbone's last. */
  readonly extraLevels: ExtraLevels;
  /** Names of the loss's parts, as metrics name them. */
  readonly lossNames: readonly string[];
  /** Makes the targets of a batch. Called inside a tidy. */
  targets(batch: DetectionBatch): HeadTargets;
  /**
   * The loss. Inputs: the unit's outputs, the targets' tensors, and the normaliser, a scalar of 1 or more.
   * Outputs, scalars: one a name, and their sum; only the unit's outputs get a gradient.
   */
  readonly loss: TensorFunction;
  /**
   * Detects on one image.
   *
   * @param outputs The unit's outputs for this image, on the host: without N, row by row.
   * @param image The image's place in the batch.
   * @returns In canvas pixels, best first.
   */
  detect(outputs: readonly Float32Array[], batch: DetectionBatch, image: number): CanvasDetections;
}

/** A head at work: trains, is recalibrated and detects as every detector. */
export class OneStageDetector implements Detector {
  readonly units: readonly Unit[];
  readonly extraLevels: ExtraLevels;
  readonly #context: DetectorContext;
  readonly #head: OneStageHead;
  readonly #losses = new Map<string, Compiled>();

  /**
   * Puts a head to work.
   *
   * @param context What computes.
   * @param head Stays the caller's.
   */
  constructor(context: DetectorContext, head: OneStageHead) {
    this.units = [head.unit];
    this.extraLevels = head.extraLevels;
    this.#context = context;
    this.#head = head;
  }

  train(state: NetworkState, levels: readonly Tensor[], batch: DetectionBatch): DetectorStep {
    const { runner } = this.#context;
    const { unit, lossNames } = this.#head;
    const pass = runner.train(unit, state.of(unit), levels, levels.length);
    const { values, gradients } = this.#evaluate(batch, pass.outputs);
    const parts = Object.fromEntries(lossNames.map((name, i) => [name, values[i]]));
    const losses = { loss: values[values.length - 1], parts };
    if (!Number.isFinite(losses.loss)) return { losses, gradients: null };
    const { inputs, parameters } = runner.backward(pass, gradients);
    disposePass(pass);
    tf.dispose([...gradients]);
    const updates = [{ unit, gradients: parameters, moments: pass.moments }];
    return { losses, gradients: { levels: inputs, updates } };
  }

  visit(levels: readonly Tensor[], _batch: DetectionBatch, run: RunUnit): void {
    run(this.#head.unit, levels);
  }

  detect(levels: readonly Tensor[], batch: DetectionBatch, run: RunUnit): CanvasDetections[] {
    const outputs = run(this.#head.unit, levels).map((output) => output.dataSync<"float32">());
    return batch.ids.map((_, image) => {
      const ofImage = outputs.map((values) => rowOf(values, image, batch.ids.length));
      return this.#head.detect(ofImage, batch, image);
    });
  }

  /** Disposes the compiled losses; the unit's functions are the runner's. */
  [Symbol.dispose](): void {
    for (const loss of this.#losses.values()) loss[Symbol.dispose]();
    this.#losses.clear();
  }

  #evaluate(batch: DetectionBatch, outputs: readonly Tensor[]): ReturnType<typeof evaluateLoss> {
    const { group = loneWorker } = this.#context;
    const { tensors, positives } = this.#head.targets(batch);
    const [allPositives] = sumNumbers(group, [positives], "positives");
    const inputs = [...outputs, ...tensors, tf.scalar(Math.max(1, allPositives))];
    return evaluateLoss(this.#lossOf(inputs, outputs.length), inputs, group);
  }

  /** Compiled once for each size of batch and canvas. */
  #lossOf(inputs: readonly Tensor[], outputs: number): Compiled {
    const key = inputs.map(({ shape }) => shape.join("x")).join(" ");
    let loss = this.#losses.get(key);
    if (loss === undefined) {
      loss = this.#context.device.compiler.differentiable({
        name: `${this.#head.unit.name}_loss`,
        inputs: inputs.map(({ shape, dtype }) => ({ shape, dtype: dtype as InputSpec["dtype"] })),
        differentiableInputs: outputs,
      }, this.#head.loss);
      this.#losses.set(key, loss);
    }
    return loss;
  }
}

function rowOf(values: Float32Array, row: number, rows: number): Float32Array {
  const length = values.length / rows;
  return values.subarray(row * length, (row + 1) * length);
}
