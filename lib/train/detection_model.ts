/**
 * The supernet under a RetinaNet head: one training step on one path, batch-norm recalibration, and detection.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type AnchorOptions, anchorsPerCell, anchorsPerLevel, pyramidAnchors } from "../boxes/anchors.ts";
import { type CanvasDetections, decodeDetections } from "../boxes/detections.ts";
import { retinaTargets } from "../boxes/matcher.ts";
import type { DetectorConfig } from "../config/schema.ts";
import type { DetectionBatch } from "../data/sample.ts";
import type { Supernet } from "../models/backbone.ts";
import { detectionLoss, detectionLossInputs } from "../models/detector.ts";
import { fpnUnit, pyramidTaps } from "../models/fpn.ts";
import { retinaHeadUnit } from "../models/retina_head.ts";
import type { Compiled } from "../nn/compiled.ts";
import type { Unit } from "../nn/unit.ts";
import type { Architecture } from "../space/architecture.ts";
import type { SearchSpace } from "../space/search_space.ts";
import { applyUpdates } from "./apply_updates.ts";
import type { Device } from "./device.ts";
import type { NetworkState } from "./network_state.ts";
import { backwardTrunk, trainTrunk, unitsOnPath } from "./trunk.ts";
import { disposePass, type UnitRunner, type UpdateSettings } from "./unit_runner.ts";

/** The losses of one step. */
export type DetectionLosses = {
  readonly loss: number;
  readonly classLoss: number;
  readonly boxLoss: number;
};

/** Batch norm statistics (mean0, variance0, …) of each unit on a path; whoever made them disposes them. */
export type PathStatistics = ReadonlyMap<Unit, readonly Tensor[]>;

/** What one canvas fixes. */
interface CanvasPlan {
  readonly anchorsXyxy: Float32Array;
  readonly anchorsPerLevel: readonly number[];
  readonly loss: Compiled;
}

/** A supernet with pyramid and head. */
export class DetectionModel implements Disposable {
  /** The pyramid's unit. */
  readonly pyramid: Unit;
  /** The head's unit. */
  readonly head: Unit;
  readonly #device: Device;
  readonly #runner: UnitRunner;
  readonly #supernet: Supernet;
  readonly #config: DetectorConfig;
  readonly #classes: number;
  /** Positions of the tapped units in the trunk. */
  readonly #taps: readonly number[];
  readonly #plans = new Map<string, CanvasPlan>();

  constructor(
    device: Device,
    runner: UnitRunner,
    space: SearchSpace,
    supernet: Supernet,
    config: DetectorConfig,
    classes: number,
  ) {
    const shape = {
      ...config,
      stageChannels: space.stageChannels,
      classes,
      anchorsPerCell: anchorsPerCell(config),
    };
    this.pyramid = fpnUnit(shape);
    this.head = retinaHeadUnit(shape);
    this.#device = device;
    this.#runner = runner;
    this.#supernet = supernet;
    this.#config = config;
    this.#classes = classes;
    this.#taps = pyramidTaps(shape).map((stage) => supernet.stageEnds[stage] + 1);
  }

