/**
 * Runs units as compiled functions: compiled at first use for the shapes at hand, kept for the next.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BlockKernels } from "../nn/block_kernels.ts";
import type { Compiled, CompiledFunction, Compiler, InputSpec } from "../nn/compiled.ts";
import { type SgdSettings, sgdUpdate, squaredNorm } from "../nn/sgd.ts";
import { batchNormEpsilon, updateStatistics } from "../nn/batch_norm.ts";
import { givenMoments, syncBatchNorm } from "../nn/sync_batch_norm.ts";
import type { BatchNormTraining, Unit } from "../nn/unit.ts";
import type { UnitState } from "./network_state.ts";
import { type BatchNormMaker, UnitKernels } from "./unit_kernels.ts";

/** One unit's forward pass in training, with what its backward pass needs. */
export interface UnitPass {
  /** Whose pass it is. */
  readonly unit: Unit;
  /** The unit's outputs, e.g. `[N, H, W, C]` float32. */
  readonly outputs: readonly Tensor[];
  /** The batch's mean0, variance0, mean1, …, `[C]` float32 each. */
  readonly moments: readonly Tensor[];
  /** What the backward pass needs: opaque, of any `[...]` shapes. */
  readonly residuals: readonly Tensor[];
  /** What ran, and runs backward. */
  readonly compiled: Compiled;
}

/** Gradients of one unit; the caller owns them. */
export interface UnitGradients {
  /** Of the inputs that take one, float32 of their shapes, e.g. `[N, H, W, C]`. */
  readonly inputs: readonly Tensor[];
  /** In the order of the unit's parameters, float32 of their shapes, e.g. `[K, K, I, O]`. */
  readonly parameters: readonly Tensor[];
}

/** What changes a unit after a step. */
export interface UnitUpdate {
  /** Which unit changes. */
  readonly unit: Unit;
  /** In the order of its parameters; float32 of their shapes, e.g. `[K, K, I, O]`. */
  readonly gradients: readonly Tensor[];
  /** The batch's mean0, variance0, mean1, …, `[C]` float32 each. */
  readonly moments: readonly Tensor[];
}

/** What all of a training's updates share. */
export interface UpdateSettings extends SgdSettings {
  /** Share of the newest batch in the running statistics, 0 to 1; 0.1 is PyTorch's. */
  readonly bnMomentum: number;
}

/** Compiles and runs units on one device. */
export class UnitRunner implements Disposable {
  readonly #compiler: Compiler;
  readonly #batchNorms: BatchNormMaker;
  readonly #kernels: UnitKernels;
  readonly #functions = new Map<string, Compiled | CompiledFunction>();

  /**
   * Compiles nothing yet.
   *
   * @param compiler How functions are compiled.
   * @param batchNorm Batch norm in training: one worker's, or synchronised over all.
   * @param kernels Run whole units in place of compiled functions where they can; default none.
   */
  constructor(
    compiler: Compiler,
    batchNorm: BatchNormTraining | BatchNormMaker,
    kernels: BlockKernels | null = null,
  ) {
    this.#compiler = compiler;
    this.#batchNorms = "of" in batchNorm ? batchNorm : { of: () => batchNorm };
    this.#kernels = new UnitKernels(kernels, this.#batchNorms);
  }

