/**
 * Faster R-CNN on a feature pyramid (Ren et al. 2015; Lin et al. 2017): anchors propose regions, then a second stage
 * looks at each region. Both stages are trained together; no gradient flows through the regions' coordinates.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { anchorsPerCell, anchorsPerLevel, pyramidAnchors, pyramidLevels } from "../boxes/anchors.ts";
import type { CanvasDetections } from "../boxes/detections.ts";
import { decodeRois } from "../boxes/rois.ts";
import type { FasterRcnnConfig } from "../config/schema.ts";
import type { DetectionBatch } from "../data/sample.ts";
import { boxHeadUnit } from "../models/box_head.ts";
import type { ExtraLevels } from "../models/fpn.ts";
import { proposalHeadUnit } from "../models/proposal_head.ts";
import { proposalLoss, proposalLossInputs, roiLoss, roiLossInputs } from "../models/two_stage_losses.ts";
import type { Compiled } from "../nn/compiled.ts";
import type { SparseMatrix } from "../nn/custom_kernels.ts";
import { type FeatureMap, roiAlign, roiAlignGradient, roiAlignMatrix } from "../nn/roi_align.ts";
import type { Unit } from "../nn/unit.ts";
import { loneWorker, sumNumbers, type WorkerGroup } from "../nn/worker_group.ts";
import { type Canvas, CanvasPlans } from "./canvas_plans.ts";
import {
  type DetectionLosses,
  type Detector,
  type DetectorContext,
  type DetectorGradients,
  type DetectorStep,
  type EvaluatedLoss,
  evaluateLoss,
  type RunUnit,
} from "./detector.ts";
import type { NetworkState } from "./network_state.ts";
import {
  anchorBatch,
  detectionRois,
  type ProposalBatch,
  roisOf,
  type RoiTargetBatch,
  trainingRois,
} from "./roi_batch.ts";
import { disposePass, type UnitPass } from "./unit_runner.ts";

/** Regions are cut from no coarser level: those above have no features of their own. */
const lastRoiLevel = 5;

/** What one canvas fixes. */
interface Plan extends Disposable {
  readonly anchorsXyxy: Float32Array;
  readonly anchorsPerLevel: readonly number[];
  /** The levels that regions are cut from. */
  readonly maps: readonly FeatureMap[];
  readonly proposalLoss: Compiled;
  readonly roiLoss: Compiled;
}

/** Features of some regions, and what they were cut out by. */
interface RoiFeatures {
  /** `[M, S, S, C]`. */
  readonly features: Tensor;
  readonly matrix: SparseMatrix;
}

/** One stage's pass with its loss. */
interface Stage {
  readonly pass: UnitPass;
  readonly loss: EvaluatedLoss;
}

/** The two-stage detector. */
export class FasterRcnnDetector implements Detector {
  readonly units: readonly Unit[];
  readonly extraLevels: ExtraLevels = "subsampled";
  readonly #context: DetectorContext;
  readonly #config: FasterRcnnConfig;
  readonly #proposalHead: Unit;
  readonly #boxHead: Unit;
  /** First and last level that regions are cut from. */
  readonly #roiLevels: readonly [number, number];
  readonly #plans: CanvasPlans<Plan>;

