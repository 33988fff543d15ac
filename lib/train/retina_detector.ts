/**
 * RetinaNet (Lin et al. 2017, "Focal loss"): classes and boxes at every anchor, in one stage.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { anchorsPerCell, anchorsPerLevel, pyramidAnchors } from "../boxes/anchors.ts";
import { type CanvasDetections, decodeDetections } from "../boxes/detections.ts";
import { retinaTargets } from "../boxes/matcher.ts";
import type { RetinaNetConfig } from "../config/schema.ts";
import type { DetectionBatch } from "../data/sample.ts";
import type { ExtraLevels } from "../models/fpn.ts";
import { retinaHeadUnit } from "../models/retina_head.ts";
import { retinaLoss, retinaLossInputs } from "../models/retina_loss.ts";
import type { Compiled } from "../nn/compiled.ts";
import type { Unit } from "../nn/unit.ts";
import { loneWorker, sumNumbers } from "../nn/worker_group.ts";
import { type Canvas, CanvasPlans } from "./canvas_plans.ts";
import {
  type Detector,
  type DetectorContext,
  type DetectorStep,
  evaluateLoss,
  type RunUnit,
} from "./detector.ts";
import type { NetworkState } from "./network_state.ts";
import { disposePass } from "./unit_runner.ts";

/** What one canvas fixes. */
interface Plan extends Disposable {
  readonly anchorsXyxy: Float32Array;
  readonly anchorsPerLevel: readonly number[];
  readonly loss: Compiled;
}

/** The one-stage detector. */
export class RetinaDetector implements Detector {
  readonly units: readonly Unit[];
  readonly extraLevels: ExtraLevels = "convolved";
  readonly #context: DetectorContext;
  readonly #config: RetinaNetConfig;
  readonly #head: Unit;
  readonly #plans: CanvasPlans<Plan>;

  /** Builds the units of a config. */
  constructor(context: DetectorContext, config: RetinaNetConfig) {
    const shape = { ...config, classes: context.classes, anchorsPerCell: anchorsPerCell(config) };
    this.#head = retinaHeadUnit(shape);
    this.units = [this.#head];
    this.#context = context;
    this.#config = config;
    this.#plans = new CanvasPlans((images, canvas) => this.#plan(images, canvas));
  }

  train(state: NetworkState, levels: readonly Tensor[], batch: DetectionBatch): DetectorStep {
    const { runner } = this.#context;
    const head = runner.train(this.#head, state.of(this.#head), levels, levels.length);
    const { values: [classLoss, boxLoss, loss], gradients } = this.#loss(batch, head.outputs);
    const losses = { loss, parts: { classLoss, boxLoss } };
    if (!Number.isFinite(loss)) return { losses, gradients: null };
    const { inputs, parameters } = runner.backward(head, gradients);
    disposePass(head);
    tf.dispose([...gradients]);
    const updates = [{ unit: this.#head, gradients: parameters, moments: head.moments }];
    return { losses, gradients: { levels: inputs, updates } };
  }

  visit(levels: readonly Tensor[], _batch: DetectionBatch, run: RunUnit): void {
    run(this.#head, levels);
  }

  detect(levels: readonly Tensor[], batch: DetectionBatch, run: RunUnit): CanvasDetections[] {
    const [logits, deltas] = run(this.#head, levels).map((output) => output.dataSync<"float32">());
    const { anchorsXyxy, anchorsPerLevel } = this.#plans.of(batch);
    const [classes, anchors] = [this.#context.classes, anchorsXyxy.length / 4];
    return batch.placements.map((placement, i) => {
      const outputs = {
        logits: logits.subarray(i * anchors * classes, (i + 1) * anchors * classes),
        deltas: deltas.subarray(i * anchors * 4, (i + 1) * anchors * 4),
        anchorsXyxy,
        anchorsPerLevel,
      };
      return decodeDetections(outputs, placement, this.#config);
    });
  }

  /** Disposes the compiled losses; the units' functions are the runner's. */
  [Symbol.dispose](): void {
    this.#plans[Symbol.dispose]();
  }

  #loss(batch: DetectionBatch, [logits, deltas]: readonly Tensor[]): ReturnType<typeof evaluateLoss> {
    const { loss, anchorsXyxy } = this.#plans.of(batch);
    const { labels, targets, positives } = this.#targets(batch, anchorsXyxy);
    const [images, anchors] = logits.shape;
    const { group = loneWorker } = this.#context;
    const [allPositives] = sumNumbers(group, [positives], "positives");
    const inputs = [
      logits,
      deltas,
      tf.tensor2d(labels, [images, anchors], "int32"),
      tf.tensor3d(targets, [images, anchors, 4]),
      tf.scalar(Math.max(1, allPositives)),
    ];
    return evaluateLoss(loss, inputs, group);
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
    const options = { ...this.#config, classCount: this.#context.classes };
    batch.boxesXyxy.forEach((boxesXyxy, i) => {
      const image = retinaTargets(anchorsXyxy, boxesXyxy, batch.classIndices[i], options);
      labels.set(image.labels, i * anchors);
      targets.set(image.deltas, i * anchors * 4);
      positives += image.positives;
    });
    return { labels, targets, positives };
  }

  #plan(images: number, canvas: Canvas): Plan {
    const { levels, focalAlpha: alpha, focalGamma: gamma, smoothL1Beta } = this.#config;
    const { classes, device } = this.#context;
    const anchorsXyxy = pyramidAnchors(levels, canvas, this.#config);
    const loss = device.compiler.differentiable({
      name: "retina_loss",
      inputs: retinaLossInputs(images, anchorsXyxy.length / 4, classes),
      differentiableInputs: 2,
    }, retinaLoss({ alpha, gamma, smoothL1Beta, classes }));
    return {
      anchorsXyxy,
      anchorsPerLevel: anchorsPerLevel(levels, canvas, this.#config),
      loss,
      [Symbol.dispose]: () => loss[Symbol.dispose](),
    };
  }
}
