/**
 * A population's way through a network: all its images pass one unit, which is measured by them, before any goes on to the
 * next, so that of activations no more is held than one unit's and the levels'.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { DetectionBatch } from "../data/sample.ts";
import type { Unit } from "../nn/unit.ts";
import { loneWorker } from "../nn/worker_group.ts";
import type { Detector, DetectorContext, RunUnit } from "./detector.ts";
import type { NetworkState } from "./network_state.ts";
import { type MeasuredUnit, measureUnit, type PopulationPass } from "./population_statistics.ts";

/** A network along one path. */
export interface NetworkParts {
  readonly context: DetectorContext;
  /** Stem and blocks, in order. */
  readonly trunk: readonly Unit[];
  /** Which of them the pyramid sees, ascending. */
  readonly taps: readonly number[];
  readonly pyramid: Unit;
  readonly detector: Detector;
}

/** How far a measurement is. */
export interface MeasuringProgress {
  /** Units measured. */
  readonly done: number;
  /** Units in all. */
  readonly total: number;
}

/**
 * Gives all batch norms the statistics that one batch of all these images would have. Nothing changes until all are
 * measured, and one that is left before leaves nothing behind.
 *
 * @param batches This worker's images, at least one batch; their canvases may differ.
 * @returns Goes on with each batch that has passed a unit; never inside a tidy. Its result says that all are measured.
 */
export function* measureNetwork(
  parts: NetworkParts,
  state: NetworkState,
  batches: readonly DetectionBatch[],
): Generator<MeasuringProgress, MeasuringProgress> {
  // Not `using`, see `measureUnit`.
  const population = new Population(parts, state, batches);
  try {
    for (const _ of population.pass()) yield population.progress;
    return population.progress;
  } finally {
    population[Symbol.dispose]();
  }
}

class Population implements Disposable {
  readonly #parts: NetworkParts;
  readonly #state: NetworkState;
  readonly #batches: readonly DetectionBatch[];
  readonly #measured = new Map<Unit, MeasuredUnit>();
  /** What is held of each batch. */
  readonly #held = new Set<Tensor>();

  constructor(parts: NetworkParts, state: NetworkState, batches: readonly DetectionBatch[]) {
    this.#parts = parts;
    this.#state = state;
    this.#batches = batches;
  }

  get progress(): MeasuringProgress {
    const { trunk, detector } = this.#parts;
    return { done: this.#measured.size, total: trunk.length + 1 + detector.units.length };
  }

  *pass(): Generator<void, void> {
    const levels = yield* this.#levels();
    for (const unit of this.#parts.detector.units) yield* this.#measureOfDetector(unit, levels);
    for (const [unit, { statistics }] of this.#measured) {
      this.#state.replaceStatistics(unit, statistics.map((values) => tf.clone(values)));
    }
  }

  [Symbol.dispose](): void {
    tf.dispose([...this.#held]);
    for (const measured of this.#measured.values()) measured[Symbol.dispose]();
  }

  /** Each batch's levels. */
  *#levels(): Generator<void, Tensor[][]> {
    const { context, trunk, taps, pyramid } = this.#parts;
    const tapped: Tensor[][] = this.#batches.map(() => []);
    let x = this.#batches.map(({ images, shape }) => [
      this.#hold(context.device.uploadImages(images, shape)),
    ]);
    for (const [position, unit] of trunk.entries()) {
      const y = yield* this.#through(unit, x);
      if (!taps.includes(position - 1)) this.#letGo(x);
      if (taps.includes(position)) tapped.forEach((ofBatch, i) => ofBatch.push(y[i][0]));
      x = y;
    }
    const levels = yield* this.#through(pyramid, tapped);
    this.#letGo(tapped);
    return levels;
  }

  /** Measures a unit; gives each batch's outputs. */
  *#through(unit: Unit, inputs: readonly Tensor[][]): Generator<void, Tensor[][]> {
    const outputs: Tensor[][] = inputs.map(() => []);
    yield* this.#measure(unit, (run) =>
      eachOf(inputs, (ofBatch, i) => {
        this.#letGo([outputs[i]]);
        outputs[i] = tf.tidy(() => run(unit, ofBatch)).map((output) => this.#hold(output));
      }));
    return outputs;
  }

  *#measureOfDetector(unit: Unit, levels: readonly Tensor[][]): Generator<void, void> {
    const { detector } = this.#parts;
    yield* this.#measure(unit, (run) =>
      eachOf(this.#batches, (batch, i) => {
        tf.tidy(() =>
          detector.visit(
            levels[i],
            batch,
            (other, inputs) => other === unit ? run(other, inputs) : this.#runOther(other, inputs),
          )
        );
      }));
  }

  /** Units before the one that is measured run as measured; nobody sees what those after it give. */
  #runOther: RunUnit = (unit, inputs) => {
    const { parameters, statistics } = this.#state.of(unit);
    return this.#measured.get(unit)?.run(unit, inputs) ??
      this.#parts.context.runner.infer(unit, parameters, statistics, inputs);
  };

  *#measure(unit: Unit, pass: PopulationPass): Generator<void, void> {
    const { runner, group = loneWorker } = this.#parts.context;
    const { parameters } = this.#state.of(unit);
    this.#measured.set(unit, yield* measureUnit(runner, unit, parameters, pass, group));
  }

  #hold(tensor: Tensor): Tensor {
    this.#held.add(tensor);
    return tensor;
  }

  #letGo(ofBatches: readonly Tensor[][]): void {
    for (const tensor of ofBatches.flat()) {
      this.#held.delete(tensor);
      tensor.dispose();
    }
  }
}

function* eachOf<T>(values: readonly T[], visit: (value: T, i: number) => void): Generator<void, void> {
  for (const [i, value] of values.entries()) yield visit(value, i);
}