  /** Builds the units of a config. */
  constructor(context: DetectorContext, config: FasterRcnnConfig) {
    const { channels, norm, boxHead, levels: [first, last] } = config;
    this.#proposalHead = proposalHeadUnit({
      levels: last - first + 1,
      channels,
      anchorsPerCell: anchorsPerCell(config),
    });
    this.#boxHead = boxHeadUnit({ ...boxHead, channels, norm, classes: context.classes });
    this.units = [this.#proposalHead, this.#boxHead];
    this.#roiLevels = [first, Math.min(last, lastRoiLevel)];
    this.#context = context;
    this.#config = config;
    this.#plans = new CanvasPlans((images, canvas) => this.#plan(images, canvas));
  }

  train(state: NetworkState, levels: readonly Tensor[], batch: DetectionBatch, step: number): DetectorStep {
    const proposals = this.#trainProposals(state, levels, batch, step);
    // Proposals that are not numbers can't be chosen from.
    if (!Number.isFinite(sumOf(proposals.loss))) return { losses: lossesOf(proposals.loss), gradients: null };
    const rois = this.#trainingRois(batch, proposals.pass.outputs, step);
    const cut = this.#cut(levels, batch, rois.boxesXyxy);
    const boxes = this.#trainBoxes(state, cut, batch, rois);
    const losses = lossesOf(proposals.loss, boxes.loss);
    if (!Number.isFinite(losses.loss)) return { losses, gradients: null };
    return { losses, gradients: this.#backward(levels, proposals, cut, boxes) };
  }

  visit(levels: readonly Tensor[], batch: DetectionBatch, run: RunUnit): void {
    const { boxesXyxy } = this.#trainingRois(batch, run(this.#proposalHead, levels), 0);
    run(this.#boxHead, [this.#cut(levels, batch, boxesXyxy).features]);
  }

  detect(levels: readonly Tensor[], batch: DetectionBatch, run: RunUnit): CanvasDetections[] {
    const outputs = this.#onHost(batch, run(this.#proposalHead, levels));
    const { boxesXyxy, counts } = detectionRois(outputs, batch, this.#config);
    const { features } = this.#cut(levels, batch, boxesXyxy);
    const [logits, deltas] = run(this.#boxHead, [features]).map((output) => output.dataSync<"float32">());
    const { classes } = this.#context;
    return counts.map((count, i) => {
      const begin = i * this.#config.proposals.proposals;
      const rows = (values: Float32Array, width: number): Float32Array =>
        values.subarray(begin * width, (begin + count) * width);
      const own = {
        logits: rows(logits, classes + 1),
        deltas: rows(deltas, 4 * classes),
        boxesXyxy: rows(boxesXyxy, 4),
      };
      return decodeRois(own, batch.placements[i], this.#config);
    });
  }

  /** Disposes the compiled losses; the units' functions are the runner's. */
  [Symbol.dispose](): void {
    this.#plans[Symbol.dispose]();
  }

  #trainProposals(
    state: NetworkState,
    levels: readonly Tensor[],
    batch: DetectionBatch,
    step: number,
  ): Stage {
    const { runner, seed } = this.#context;
    const pass = runner.train(this.#proposalHead, state.of(this.#proposalHead), levels, levels.length);
    const { anchorsXyxy, proposalLoss } = this.#plans.of(batch);
    const targets = anchorBatch(anchorsXyxy, batch, this.#config.proposals, seed, step);
    const shape = pass.outputs[0].shape as [number, number];
    const inputs = [
      ...pass.outputs,
      tf.tensor2d(targets.labels, shape, "int32"),
      tf.tensor3d(targets.deltas, [...shape, 4]),
      this.#normaliser(targets.sampled, "sampled anchors"),
    ];
    return { pass, loss: evaluateLoss(proposalLoss, inputs, this.#group) };
  }

  #trainBoxes(
    state: NetworkState,
    { features }: RoiFeatures,
    batch: DetectionBatch,
    { labels, deltas, sampled }: RoiTargetBatch,
  ): Stage {
    const pass = this.#context.runner.train(this.#boxHead, state.of(this.#boxHead), [features], 1);
    const inputs = [
      ...pass.outputs,
      tf.tensor1d(labels, "int32"),
      tf.tensor2d(deltas, [labels.length, 4]),
      this.#normaliser(sampled, "sampled regions"),
    ];
    return { pass, loss: evaluateLoss(this.#plans.of(batch).roiLoss, inputs, this.#group) };
  }

  /** What losses are divided by: a count over all workers, or 1. */
  #normaliser(count: number, name: string): Tensor {
    return tf.scalar(Math.max(1, sumNumbers(this.#group, [count], name)[0]));
  }

  get #group(): WorkerGroup {
    return this.#context.group ?? loneWorker;
  }

  /** Both stages' gradients, added up at the levels that regions are cut from. */
  #backward(
    levels: readonly Tensor[],
    proposals: Stage,
    { features, matrix }: RoiFeatures,
    boxes: Stage,
  ): DetectorGradients {
    const { runner } = this.#context;
    const second = runner.backward(boxes.pass, boxes.loss.gradients);
    disposePass(boxes.pass);
    const shapes = this.#cutLevels(levels).map((level) => level.shape);
    const fromRois = roiAlignGradient(second.inputs[0], matrix, shapes);
    tf.dispose([features, matrix.indices, matrix.values, ...second.inputs]);
    const first = runner.backward(proposals.pass, proposals.loss.gradients);
    disposePass(proposals.pass);
    const updates = [
      { unit: this.#proposalHead, gradients: first.parameters, moments: proposals.pass.moments },
      { unit: this.#boxHead, gradients: second.parameters, moments: boxes.pass.moments },
    ];
    return { levels: first.inputs.map((gradient, i) => added(gradient, fromRois[i])), updates };
  }

  #trainingRois(batch: DetectionBatch, outputs: readonly Tensor[], step: number): RoiTargetBatch {
    const { classes, seed } = this.#context;
    return trainingRois(this.#onHost(batch, outputs), batch, this.#config, classes, seed, step);
  }

  /** Cuts regions out of the levels. */
  #cut(levels: readonly Tensor[], batch: DetectionBatch, boxesXyxy: Float32Array): RoiFeatures {
    const { poolSide: side, samplingRatio } = this.#config.boxHead;
    const [images] = batch.shape;
    const rois = roisOf(boxesXyxy, images, this.#roiLevels);
    const options = { side, samplingRatio, aligned: false }; // the authors' convention
    const matrix = roiAlignMatrix(rois, images, this.#plans.of(batch).maps, options);
    return { features: roiAlign(this.#cutLevels(levels), matrix, side), matrix };
  }

  #cutLevels(levels: readonly Tensor[]): readonly Tensor[] {
    const [first, last] = this.#roiLevels;
    return levels.slice(0, last - first + 1);
  }

  #onHost(batch: DetectionBatch, outputs: readonly Tensor[]): ProposalBatch {
    const [logits, deltas] = outputs.map((output) => output.dataSync<"float32">());
    return { ...this.#plans.of(batch), logits, deltas };
  }

  #plan(images: number, canvas: Canvas): Plan {
    const { levels, proposals, boxHead } = this.#config;
    const { compiler } = this.#context.device;
    const { classes } = this.#context;
    const anchorsXyxy = pyramidAnchors(levels, canvas, this.#config);
    const losses = [
      compiler.differentiable({
        name: "proposal_loss",
        inputs: proposalLossInputs(images, anchorsXyxy.length / 4),
        differentiableInputs: 2,
      }, proposalLoss(proposals.smoothL1Beta)),
      compiler.differentiable({
        name: "roi_loss",
        inputs: roiLossInputs(images * boxHead.proposalsPerImage, classes),
        differentiableInputs: 2,
      }, roiLoss({ classes, smoothL1Beta: boxHead.smoothL1Beta })),
    ];
    return {
      anchorsXyxy,
      anchorsPerLevel: anchorsPerLevel(levels, canvas, this.#config),
      maps: pyramidLevels(this.#roiLevels, canvas),
      proposalLoss: losses[0],
      roiLoss: losses[1],
      [Symbol.dispose]: () => losses.forEach((loss) => loss[Symbol.dispose]()),
    };
  }
}

function sumOf({ values }: EvaluatedLoss): number {
  return values[values.length - 1];
}

/** Both stages' losses; without a second stage, which a first that isn't finite never gets, the first's. */
function lossesOf(first: EvaluatedLoss, second?: EvaluatedLoss): DetectionLosses {
  const [objectnessLoss, proposalBoxLoss, firstSum] = first.values;
  if (second === undefined) return { loss: firstSum, parts: { objectnessLoss, proposalBoxLoss } };
  const [classLoss, boxLoss, secondSum] = second.values;
  return { loss: firstSum + secondSum, parts: { objectnessLoss, proposalBoxLoss, classLoss, boxLoss } };
}

/** The sum of two gradients, which it consumes; a level that no region is cut from has only one. */
function added(gradient: Tensor, fromRois: Tensor | undefined): Tensor {
  if (fromRois === undefined) return gradient;
  const sum = tf.add(gradient, fromRois);
  tf.dispose([gradient, fromRois]);
  return sum;
}
