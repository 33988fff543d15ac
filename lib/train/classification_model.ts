/**
 * The supernet under its classification head: one training step on one path, and inference.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { stream } from "../base/random.ts";
import type { ClassificationBatch } from "../data/sample.ts";
import type { Supernet } from "../models/backbone.ts";
import { labelSmoothedCrossEntropy } from "../nn/losses.ts";
import type { Compiled } from "../nn/compiled.ts";
import type { Unit } from "../nn/unit.ts";
import type { Architecture } from "../space/architecture.ts";
import { applyUpdates } from "./apply_updates.ts";
import type { Device } from "./device.ts";
import type { NetworkState } from "./network_state.ts";
import { backwardTrunk, trainTrunk, unitsOnPath } from "./trunk.ts";
import { disposePass, type UnitRunner, type UpdateSettings } from "./unit_runner.ts";

/** What a classification step needs besides the batch. */
export interface ClassificationSettings extends UpdateSettings {
  readonly labelSmoothing: number;
  /** Share of the last layer's channels dropped. */
  readonly dropout: number;
  readonly seed: number;
}

/** A supernet with a classifier. */
export class ClassificationModel implements Disposable {
  readonly #device: Device;
  readonly #runner: UnitRunner;
  readonly #supernet: Supernet;
  readonly #classifier: Unit;
  readonly #settings: ClassificationSettings;
  readonly #losses = new Map<string, Compiled>();

  constructor(
    device: Device,
    runner: UnitRunner,
    supernet: Supernet,
    classifier: Unit,
    settings: ClassificationSettings,
  ) {
    this.#device = device;
    this.#runner = runner;
    this.#supernet = supernet;
    this.#classifier = classifier;
    this.#settings = settings;
  }

  /**
   * One update of the units on a path.
   *
   * @param step Names the dropout's draws.
   * @returns The loss, before the update; the state is left as it was if that is not finite.
   */
  trainStep(
    state: NetworkState,
    batch: ClassificationBatch,
    choices: Architecture,
    step: number,
    learningRate: number,
  ): number {
    return tf.tidy(() => {
      const images = this.#device.uploadImages(batch.images, batch.shape);
      const trunk = trainTrunk(this.#runner, state, unitsOnPath(this.#supernet, choices), images);
      const mask = this.#dropoutMask(batch.shape[0], step);
      const features = trunk[trunk.length - 1].outputs[0];
      const head = this.#runner.train(this.#classifier, state.of(this.#classifier), [features, mask], 1);
      const { loss, dLogits } = this.#loss(head.outputs[0], batch.classIndices);
      if (!Number.isFinite(loss)) return loss;

      const headGradients = this.#runner.backward(head, [dLogits]);
      disposePass(head);
      const updates = backwardTrunk(
        this.#runner,
        trunk,
        new Map([[trunk.length - 1, headGradients.inputs[0]]]),
      );
      updates.push({ unit: this.#classifier, gradients: headGradients.parameters, moments: head.moments });
      applyUpdates(this.#runner, state, updates, learningRate, this.#settings, null);
      return loss;
    });
  }

  /**
   * Logits `[N, K]` of a path with its running statistics.
   *
   * @returns Row by row, on the host.
   */
  logits(state: NetworkState, batch: ClassificationBatch, choices: Architecture): Float32Array {
    return tf.tidy(() => {
      let x = this.#device.uploadImages(batch.images, batch.shape);
      for (const unit of [...unitsOnPath(this.#supernet, choices), this.#classifier]) {
        const { parameters, statistics } = state.of(unit);
        const [y] = this.#runner.infer(unit, parameters, statistics, [x]);
        x.dispose();
        x = y;
      }
      return x.dataSync<"float32">().slice();
    });
  }

  [Symbol.dispose](): void {
    for (const loss of this.#losses.values()) loss[Symbol.dispose]();
  }

  #dropoutMask(images: number, step: number): Tensor {
    const { dropout, seed } = this.#settings;
    const channels = this.#classifier.batchNorms[0].channels;
    const random = stream(seed, "dropout", step);
    const values = Float32Array.from(
      { length: images * channels },
      () => random.uniform() < dropout ? 0 : 1 / (1 - dropout),
    );
    return tf.tensor2d(values, [images, channels]);
  }

  #loss(logits: Tensor, classIndices: Int32Array): { loss: number; dLogits: Tensor } {
    const labels = tf.tensor1d(classIndices, "int32");
    const { outputs, residuals } = this.#lossFunction(logits).forward([logits, labels]);
    const [dLogits] = this.#lossFunction(logits).backward([tf.scalar(1)], residuals);
    return { loss: outputs[0].dataSync()[0], dLogits };
  }

  #lossFunction(logits: Tensor): Compiled {
    const key = String(logits.shape);
    let loss = this.#losses.get(key);
    if (loss === undefined) {
      const { labelSmoothing } = this.#settings;
      loss = this.#device.compiler.differentiable({
        name: "cross_entropy",
        inputs: [{ shape: logits.shape, dtype: "float32" }, { shape: [logits.shape[0]], dtype: "int32" }],
        differentiableInputs: 1,
      }, ([logits, labels]) => [labelSmoothedCrossEntropy(logits, labels, labelSmoothing)]);
      this.#losses.set(key, loss);
    }
    return loss;
  }
}
