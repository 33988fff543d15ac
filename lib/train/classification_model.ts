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
import type { Classifier } from "../models/classifier.ts";
import { labelSmoothedCrossEntropy } from "../nn/losses.ts";
import type { Compiled } from "../nn/compiled.ts";
import type { Unit } from "../nn/unit.ts";
import { loneWorker, sumNumbers, type WorkerGroup } from "../nn/worker_group.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { applyUpdates } from "./apply_updates.ts";
import { type BatchShare, batchShare } from "./batch_share.ts";
import type { Device } from "./device.ts";
import type { NetworkState } from "./network_state.ts";
import type { TreeStatistics } from "./path_statistics.ts";
import { nodesOf, type PrefixNode, prefixTree, unitsAt } from "./prefix_tree.ts";
import type { PathStatistics } from "./recalibrate.ts";
import { backwardTrunk, gateGradients, type OnOutputGradient, trainTrunk, unitsOnPath } from "./trunk.ts";
import { disposePass, type UnitRunner, type UnitUpdate, type UpdateSettings } from "./unit_runner.ts";

/** What a classification step needs besides the batch. */
export interface ClassificationSettings extends UpdateSettings {
  /** Share of each label that goes to all classes alike, 0 to below 1. */
  readonly labelSmoothing: number;
  /** Share of the last layer's channels dropped, 0 to below 1. */
  readonly dropout: number;
  /** Names the dropout's draws. */
  readonly seed: number;
}

/** A supernet with a classifier. */
export class ClassificationModel implements Disposable {
  readonly #device: Device;
  readonly #runner: UnitRunner;
  readonly #supernet: Supernet;
  readonly #classifier: Classifier;
  readonly #settings: ClassificationSettings;
  readonly #group: WorkerGroup;
  readonly #losses = new Map<string, Compiled>();

  /**
   * Puts a classifier on a supernet.
   *
   * @param device Where images are uploaded and losses compiled.
   * @param runner Runs the units; stays the caller's.
   * @param supernet The backbone.
   * @param classifier What follows it.
   * @param settings What all steps share.
   * @param group The workers that each step's batch is divided among; the runner's batch norm must be theirs.
   */
  constructor(
    device: Device,
    runner: UnitRunner,
    supernet: Supernet,
    classifier: Classifier,
    settings: ClassificationSettings,
    group: WorkerGroup = loneWorker,
  ) {
    this.#device = device;
    this.#runner = runner;
    this.#supernet = supernet;
    this.#classifier = classifier;
    this.#settings = settings;
    this.#group = group;
  }

