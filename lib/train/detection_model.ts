/**
 * The supernet under a detector: one training step on one path, batch-norm recalibration, and detection. Here are the
 * trunk, the pyramid and the updates; what follows the pyramid is the detector's.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { CanvasDetections } from "../boxes/detections.ts";
import type { DetectionBatch } from "../data/sample.ts";
import type { Supernet } from "../models/backbone.ts";
import { fpnUnit, type PyramidShape, pyramidTaps } from "../models/fpn.ts";
import type { Unit } from "../nn/unit.ts";
import { loneWorker, sumNumbers } from "../nn/worker_group.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import type { SearchSpace } from "../space/search_space.ts";
import { applyUpdates } from "./apply_updates.ts";
import type { DetectionLosses, Detector, DetectorContext, DetectorGradients, RunUnit } from "./detector.ts";
import type { NetworkState } from "./network_state.ts";
import type { TreeStatistics } from "./path_statistics.ts";
import { nodesOf, type PrefixNode, prefixTree, unitsAt } from "./prefix_tree.ts";
import { measureNetwork, type MeasuringProgress } from "./population_pass.ts";
import type { PathStatistics } from "./recalibrate.ts";
import { backwardTrunk, gateGradients, type OnOutputGradient, trainTrunk, unitsOnPath } from "./trunk.ts";
import { disposePass, type UnitPass, type UnitUpdate, type UpdateSettings } from "./unit_runner.ts";

/** What a training's steps share. */
export interface DetectionSettings extends UpdateSettings {
  /** Largest L2 norm of all gradients as one vector; null leaves gradients as they are. */
  readonly clipGradientNorm: number | null;
}

/** Which levels a detector sees; how those above the backbone's last are made is the detector's. */
export type PyramidOptions = Pick<PyramidShape, "levels" | "channels" | "norm">;

/** A supernet with pyramid and detector. */
export class DetectionModel implements Disposable {
  /** The units after the backbone, in the order that they are run: the pyramid, then the detector's. */
  readonly detectorUnits: readonly Unit[];
  readonly #context: DetectorContext;
  readonly #supernet: Supernet;
  readonly #detector: Detector;
  readonly #pyramid: Unit;
  /** Positions of the tapped units in the trunk. */
  readonly #taps: readonly number[];