  /**
   * Forward pass in training.
   *
   * @param unit What runs.
   * @param state Its tensors; they stay the state's.
   * @param inputs The unit's inputs, e.g. one `[N, H, W, C]` float32; they stay the caller's and must live until {@linkcode UnitRunner.backward}.
   * @param gradientInputs How many of the leading inputs take a gradient.
   * @returns A pass; the caller disposes it with {@linkcode disposePass} and owns its moments.
   */
  train(unit: Unit, state: UnitState, inputs: readonly Tensor[], gradientInputs: number): UnitPass {
    // Inputs without a gradient go last; parameters always take one.
    const ordered = [
      ...inputs.slice(0, gradientInputs),
      ...state.parameters,
      ...inputs.slice(gradientInputs),
    ];
    const compiled = this.#compiledFor<Compiled>(
      "train",
      unit,
      ordered,
      () =>
        this.#kernels.training(unit, inputs, gradientInputs) ??
          this.#compiler.differentiable({
            name: unit.name,
            inputs: specs(ordered),
            differentiableInputs: gradientInputs + state.parameters.length,
            auxiliaryOutputs: 2 * unit.batchNorms.length,
          }, (tensors) => {
            const [front, parameters, back] = split(tensors, gradientInputs, unit.parameters.length);
            const { outputs, moments } = unit.train(
              [...front, ...back],
              parameters,
              this.#batchNorm("train", unit),
            );
            return [...outputs, ...moments];
          }),
    );
    const { outputs, residuals } = compiled.forward(ordered);
    const outputCount = outputs.length - 2 * unit.batchNorms.length;
    return {
      unit,
      compiled,
      residuals,
      outputs: outputs.slice(0, outputCount),
      moments: outputs.slice(outputCount),
    };
  }

  /**
   * Backward pass: from the outputs' gradients to those of inputs and parameters.
   *
   * @param pass Of {@linkcode UnitRunner.train}; it stays the caller's.
   * @param outputGradients One an output, float32 of its shape, e.g. `[N, H, W, C]`; they stay the caller's.
   */
  backward(pass: UnitPass, outputGradients: readonly Tensor[]): UnitGradients {
    const gradients = pass.compiled.backward(outputGradients, pass.residuals);
    const inputCount = gradients.length - pass.unit.parameters.length;
    return { inputs: gradients.slice(0, inputCount), parameters: gradients.slice(inputCount) };
  }

  /**
   * Forward pass normalised by the batch's statistics, without a gradient: what recalibration runs.
   *
   * @param unit What runs.
   * @param state Its tensors; they stay the state's.
   * @param inputs The unit's inputs, e.g. one `[N, H, W, C]` float32; they stay the caller's.
   * @returns Outputs as in training, and moments: mean0, variance0, …, `[C]` float32 each; the caller owns them.
   */
  normaliseByBatch(
    unit: Unit,
    state: UnitState,
    inputs: readonly Tensor[],
  ): { outputs: Tensor[]; moments: Tensor[] } {
    const all = [...inputs, ...state.parameters];
    const compiled = this.#compiledFor<CompiledFunction>(
      "batch",
      unit,
      all,
      () =>
        this.#kernels.normalisedByBatch(unit, inputs) ??
          this.#compiler.plain({ name: unit.name, inputs: specs(all) }, (tensors) => {
            const [front, parameters] = split(tensors, inputs.length, unit.parameters.length);
            const { outputs, moments } = unit.train(front, parameters, this.#batchNorm("batch", unit));
            return [...outputs, ...moments];
          }),
    );
    const tensors = compiled.call(all);
    const outputCount = tensors.length - 2 * unit.batchNorms.length;
    return { outputs: tensors.slice(0, outputCount), moments: tensors.slice(outputCount) };
  }

  /**
   * The moments of that pass alone: what only its outputs need is left out.
   *
   * @returns mean0, variance0, mean1, … `[C]` float32 each; the caller owns them.
   */
  batchMoments(unit: Unit, state: UnitState, inputs: readonly Tensor[]): Tensor[] {
    if (unit.batchNorms.length === 0) return [];
    const all = [...inputs, ...state.parameters];
    const compiled = this.#compiledFor<CompiledFunction>(
      "moments",
      unit,
      all,
      () =>
        this.#kernels.batchMoments(unit, inputs) ??
          this.#compiler.plain({ name: `${unit.name}.moments`, inputs: specs(all) }, (tensors) => {
            const [front, parameters] = split(tensors, inputs.length, unit.parameters.length);
            return [...unit.train(front, parameters, this.#batchNorm("moments", unit)).moments];
          }),
    );
    return compiled.call(all);
  }

  /**
   * Forward pass normalised by given moments, without a gradient and without other workers: what measuring the statistics
   * of a population runs.
   *
   * @param given Each batch norm's `[2 C + 1]`: count, means, sums of squared deviations.
   * @returns Outputs, each batch norm's mean and unbiased variance by what was given, and the batch's own moments in the
   * form of the given ones; the caller owns them.
   */
  normaliseByMoments(
    unit: Unit,
    parameters: readonly Tensor[],
    given: readonly Tensor[],
    inputs: readonly Tensor[],
  ): { outputs: Tensor[]; statistics: Tensor[]; moments: Tensor[] } {
    const all = [...inputs, ...parameters, ...given];
    const compiled = this.#compiledFor<CompiledFunction>(
      "given",
      unit,
      all,
      () =>
        this.#kernels.normalisedByMoments(unit, inputs) ??
          this.#compiler.plain({ name: unit.name, inputs: specs(all) }, (tensors) => {
            const [front, ownParameters, ownGiven] = split(tensors, inputs.length, parameters.length);
            const own: Tensor[] = [];
            const batchNorm = syncBatchNorm(
              batchNormEpsilon,
              givenMoments(ownGiven, (moments) => own.push(moments)),
            );
            const { outputs, moments } = unit.train(front, ownParameters, batchNorm);
            return [...outputs, ...moments, ...own];
          }),
    );
    const tensors = compiled.call(all);
    const outputCount = tensors.length - 3 * unit.batchNorms.length;
    const [outputs, statistics, moments] = split(tensors, outputCount, 2 * unit.batchNorms.length);
    return { outputs, statistics, moments };
  }

  /**
   * Forward pass in inference.
   *
   * @param unit What runs.
   * @param parameters Its parameters, float32 of their shapes.
   * @param statistics The batch norms' mean0, variance0, mean1, …, `[C]` float32 each.
   * @param inputs The unit's inputs, e.g. one `[N, H, W, C]` float32; all arguments stay the caller's.
   * @returns Outputs; the caller owns them.
   */
  infer(
    unit: Unit,
    parameters: readonly Tensor[],
    statistics: readonly Tensor[],
    inputs: readonly Tensor[],
  ): Tensor[] {
    const all = [...inputs, ...parameters, ...statistics];
    const compiled = this.#compiledFor<CompiledFunction>(
      "infer",
      unit,
      all,
      () =>
        this.#kernels.inference(unit, inputs) ??
          this.#compiler.plain({ name: unit.name, inputs: specs(all) }, (tensors) => {
            const [front, ownParameters, ownStatistics] = split(
              tensors,
              inputs.length,
              unit.parameters.length,
            );
            return unit.infer(front, ownParameters, ownStatistics);
          }),
    );
    return compiled.call(all);
  }

  /**
   * The unit's tensors after one step: SGD on its parameters, the batch's moments into its running statistics.
   *
   * @param update Gradients and moments; they stay the caller's.
   * @param state The tensors before the step; they stay the state's.
   * @param learningRate A float32 scalar, `[]`.
   * @param gradientFactor A float32 scalar, `[]`, that the gradients are multiplied by (clipping).
   * @param settings What all updates share.
   * @returns The tensors after it, the caller's.
   */
  update(
    update: UnitUpdate,
    state: UnitState,
    learningRate: Tensor,
    gradientFactor: Tensor,
    settings: UpdateSettings,
  ): UnitState {
    const { unit, gradients, moments } = update;
    const [p, s] = [unit.parameters.length, state.statistics.length];
    const all = [
      ...state.parameters,
      ...state.slots,
      ...gradients,
      ...state.statistics,
      ...moments,
      learningRate,
      gradientFactor,
    ];
    const compiled = this.#compiledFor<CompiledFunction>(
      "update",
      unit,
      all,
      () =>
        this.#compiler.plain({ name: `${unit.name}.update`, inputs: specs(all) }, (tensors) => {
          const [parameters, slots, raw, running, batch, [rate, factor]] = split(tensors, p, p, p, s, s);
          const scaled = raw.map((gradient) => tf.mul(gradient, factor));
          const next = sgdUpdate(unit.parameters, { parameters, slots }, scaled, rate, settings);
          return [
            ...next.parameters,
            ...next.slots,
            ...updateStatistics(running, batch, settings.bnMomentum),
          ];
        }),
    );
    const [parameters, slots, statistics] = split(compiled.call(all), p, p);
    return { parameters, slots, statistics };
  }

  /** The squared L2 norm of a unit's gradients taken as one vector. */
  squaredNorm({ unit, gradients }: UnitUpdate): number {
    const compiled = this.#compiledFor<CompiledFunction>("norm", unit, gradients, () =>
      this.#compiler.plain(
        { name: `${unit.name}.norm`, inputs: specs(gradients) },
        (tensors) => [squaredNorm(tensors)],
      ));
    const [square] = compiled.call(gradients);
    const [value] = square.dataSync();
    square.dispose();
    return value;
  }

  /** Disposes all that was compiled. */
  [Symbol.dispose](): void {
    for (const compiled of this.#functions.values()) compiled[Symbol.dispose]();
    this.#functions.clear();
  }

  #batchNorm(purpose: string, unit: Unit): BatchNormTraining {
    return this.#batchNorms.of(`${purpose} ${unit.signature}`);
  }

  #compiledFor<T extends Compiled | CompiledFunction>(
    purpose: string,
    unit: Unit,
    inputs: readonly Tensor[],
    make: () => T,
  ): T {
    const key = `${purpose} ${unit.signature} ${inputs.map((input) => input.shape.join("x")).join(" ")}`;
    let compiled = this.#functions.get(key) as T | undefined;
    if (compiled === undefined) this.#functions.set(key, compiled = make());
    return compiled;
  }
}

/** Disposes what a pass of {@linkcode UnitRunner.train} holds, but for the moments, which go on into the unit's update. */
export function disposePass(pass: UnitPass): void {
  tf.dispose([...pass.outputs, ...pass.residuals]);
}

function specs(tensors: readonly Tensor[]): InputSpec[] {
  return tensors.map(({ shape, dtype }) => ({ shape, dtype: dtype as InputSpec["dtype"] }));
}

/** Cuts a list into parts of the given lengths and the rest. */
function split(tensors: readonly Tensor[], ...lengths: number[]): Tensor[][] {
  let start = 0;
  const parts = lengths.map((length) => tensors.slice(start, start += length));
  return [...parts, tensors.slice(start)];
}
