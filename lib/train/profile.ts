/**
 * Times a backbone's parts on a device, each by itself and then some whole backbones, as they run in detection: one
 * image, running statistics. Every round measures everything once in an order of its own, so that a machine that gets
 * slower or faster meanwhile does so for all.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { permutation, stream } from "../base/random.ts";
import type { Config } from "../config/schema.ts";
import { type Supernet, supernet } from "../models/backbone.ts";
import { batchNormEpsilon, localBatchNorm } from "../nn/batch_norm.ts";
import { initialStatistics, initialValues } from "../nn/init.ts";
import type { ParameterSpec, Unit } from "../nn/unit.ts";
import type { Architecture } from "../space/architecture.ts";
import type { Timing } from "../space/latency_table.ts";
import { timingOf } from "../space/latency_validation.ts";
import { blockCount, choiceCount, type SearchSpace } from "../space/search_space.ts";
import { type Device, unitCompilerOf } from "./device.ts";
import { unitsOnPath } from "./trunk.ts";
import { UnitRunner } from "./unit_runner.ts";

/** How much is measured. */
export interface ProfileOptions {
  /** Measurements of each part and backbone. */
  readonly repeats: number;
  /** Whole backbones that the parts' sums are compared with. */
  readonly backbones: number;
}

/** How far a profile is. */
export interface ProfileStatus {
  /** Measurements done, warm-up included. */
  readonly done: number;
  /** Measurements in all. */
  readonly total: number;
}

/** What a profile has measured. */
export interface ProfileResult {
  /** The same for all architectures. */
  readonly stem: Timing;
  /** `blocks[i][choice]`. */
  readonly blocks: readonly (readonly Timing[])[];
  /** As chains. */
  readonly backbones: readonly { readonly choices: Architecture; readonly measured: Timing }[];
}

/** Calls before the first measurement: they compile, and let JavaScript's own compiler settle. */
const warmupCalls = 3;
/** A measurement is of as many calls in a row as take this long: waiting for the device must not show. */
const shortestSampleMs = 5;

/** What is measured: a part, or a whole backbone. */
interface Subject {
  /** Runs it; the caller disposes the output. */
  readonly run: () => Tensor;
  readonly samplesMs: number[];
  /** Calls a measurement; known after the warm-up. */
  calls: number;
}

/** Profiles a config's backbone. Its weights are random: what a layer takes does not depend on them. */
export class BackboneProfiler implements Disposable {
  readonly #runner: UnitRunner;
  readonly #weights: RandomWeights;
  readonly #net: Supernet;
  readonly #seed: number;
  readonly #inputs = new Map<string, Tensor>();
  /** By signature and input shape. */
  readonly #parts = new Map<string, Subject>();
  /** Keys of `#parts`: the stem's, then those of each block's choices. */
  readonly #stemKey: string;
  readonly #blockKeys: readonly (readonly string[])[];
  readonly #backbones: readonly { readonly choices: Architecture; readonly subject: Subject }[];
  readonly #subjects: readonly Subject[];
  readonly #repeats: number;
  #done = 0;

  /**
   * Compiles what is needed to know each block's input.
   *
   * @param device Where to measure.
   * @param config Whose space, shuffle method and first canvas; its seed names the backbones and the orders.
   */
  constructor(device: Device, config: Config, { repeats, backbones }: ProfileOptions) {
    this.#runner = new UnitRunner(
      unitCompilerOf(device),
      localBatchNorm(batchNormEpsilon),
      device.kernels,
    );
    this.#weights = new RandomWeights(config.seed);
    this.#net = supernet(config.space, config.shuffleMethod);
    this.#seed = config.seed;
    this.#repeats = repeats;
    const [heightPx, widthPx] = config.detector.canvases[0];
    const image = [1, heightPx, widthPx, 3];
    const shapes = this.#blockInputShapes(image);
    this.#stemKey = this.#addPart(this.#net.stem, image);
    this.#blockKeys = this.#net.blocks.map((units, i) => units.map((unit) => this.#addPart(unit, shapes[i])));
    this.#backbones = randomArchitectures(config.space, config.seed, backbones).map((choices) => ({
      choices,
      subject: newSubject(() => this.#runChain(unitsOnPath(this.#net, choices), this.#input(image))),
    }));
    this.#subjects = [...this.#parts.values(), ...this.#backbones.map(({ subject }) => subject)];
  }

  /** How far it is. */
  get status(): ProfileStatus {
    return { done: this.#done, total: this.#subjects.length * (1 + this.#repeats) };
  }

  /** Goes on for about as long as told, at least one measurement. */
  step(budgetMs: number): ProfileStatus {
    const end = performance.now() + budgetMs;
    do this.#measureNext(); while (this.status.done < this.status.total && performance.now() < end);
    return this.status;
  }

  /**
   * What was measured.
   *
   * @throws {RangeError} If it is not at its end.
   */
  result(): ProfileResult {
    const { done, total } = this.status;
    if (done < total) {
      throw new RangeError(`Cannot conclude a profile after ${done} of ${total} measurements`);
    }
    const timing = (key: string): Timing => timingOf(this.#parts.get(key)!.samplesMs);
    return {
      stem: timing(this.#stemKey),
      blocks: this.#blockKeys.map((keys) => keys.map(timing)),
      backbones: this.#backbones.map(({ choices, subject }) => ({
        choices,
        measured: timingOf(subject.samplesMs),
      })),
    };
  }

  /** Gives tensors and compiled functions back. */
  [Symbol.dispose](): void {
    for (const input of this.#inputs.values()) input.dispose();
    this.#weights[Symbol.dispose]();
    this.#runner[Symbol.dispose]();
  }

  #measureNext(): void {
    const { done, total } = this.status;
    if (done >= total) return;
    const count = this.#subjects.length;
    const [round, place] = [Math.floor(done / count), done % count];
    const order = permutation(stream(this.#seed, "profile order", round), count);
    const subject = this.#subjects[order[place]];
    if (round === 0) warmUp(subject);
    else subject.samplesMs.push(elapsedMs(subject));
    this.#done++;
  }

  /** All choices of a block give the same shape, so the first ones tell every block's input. */
  #blockInputShapes(image: readonly number[]): number[][] {
    const shapes: number[][] = [];
    const first = this.#net.blocks.map(() => 0);
    this.#runChain(unitsOnPath(this.#net, first), this.#input(image), (y) => shapes.push(y.shape)).dispose();
    return shapes;
  }

  #addPart(unit: Unit, shape: readonly number[]): string {
    const key = `${unit.signature} ${shape.join("x")}`;
    if (this.#parts.has(key)) return key;
    const x = this.#input(shape);
    this.#parts.set(key, newSubject(() => this.#runUnit(unit, x)));
    return key;
  }

  /** Each unit has weights of its own, as in a trained network: equal blocks don't find theirs in the cache. */
  #runUnit(unit: Unit, x: Tensor): Tensor {
    const { parameters, statistics } = this.#weights.of(unit);
    return this.#runner.infer(unit, parameters, statistics, [x])[0];
  }

  #runChain(units: readonly Unit[], image: Tensor, onOutput: (y: Tensor) => void = () => {}): Tensor {
    return units.reduce((x, unit) => {
      const y = this.#runUnit(unit, x);
      if (x !== image) x.dispose();
      onOutput(y);
      return y;
    }, image);
  }

  /** A tensor of that shape on the device: one row of numbers in [0, 1), repeated downwards. */
  #input(shape: readonly number[]): Tensor {
    const key = shape.join("x");
    const made = this.#inputs.get(key);
    if (made !== undefined) return made;
    const [, height, width, channels] = shape;
    const random = stream(this.#seed, "profile input", key);
    const row = Float32Array.from({ length: width * channels }, () => random.uniform());
    const input = tf.tidy(() => tf.tile(tf.tensor4d(row, [1, 1, width, channels]), [1, height, 1, 1]));
    this.#inputs.set(key, input);
    return input;
  }
}