  /** The units of a path, in the order that {@linkcode DetectionModel} runs them. */
  unitsOnPath(choices: Architecture): Unit[] {
    return [...unitsOnPath(this.#supernet, choices), this.pyramid, this.head];
  }

  /**
   * One update of the units on a path.
   *
   * @returns The losses, before the update; the state is left as it was if they are not finite.
   */
  trainStep(
    state: NetworkState,
    batch: DetectionBatch,
    choices: Architecture,
    learningRate: number,
    settings: UpdateSettings & { readonly clipGradientNorm: number | null },
  ): DetectionLosses {
    return tf.tidy(() => {
      const images = this.#device.uploadImages(batch.images, batch.shape);
      const trunk = trainTrunk(this.#runner, state, unitsOnPath(this.#supernet, choices), images);
      const taps = this.#taps.map((position) => trunk[position].outputs[0]);
      const pyramid = this.#runner.train(this.pyramid, state.of(this.pyramid), taps, taps.length);
      const levels = pyramid.outputs;
      const head = this.#runner.train(this.head, state.of(this.head), levels, levels.length);
      const { losses, gradients } = this.#loss(batch, head.outputs);
      if (!Number.isFinite(losses.loss)) return losses;

      const headGradients = this.#runner.backward(head, gradients);
      disposePass(head);
      const pyramidGradients = this.#runner.backward(pyramid, headGradients.inputs);
      disposePass(pyramid);
      tf.dispose([...headGradients.inputs]);
      const tapGradients = new Map(this.#taps.map((position, i) => [position, pyramidGradients.inputs[i]]));
      const updates = [
        ...backwardTrunk(this.#runner, trunk, tapGradients),
        { unit: this.pyramid, gradients: pyramidGradients.parameters, moments: pyramid.moments },
        { unit: this.head, gradients: headGradients.parameters, moments: head.moments },
      ];
      applyUpdates(this.#runner, state, updates, learningRate, settings, settings.clipGradientNorm);
      return losses;
    });
  }

  /**
   * One batch through a path, each batch norm using the batch's own statistics.
   *
   * @returns Each unit's moments on the host: mean0, variance0, mean1, …
   */
  batchMoments(state: NetworkState, batch: DetectionBatch, choices: Architecture): Map<Unit, Float32Array[]> {
    const moments = new Map<Unit, Float32Array[]>();
    tf.tidy(() => { // gives nothing back: what it gave would outlive it
      this.#forward(batch, choices, (unit, inputs) => {
        const pass = this.#runner.normaliseByBatch(unit, state.of(unit), inputs);
        moments.set(unit, pass.moments.map((moment) => moment.dataSync<"float32">().slice()));
        return pass.outputs;
      });
    });
    return moments;
  }

  /**
   * Detects on a batch.
   *
   * @param statistics The batch norms' statistics of every unit on the path.
   * @returns One entry an image, in canvas pixels.
   */
  detect(
    state: NetworkState,
    statistics: PathStatistics,
    batch: DetectionBatch,
    choices: Architecture,
  ): CanvasDetections[] {
    const [logits, deltas] = tf.tidy(() =>
      this.#forward(
        batch,
        choices,
        (unit, inputs) => this.#runner.infer(unit, state.of(unit).parameters, statistics.get(unit)!, inputs),
      )
        .map((output) => output.dataSync<"float32">())
    );
    const { anchorsXyxy, anchorsPerLevel } = this.#plan(batch);
    const anchors = anchorsXyxy.length / 4;
    return batch.placements.map((placement, i) =>
      decodeDetections(
        {
          logits: logits.subarray(i * anchors * this.#classes, (i + 1) * anchors * this.#classes),
          deltas: deltas.subarray(i * anchors * 4, (i + 1) * anchors * 4),
          anchorsXyxy,
          anchorsPerLevel,
        },
        placement,
        this.#config,
      )
    );
  }

  [Symbol.dispose](): void {
    for (const { loss } of this.#plans.values()) loss[Symbol.dispose]();
  }

  /** Runs the units of a path, each by `run`; returns the head's outputs. Called inside a tidy. */
  #forward(
    batch: DetectionBatch,
    choices: Architecture,
    run: (unit: Unit, inputs: readonly Tensor[]) => Tensor[],
  ): Tensor[] {
    let x = this.#device.uploadImages(batch.images, batch.shape);
    const taps: Tensor[] = [];
    unitsOnPath(this.#supernet, choices).forEach((unit, position) => {
      const [y] = run(unit, [x]);
      if (!taps.includes(x)) x.dispose();
      x = y;
      if (this.#taps.includes(position)) taps.push(x);
    });
    return run(this.head, run(this.pyramid, taps));
  }

  #loss(
    batch: DetectionBatch,
    [logits, deltas]: readonly Tensor[],
  ): { losses: DetectionLosses; gradients: Tensor[] } {
    const { loss, anchorsXyxy } = this.#plan(batch);
    const { labels, targets, positives } = this.#targets(batch, anchorsXyxy);
    const [images, anchors] = logits.shape;
    const inputs = [
      logits,
      deltas,
      tf.tensor2d(labels, [images, anchors], "int32"),
      tf.tensor3d(targets, [images, anchors, 4]),
      tf.scalar(Math.max(1, positives)),
    ];
    const { outputs, residuals } = loss.forward(inputs);
    const gradients = loss.backward([tf.scalar(0), tf.scalar(0), tf.scalar(1)], residuals);
    const [classLoss, boxLoss, total] = outputs.map((output) => output.dataSync()[0]);
    return { losses: { loss: total, classLoss, boxLoss }, gradients };
  }

  /** What each anchor should say, over the whole batch. */
  #targets(
    batch: DetectionBatch,
    anchorsXyxy: Float32Array,
  ): { labels: Int32Array; targets: Float32Array; positives: number } {
    const anchors = anchorsXyxy.length / 4;
    const labels = new Int32Array(batch.ids.length * anchors);
    const targets = new Float32Array(batch.ids.length * anchors * 4);
    let positives = 0;
    const options = { ...this.#config, classCount: this.#classes };
    batch.boxesXyxy.forEach((boxesXyxy, i) => {
      const image = retinaTargets(anchorsXyxy, boxesXyxy, batch.classIndices[i], options);
      labels.set(image.labels, i * anchors);
      targets.set(image.deltas, i * anchors * 4);
      positives += image.positives;
    });
    return { labels, targets, positives };
  }

  #plan({ shape: [images, heightPx, widthPx] }: DetectionBatch): CanvasPlan {
    const key = `${images}x${heightPx}x${widthPx}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) this.#plans.set(key, plan = this.#newPlan(images, { heightPx, widthPx }));
    return plan;
  }

  #newPlan(images: number, canvas: { readonly heightPx: number; readonly widthPx: number }): CanvasPlan {
    const { levels, focalAlpha: alpha, focalGamma: gamma, smoothL1Beta } = this.#config;
    const options: AnchorOptions = this.#config;
    const anchorsXyxy = pyramidAnchors(levels, canvas, options);
    const loss = this.#device.compiler.differentiable({
      name: "detection_loss",
      inputs: detectionLossInputs(images, anchorsXyxy.length / 4, this.#classes),
      differentiableInputs: 2,
    }, detectionLoss({ alpha, gamma, smoothL1Beta, classes: this.#classes }));
    return { anchorsXyxy, anchorsPerLevel: anchorsPerLevel(levels, canvas, options), loss };
  }
}