  /**
   * One update of the units on a path.
   *
   * @param state The network's tensors, which it changes.
   * @param batch This worker's images of the step.
   * @param choices The path.
   * @param step Names the dropout's draws.
   * @param learningRate Of this step.
   * @returns The loss of all workers' images, before the update; the state is left as it was if that is not finite.
   */
  trainStep(
    state: NetworkState,
    batch: ClassificationBatch,
    choices: Architecture,
    step: number,
    learningRate: number,
  ): number {
    return tf.tidy(() => {
      const { loss, updates } = this.#gradients(state, batch, choices, step);
      if (updates === null) return loss;
      applyUpdates(this.#runner, state, updates, learningRate, this.#settings, null, this.#group);
      return loss;
    });
  }

  /**
   * How the loss of a batch changes with a gate on each block of a path; nothing is updated.
   *
   * @param state The network's tensors; only read.
   * @param batch This worker's images of the step.
   * @param choices The path.
   * @param step Names the dropout's draws.
   * @returns One derivative a block; NaN where the loss is not finite.
   */
  gateGradients(
    state: NetworkState,
    batch: ClassificationBatch,
    choices: Architecture,
    step: number,
  ): Float64Array {
    const { gradients, observe } = gateGradients(choices.length);
    tf.tidy(() => { // gives nothing back: what it gave would outlive it
      const { updates } = this.#gradients(state, batch, choices, step, observe);
      if (updates === null) gradients.fill(NaN);
    });
    return Float64Array.from(sumNumbers(this.#group, [...gradients], "gate gradients"));
  }

  /** The units of a path, in the order that they run. */
  unitsOnPath(choices: Architecture): Unit[] {
    return [...unitsOnPath(this.#supernet, choices), this.#classifier];
  }

  /** The tree of some architectures, along which a batch passes what they have in common once. */
  prefixTree(candidates: readonly Architecture[]): PrefixNode {
    return prefixTree(this.#supernet, candidates);
  }

  /** The units that a batch passes at a node; at a leaf also the classifier. */
  unitsAt(node: PrefixNode): Unit[] {
    return unitsAt(node, [this.#classifier]);
  }

  /**
   * One batch through a path, each batch norm using the batch's own statistics.
   *
   * @param state The network's tensors; only read.
   * @param batch The images.
   * @param choices The path.
   * @returns Each unit's moments on the host: mean0, variance0, mean1, …, `[C]` float32 each.
   */
  batchMoments(
    state: NetworkState,
    batch: ClassificationBatch,
    choices: Architecture,
  ): Map<Unit, Float32Array[]> {
    const tree = this.prefixTree([choices]);
    return new Map([...this.treeMoments(state, batch, tree).values()].flatMap((moments) => [...moments]));
  }

  /**
   * The same through all paths of a tree.
   *
   * @param state The network's tensors; only read.
   * @param batch The images.
   * @param tree Of {@linkcode ClassificationModel.prefixTree}.
   * @returns By node's key, the moments of the units there, as {@linkcode ClassificationModel.batchMoments} gives them.
   */
  treeMoments(
    state: NetworkState,
    batch: ClassificationBatch,
    tree: PrefixNode,
  ): Map<string, Map<Unit, Float32Array[]>> {
    const moments = new Map([...nodesOf(tree)].map(({ key }) => [key, new Map<Unit, Float32Array[]>()]));
    this.#walk(batch, tree, (unit, x, key) => {
      const pass = this.#normaliseByBatch(state, unit, x);
      moments.get(key)!.set(unit, pass.moments.map((moment) => moment.dataSync<"float32">().slice()));
      return pass.outputs[0];
    });
    return moments;
  }

  /**
   * Logits `[N, K]` of a path.
   *
   * @param state The network's tensors; only read.
   * @param batch The images.
   * @param choices The path.
   * @param statistics The batch norms' of every unit on the path; null takes the batch's own.
   * @returns Row by row, on the host.
   */
  logits(
    state: NetworkState,
    batch: ClassificationBatch,
    choices: Architecture,
    statistics: PathStatistics | null,
  ): Float32Array {
    const tree = this.prefixTree([choices]);
    const ofAll = statistics && new Map([...nodesOf(tree)].map(({ key }) => [key, statistics]));
    return this.treeLogits(state, batch, tree, ofAll).get(architectureKey(choices))!;
  }

  /**
   * The same for all architectures of a tree.
   *
   * @param state The network's tensors; only read.
   * @param batch The images.
   * @param tree Of {@linkcode ClassificationModel.prefixTree}.
   * @param statistics Of each node's units; null takes the batch's own.
   * @returns By the architecture's key, `[N, K]` row by row, on the host.
   */
  treeLogits(
    state: NetworkState,
    batch: ClassificationBatch,
    tree: PrefixNode,
    statistics: TreeStatistics | null,
  ): Map<string, Float32Array> {
    const logits = new Map<string, Float32Array>();
    this.#walk(
      batch,
      tree,
      (unit, x, key) => {
        if (statistics === null) return this.#normaliseByBatch(state, unit, x).outputs[0];
        return this.#runner.infer(unit, state.of(unit).parameters, statistics.get(key)!.get(unit)!, [x])[0];
      },
      (y, key) => logits.set(key, y.dataSync<"float32">().slice()),
    );
    return logits;
  }

  /** Disposes the compiled losses; the units' functions are the runner's. */
  [Symbol.dispose](): void {
    for (const loss of this.#losses.values()) loss[Symbol.dispose]();
  }

  /** Forward, loss and backward; no updates if the loss is not finite. Called inside a tidy. */
  #gradients(
    state: NetworkState,
    batch: ClassificationBatch,
    choices: Architecture,
    step: number,
    observe?: OnOutputGradient,
  ): { loss: number; updates: UnitUpdate[] | null } {
    const images = this.#device.uploadImages(batch.images, batch.shape);
    const trunk = trainTrunk(this.#runner, state, unitsOnPath(this.#supernet, choices), images);
    const share = batchShare(this.#group, batch.shape[0]);
    const mask = this.#dropoutMask(share, step);
    const features = trunk[trunk.length - 1].outputs[0];
    const head = this.#runner.train(this.#classifier, state.of(this.#classifier), [features, mask], 1);
    const { loss, dLogits } = this.#loss(head.outputs[0], batch.classIndices, share);
    if (!Number.isFinite(loss)) return { loss, updates: null };

    const headGradients = this.#runner.backward(head, [dLogits]);
    disposePass(head);
    const tapGradients = new Map([[trunk.length - 1, headGradients.inputs[0]]]);
    const updates = backwardTrunk(this.#runner, trunk, tapGradients, observe);
    updates.push({ unit: this.#classifier, gradients: headGradients.parameters, moments: head.moments });
    return { loss, updates };
  }

  /**
   * Passes a batch along all paths of a tree, depth first, so that no more than one path's outputs are held.
   *
   * @param run How a unit is run at a node.
   * @param atLeaf Takes the logits of each architecture, and its key.
   */
  #walk(
    batch: ClassificationBatch,
    tree: PrefixNode,
    run: (unit: Unit, x: Tensor, key: string) => Tensor,
    atLeaf: (logits: Tensor, key: string) => void = () => {},
  ): void {
    const visit = ({ unit, key, children }: PrefixNode, x: Tensor, isLast: boolean): void => {
      tf.tidy(() => { // gives nothing back: what it gave would outlive it
        const y = run(unit, x, key);
        if (isLast) x.dispose();
        const last = children.at(-1);
        for (const child of children) visit(child, y, child === last);
        if (last === undefined) atLeaf(run(this.#classifier, y, key), key);
      });
    };
    tf.tidy(() => visit(tree, this.#device.uploadImages(batch.images, batch.shape), true));
  }

  /** As in training, but for the dropout: the classifier's mask keeps every channel. */
  #normaliseByBatch(state: NetworkState, unit: Unit, x: Tensor): { outputs: Tensor[]; moments: Tensor[] } {
    const mask = unit === this.#classifier ? [tf.ones([x.shape[0], this.#classifier.channels])] : [];
    return this.#runner.normaliseByBatch(unit, state.of(unit), [x, ...mask]);
  }

  /** Drawn for all workers' images, of which each takes its own. */
  #dropoutMask({ first, images }: BatchShare, step: number): Tensor {
    const { dropout, seed } = this.#settings;
    const channels = this.#classifier.channels;
    const random = stream(seed, "dropout", step);
    const values = Float32Array.from(
      { length: (first + images) * channels },
      () => random.uniform() < dropout ? 0 : 1 / (1 - dropout),
    );
    return tf.tensor2d(values.subarray(first * channels), [images, channels]);
  }

  /** The mean over all workers' images, and its gradient by this worker's logits. */
  #loss(
    logits: Tensor,
    classIndices: Int32Array,
    { images, total }: BatchShare,
  ): { loss: number; dLogits: Tensor } {
    const labels = tf.tensor1d(classIndices, "int32");
    const { outputs, residuals } = this.#lossFunction(logits).forward([logits, labels]);
    const weight = images / total;
    const [dLogits] = this.#lossFunction(logits).backward([tf.scalar(weight)], residuals);
    return { loss: sumNumbers(this.#group, [weight * outputs[0].dataSync()[0]], "loss")[0], dLogits };
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