/** Distinct architectures, uniform over the space; fewer where the space has no more. */
export function randomArchitectures(space: SearchSpace, seed: number, count: number): Architecture[] {
  const found = new Map<string, Architecture>();
  const [blocks, choices] = [blockCount(space), choiceCount(space)];
  const wanted = Math.min(count, choices ** blocks);
  for (let draw = 0; found.size < wanted; draw++) {
    const random = stream(seed, "profile backbone", draw);
    const architecture = Array.from({ length: blocks }, () => random.integer(choices));
    found.set(String(architecture), architecture);
  }
  return [...found.values()];
}

/** Weights that keep activations at their size: with vanishing ones, processors slow down over tiny numbers. */
class RandomWeights implements Disposable {
  readonly #seed: number;
  readonly #weights = new Map<Unit, { parameters: Tensor[]; statistics: Tensor[] }>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** A unit's weights, drawn at their first use. */
  of(unit: Unit): { readonly parameters: readonly Tensor[]; readonly statistics: readonly Tensor[] } {
    let weights = this.#weights.get(unit);
    if (weights === undefined) this.#weights.set(unit, weights = this.#draw(unit));
    return weights;
  }

  [Symbol.dispose](): void {
    for (const { parameters, statistics } of this.#weights.values()) tf.dispose([parameters, statistics]);
    this.#weights.clear();
  }

  #draw(unit: Unit): { parameters: Tensor[]; statistics: Tensor[] } {
    return {
      parameters: unit.parameters.map((spec) => {
        const random = stream(this.#seed, "profile weight", unit.name, spec.name);
        return tf.tensor(initialValues(sizeKeeping(spec), random), [...spec.shape]);
      }),
      statistics: unit.batchNorms.flatMap((spec) =>
        initialStatistics(spec).map((values) => tf.tensor1d(values))
      ),
    };
  }
}

/** The weight's start by He et al. (2015): standard deviation sqrt(2 / inputs). */
function sizeKeeping(spec: ParameterSpec): ParameterSpec {
  if (spec.role !== "weight") return spec;
  const inputs = spec.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const isDepthwise = spec.shape.at(-1) === 1;
  const std = Math.sqrt(2 / (isDepthwise ? inputs / spec.shape[spec.shape.length - 2] : inputs));
  return { ...spec, init: { kind: "normal", std } };
}

function newSubject(run: () => Tensor): Subject {
  return { run, samplesMs: [], calls: 1 };
}

/** Runs a subject until its time is known, and sets how many calls its measurements are of. */
function warmUp(subject: Subject): void {
  for (let i = 1; i < warmupCalls; i++) elapsedMs(subject);
  subject.calls = Math.max(1, Math.ceil(shortestSampleMs / elapsedMs(subject)));
}

/** Time of one call: calls in a row, then a wait for the device. */
function elapsedMs({ run, calls }: Subject): number {
  const start = performance.now();
  for (let i = 1; i < calls; i++) run().dispose();
  const last = run();
  waitFor(last);
  const elapsed = performance.now() - start;
  last.dispose();
  return elapsed / calls;
}

/** A GPU works on after the call has returned; reading one number waits for it. */
function waitFor(tensor: Tensor): void {
  const first = tf.slice(tensor, tensor.shape.map(() => 0), tensor.shape.map(() => 1));
  first.dataSync();
  first.dispose();
}
