/**
 * Runs units as compiled functions: compiled at first use for the shapes at hand, kept for the next.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { BlockKernels, UnitLayers } from "../nn/block_kernels.ts";
import type { Compiled, CompiledFunction, Compiler, InputSpec } from "../nn/compiled.ts";
import { type SgdSettings, sgdUpdate, squaredNorm } from "../nn/sgd.ts";
import { updateStatistics } from "../nn/batch_norm.ts";
import type { MomentReducer } from "../nn/sync_batch_norm.ts";
import type { BatchNormTraining, Unit } from "../nn/unit.ts";
import type { UnitState } from "./network_state.ts";

/** One unit's forward pass in training, with what its backward pass needs. */
export interface UnitPass {
  /** Whose pass it is. */
  readonly unit: Unit;
  /** The unit's outputs. */
  readonly outputs: readonly Tensor[];
  /** The batch's mean0, variance0, mean1, … */
  readonly moments: readonly Tensor[];
  /** What the backward pass needs, opaque. */
  readonly residuals: readonly Tensor[];
  /** What ran, and runs backward. */
  readonly compiled: Compiled;
}

/** Gradients of one unit; the caller owns them. */
export interface UnitGradients {
  /** Of the inputs that take one. */
  readonly inputs: readonly Tensor[];
  /** In the order of the unit's parameters. */
  readonly parameters: readonly Tensor[];
}

/** What changes a unit after a step. */
export interface UnitUpdate {
  /** Which unit changes. */
  readonly unit: Unit;
  /** In the order of its parameters; float32 of their shapes. */
  readonly gradients: readonly Tensor[];
  /** The batch's mean0, variance0, mean1, …, `[C]` each. */
  readonly moments: readonly Tensor[];
}

/** What all of a training's updates share. */
export interface UpdateSettings extends SgdSettings {
  /** Share of the newest batch in the running statistics. */
  readonly bnMomentum: number;
}

/** Batch norm that talks to other workers, and so needs to know the function that it is in. */
export interface BatchNormMaker {
  /**
   * Batch norm for one making of a function.
   *
   * @param functionName The same on every worker, whatever the shapes of its images.
   */
  of(functionName: string): BatchNormTraining;
  /**
   * How kernels that run a whole unit exchange its moments: null if there is no one to exchange them with; undefined if
   * the batch norm is not theirs.
   */
  reducerOf?(functionName: string): MomentReducer | null;
}

/** Compiles and runs units on one device. */
export class UnitRunner implements Disposable {
  readonly #compiler: Compiler;
  readonly #batchNorms: BatchNormMaker;
  readonly #kernels: BlockKernels | null;
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
    this.#kernels = kernels;
  }

  /**
   * Forward pass in training.
   *
   * @param inputs The unit's inputs; they stay the caller's and must live until {@linkcode UnitRunner.backward}.
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
        this.#fusedTraining(unit, inputs, gradientInputs) ??
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

  /** Backward pass: from the outputs' gradients to those of inputs and parameters. */
  backward(pass: UnitPass, outputGradients: readonly Tensor[]): UnitGradients {
    const gradients = pass.compiled.backward(outputGradients, pass.residuals);
    const inputCount = gradients.length - pass.unit.parameters.length;
    return { inputs: gradients.slice(0, inputCount), parameters: gradients.slice(inputCount) };
  }

  /**
   * Forward pass normalised by the batch's statistics, without a gradient: what recalibration runs.
   *
   * @returns Outputs and moments; the caller owns them.
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
        this.#fusedNormalising(unit, inputs) ??
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
   * Forward pass in inference.
   *
   * @param statistics The batch norms' mean0, variance0, mean1, …
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
        this.#fusedInference(unit, inputs) ??
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
   * @param learningRate A scalar.
   * @param gradientFactor A scalar that the gradients are multiplied by (clipping).
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

  /** The unit in training as kernels run it whole; null if they can't, or can't normalise as they should. */
  #fusedTraining(unit: Unit, inputs: readonly Tensor[], gradientInputs: number): Compiled | null {
    const name = `train ${unit.signature}`;
    const alone = this.#batchNorms.reducerOf?.(name);
    const layers = this.#supportedLayers(unit);
    if (layers === null || alone === undefined) return null;
    if (gradientInputs !== (unit.block?.ofImages ? 0 : inputs.length)) return null;
    return this.#kernels!.training(
      layers,
      inputs.map(({ shape }) => shape),
      alone && ((pass) => this.#batchNorms.reducerOf!(`${name} ${pass}`)!),
    );
  }

  #fusedNormalising(unit: Unit, inputs: readonly Tensor[]): CompiledFunction | null {
    const name = `batch ${unit.signature}`;
    const alone = this.#batchNorms.reducerOf?.(name);
    const layers = this.#supportedLayers(unit);
    if (layers === null || alone === undefined) return null;
    return this.#kernels!.normalisedByBatch(
      layers,
      inputs.map(({ shape }) => shape),
      alone && (() => this.#batchNorms.reducerOf!(name)!),
    );
  }

  #fusedInference(unit: Unit, inputs: readonly Tensor[]): CompiledFunction | null {
    const layers = this.#supportedLayers(unit);
    return layers && this.#kernels!.inference(layers, inputs.map(({ shape }) => shape));
  }

  #supportedLayers({ block, maps }: Unit): UnitLayers | null {
    const layers = block ?? maps;
    return layers && this.#kernels?.supports(layers) ? layers : null;
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

/** Disposes what a pass holds, but for the moments, which go on into the unit's update. */
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
