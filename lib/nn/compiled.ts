/**
 * The contract between models and the engine: a function of fixed shapes that runs as one operation forward
 * and one backward. Models are written as plain tfjs functions; who runs them chooses how.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** Shape and kind of one input of a compiled function. */
export interface InputSpec {
  /** Fixed: another shape is another function. */
  readonly shape: readonly number[];
  /** What its values are. */
  readonly dtype: "float32" | "int32" | "bool";
}

/**
 * A plain tfjs function over tensors of fixed shapes, those of its {@linkcode InputSpec}s; returns new tensors and disposes
 * nothing.
 */
export type TensorFunction = (inputs: Tensor[]) => Tensor[];

/** A function of fixed shapes without a gradient. */
export interface CompiledFunction extends Disposable {
  /**
   * Runs it. The caller owns the outputs; the inputs stay the caller's.
   *
   * @param inputs Of the shapes and dtypes that it was compiled for, its {@linkcode InputSpec}s.
   */
  call(inputs: readonly Tensor[]): Tensor[];
}

/** What {@linkcode Compiled.forward} returns; the caller owns all of it. */
export interface ForwardResult {
  /** The function's outputs, in its order and of its shapes; `[]` for a scalar, such as a loss. */
  readonly outputs: Tensor[];
  /** What the backward pass needs, opaque, of any shapes; pass it on to {@linkcode Compiled.backward} and dispose it. */
  readonly residuals: Tensor[];
}

/** A differentiable function of fixed shapes. */
export interface Compiled extends Disposable {
  /**
   * Runs the function forward. The inputs stay the caller's and must live until the backward pass has run.
   *
   * @param inputs Of the shapes and dtypes that it was compiled for, its {@linkcode InputSpec}s.
   */
  forward(inputs: readonly Tensor[]): ForwardResult;
  /**
   * Vector-Jacobian product. One gradient per differentiable output in, one gradient per differentiable input
   * out, in their orders. The caller owns the result; the arguments stay the caller's.
   *
   * @param outputGradients float32, of the outputs' shapes: as {@linkcode ForwardResult.outputs} without auxiliary ones.
   * @param residuals As {@linkcode ForwardResult.residuals}.
   * @returns float32, of the inputs' shapes: their {@linkcode InputSpec}s.
   */
  backward(outputGradients: readonly Tensor[], residuals: readonly Tensor[]): Tensor[];
}

/** What a differentiable function looks like from outside. */
export interface DifferentiableSpec {
  /** For error messages and profiles; need not be unique. */
  readonly name: string;
  /** The function's inputs, in its order. */
  readonly inputs: readonly InputSpec[];
  /** How many of the leading inputs get a gradient; default all. The others follow them. */
  readonly differentiableInputs?: number;
  /** How many outputs at the end take no gradient (batch moments); default none. */
  readonly auxiliaryOutputs?: number;
}

/** Makes compiled functions. The engine's traces into TensorFlow graphs; {@linkcode eagerCompiler} runs any backend. */
export interface Compiler {
  /**
   * Compiles a function with its gradient; the caller disposes what it gives.
   *
   * @param spec The inputs' shapes and dtypes, as {@linkcode InputSpec} says, and which of them take a gradient.
   * @param f Called once or at each run, so it must be pure.
   */
  differentiable(spec: DifferentiableSpec, f: TensorFunction): Compiled;
  /**
   * Compiles a function without a gradient; the caller disposes what it gives.
   *
   * @param spec The inputs' shapes and dtypes, as {@linkcode InputSpec} says.
   * @param f Called once or at each run, so it must be pure.
   */
  plain(
    spec: { readonly name: string; readonly inputs: readonly InputSpec[] },
    f: TensorFunction,
  ): CompiledFunction;
}

/** Runs functions op by op on tfjs's current backend: slower, same results; the tests' oracle. */
export const eagerCompiler: Compiler = {
  differentiable(spec: DifferentiableSpec, f: TensorFunction): Compiled {
    const differentiableInputs = spec.differentiableInputs ?? spec.inputs.length;
    return {
      forward(inputs: readonly Tensor[]): ForwardResult {
        return tf.tidy(() => ({
          outputs: detached(f([...inputs])),
          residuals: inputs.map((x) => x.clone()),
        }));
      },
      backward(outputGradients: readonly Tensor[], residuals: readonly Tensor[]): Tensor[] {
        const fixed = residuals.slice(differentiableInputs);
        const joint = (...xs: Tensor[]): Tensor =>
          sumOfProducts(f([...xs, ...fixed]).slice(0, outputGradients.length), outputGradients);
        return tf.tidy(() => tf.grads(joint)(residuals.slice(0, differentiableInputs)));
      },
      [Symbol.dispose](): void {},
    };
  },
  plain(_spec: { readonly name: string }, f: TensorFunction): CompiledFunction {
    return {
      call: (inputs: readonly Tensor[]): Tensor[] => tf.tidy(() => detached(f([...inputs]))),
      [Symbol.dispose](): void {},
    };
  },
};

/** An output that is an input must be a tensor of its own, or its disposal would take the caller's. */
function detached(outputs: Tensor[]): Tensor[] {
  return outputs.map((output) => output.clone());
}

/** The scalar whose gradient is the vector-Jacobian product: the sum over outputs of <output, gradient>. */
function sumOfProducts(outputs: readonly Tensor[], gradients: readonly Tensor[]): Tensor {
  return tf.addN(outputs.map((output, i) => tf.sum(tf.mul(output, gradients[i]))));
}