  /**
   * Puts a pyramid and a detector on a supernet.
   *
   * @param context What the detector was made with.
   * @param space The supernet's.
   * @param pyramid The levels that the detector sees.
   * @param detector What follows the pyramid; disposed with the model.
   * @throws {RangeError} If the levels end below the last stage, whose blocks would then learn nothing.
   */
  constructor(
    context: DetectorContext,
    space: SearchSpace,
    supernet: Supernet,
    { levels, channels, norm }: PyramidOptions,
    detector: Detector,
  ) {
    const { extraLevels, units } = detector;
    const shape = { levels, channels, norm, extraLevels, stageChannels: space.stageChannels };
    this.#detector = detector;
    this.#pyramid = fpnUnit(shape);
    this.detectorUnits = [this.#pyramid, ...units];
    this.#context = context;
    this.#supernet = supernet;
    checkLastTap(pyramidTaps(shape), space);
    this.#taps = pyramidTaps(shape).map((stage) => supernet.stageEnds[stage] + 1);
  }

  /** The units of a path, in the order that {@linkcode DetectionModel} runs them. */
  unitsOnPath(choices: Architecture): Unit[] {
    return [...unitsOnPath(this.#supernet, choices), ...this.detectorUnits];
  }

  /**
   * One update of the units on a path.
   *
   * @param state The network's tensors, which it changes.
   * @param batch This worker's images of the step.
   * @param choices The path.
   * @param stepNumber Names the draws.
   * @param learningRate Of this step.
   * @param settings What all steps share.
   * @returns The losses of all workers' images, before the update; the state is left as it was if they are not finite.
   */
  trainStep(
    state: NetworkState,
    batch: DetectionBatch,
    choices: Architecture,
    stepNumber: number,
    learningRate: number,
    settings: DetectionSettings,
  ): DetectionLosses {
    let losses: DetectionLosses;
    tf.tidy(() => { // gives nothing back: what it gave would be searched for tensors
      const step = this.#gradients(state, batch, choices, stepNumber);
      losses = step.losses;
      if (step.updates === null) return;
      const { runner, group } = this.#context;
      applyUpdates(runner, state, step.updates, learningRate, settings, settings.clipGradientNorm, group);
    });
    return losses!;
  }

  /**
   * How the loss of a batch changes with a gate on each block of a path; nothing is updated.
   *
   * @param state The network's tensors; only read.
   * @param batch This worker's images of the step.
   * @param choices The path.
   * @param step Names the draws.
   * @returns One derivative a block; NaN where the losses are not finite.
   */
  gateGradients(
    state: NetworkState,
    batch: DetectionBatch,
    choices: Architecture,
    step: number,
  ): Float64Array {
    const { gradients, observe } = gateGradients(choices.length);
    tf.tidy(() => { // gives nothing back: what it gave would outlive it
      const { updates } = this.#gradients(state, batch, choices, step, observe);
      if (updates === null) gradients.fill(NaN);
    });
    const { group = loneWorker } = this.#context;
    return Float64Array.from(sumNumbers(group, [...gradients], "gate gradients"));
  }

  /** The tree of some architectures, along which a batch passes what they have in common once. */
  prefixTree(candidates: readonly Architecture[]): PrefixNode {
    return prefixTree(this.#supernet, candidates);
  }

  /** The units that a batch passes at a node; at a leaf also those after the backbone. */
  unitsAt(node: PrefixNode): Unit[] {
    return unitsAt(node, this.detectorUnits);
  }

  /**
   * One batch through a path, each batch norm using the batch's own statistics, and everything else as in training.
   *
   * @param state The network's tensors; only read.
   * @param batch The images.
   * @param choices The path.
   * @returns Each unit's moments on the host: mean0, variance0, mean1, …, `[C]` float32 each.
   */
  batchMoments(state: NetworkState, batch: DetectionBatch, choices: Architecture): Map<Unit, Float32Array[]> {
    const tree = this.prefixTree([choices]);
    return new Map([...this.treeMoments(state, batch, tree).values()].flatMap((moments) => [...moments]));
  }

  /**
   * The same through all paths of a tree.
   *
   * @param state The network's tensors; only read.
   * @param batch The images.
   * @param tree Of {@linkcode DetectionModel.prefixTree}.
   * @returns By node's key, the moments of the units there, as {@linkcode DetectionModel.batchMoments} gives them.
   */
  treeMoments(
    state: NetworkState,
    batch: DetectionBatch,
    tree: PrefixNode,
  ): Map<string, Map<Unit, Float32Array[]>> {
    const moments = new Map([...nodesOf(tree)].map(({ key }) => [key, new Map<Unit, Float32Array[]>()]));
    const runAt = (key: string): RunUnit => (unit, inputs) => {
      const pass = this.#measure(unit, state, inputs);
      moments.get(key)!.set(unit, pass.moments.map((moment) => moment.dataSync<"float32">().slice()));
      return pass.outputs;
    };
    this.#walk(batch, tree, runAt, (levels, run) => this.#detector.visit(levels, batch, run));
    return moments;
  }

  /** A unit on one batch; of the last one nothing but moments, as nobody takes its outputs. */
  #measure(
    unit: Unit,
    state: NetworkState,
    inputs: readonly Tensor[],
  ): { outputs: Tensor[]; moments: Tensor[] } {
    const { runner } = this.#context;
    if (unit !== this.detectorUnits.at(-1)) return runner.normaliseByBatch(unit, state.of(unit), inputs);
    return { outputs: [], moments: runner.batchMoments(unit, state.of(unit), inputs) };
  }

  /**
   * Gives the batch norms on a path the statistics that one batch of all these images would have, unit by
   * unit: of the batches' activations no more is held than those of one unit and the levels.
   *
   * @param state The network's tensors, of which the running statistics change.
   * @param batches This worker's images, at least one batch; their canvases may differ.
   * @param choices The path.
   * @returns Goes on batch by batch and unit by unit, and changes the state at its end.
   */
  measurePopulation(
    state: NetworkState,
    batches: readonly DetectionBatch[],
    choices: Architecture,
  ): Generator<MeasuringProgress, MeasuringProgress> {
    const parts = {
      context: this.#context,
      trunk: unitsOnPath(this.#supernet, choices),
      taps: this.#taps,
      pyramid: this.#pyramid,
      detector: this.#detector,
    };
    return measureNetwork(parts, state, batches);
  }

  /**
   * Detects on a batch.
   *
   * @param state The network's tensors; only read.
   * @param statistics The batch norms' statistics of every unit on the path; null normalises by the batch's own.
   * @param batch The images; annotations are not looked at.
   * @param choices The path.
   * @returns One entry an image, in canvas pixels.
   */
  detect(
    state: NetworkState,
    statistics: PathStatistics | null,
    batch: DetectionBatch,
    choices: Architecture,
  ): CanvasDetections[] {
    const tree = this.prefixTree([choices]);
    const ofAll = statistics && new Map([...nodesOf(tree)].map(({ key }) => [key, statistics]));
    return this.detectTree(state, ofAll, batch, tree).get(architectureKey(choices))!;
  }

  /**
   * The same for all architectures of a tree.
   *
   * @param state The network's tensors; only read.
   * @param statistics Of each node's units; null normalises by the batch's own.
   * @param batch The images; annotations are not looked at.
   * @param tree Of {@linkcode DetectionModel.prefixTree}.
   * @returns By the architecture's key, one entry an image, in canvas pixels.
   */
  detectTree(
    state: NetworkState,
    statistics: TreeStatistics | null,
    batch: DetectionBatch,
    tree: PrefixNode,
  ): Map<string, CanvasDetections[]> {
    const { runner } = this.#context;
    const found = new Map<string, CanvasDetections[]>();
    const runAt = (key: string): RunUnit => (unit, inputs) =>
      statistics === null
        ? runner.normaliseByBatch(unit, state.of(unit), inputs).outputs
        : runner.infer(unit, state.of(unit).parameters, statistics.get(key)!.get(unit)!, inputs);
    this.#walk(
      batch,
      tree,
      runAt,
      (levels, run, key) => found.set(key, this.#detector.detect(levels, batch, run)),
    );
    return found;
  }

  /** Disposes the detector; the context stays its owner's. */
  [Symbol.dispose](): void {
    this.#detector[Symbol.dispose]();
  }

  /** Forward, losses and backward; no updates if the losses are not finite. Called inside a tidy. */
  #gradients(
    state: NetworkState,
    batch: DetectionBatch,
    choices: Architecture,
    step: number,
    observe?: OnOutputGradient,
  ): { losses: DetectionLosses; updates: UnitUpdate[] | null } {
    const { runner, device } = this.#context;
    const images = device.uploadImages(batch.images, batch.shape);
    const trunk = trainTrunk(runner, state, unitsOnPath(this.#supernet, choices), images);
    const taps = this.#taps.map((position) => trunk[position].outputs[0]);
    const pyramid = runner.train(this.#pyramid, state.of(this.#pyramid), taps, taps.length);
    const { losses, gradients } = this.#detector.train(state, pyramid.outputs, batch, step);
    if (gradients === null) return { losses, updates: null };
    return { losses, updates: this.#backward(trunk, pyramid, gradients, observe) };
  }

  /** From the levels' gradients back to the images; disposes the passes. */
  #backward(
    trunk: UnitPass[],
    pyramid: UnitPass,
    { levels, updates }: DetectorGradients,
    observe?: OnOutputGradient,
  ): UnitUpdate[] {
    const { runner } = this.#context;
    const { inputs, parameters } = runner.backward(pyramid, levels);
    disposePass(pyramid);
    tf.dispose([...levels]);
    const tapGradients = new Map(this.#taps.map((position, i) => [position, inputs[i]]));
    return [
      ...backwardTrunk(runner, trunk, tapGradients, observe),
      { unit: this.#pyramid, gradients: parameters, moments: pyramid.moments },
      ...updates,
    ];
  }

  /**
   * Passes a batch along all paths of a tree, depth first, so that no more than one path's outputs are held.
   *
   * @param runAt How the units at a node are run.
   * @param atLeaf Takes the pyramid's levels of each architecture, what runs its units, and its key.
   */
  #walk(
    batch: DetectionBatch,
    tree: PrefixNode,
    runAt: (key: string) => RunUnit,
    atLeaf: (levels: Tensor[], run: RunUnit, key: string) => void,
  ): void {
    const visit = (node: PrefixNode, x: Tensor, taps: readonly Tensor[], isLast: boolean): void => {
      tf.tidy(() => { // gives nothing back: what it gave would outlive it
        const run = runAt(node.key);
        const [y] = run(node.unit, [x]);
        if (isLast && !taps.includes(x)) x.dispose();
        const tapped = this.#taps.includes(node.depth) ? [...taps, y] : taps;
        const last = node.children.at(-1);
        for (const child of node.children) visit(child, y, tapped, child === last);
        if (last === undefined) atLeaf(run(this.#pyramid, tapped), run, node.key);
      });
    };
    tf.tidy(() => visit(tree, this.#context.device.uploadImages(batch.images, batch.shape), [], true));
  }
}

function checkLastTap(taps: readonly number[], { stageChannels }: SearchSpace): void {
  const [last, wanted] = [taps[taps.length - 1], stageChannels.length - 1];
  if (last === wanted) return;
  throw new RangeError(
    `Cannot put a detector on the pyramid as its levels must include the last stage's, ${wanted + 2}: ` +
      `they end at ${last + 2}`,
  );
}
