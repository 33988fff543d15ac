/**
 * Functions by XLA, TensorFlow's compiler: it makes few kernels of many operations. It lacks some operations, and
 * says so when a function first runs; so each is tried before it is used.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Compiled, CompiledFunction, Compiler, DifferentiableSpec, InputSpec } from "../nn/compiled.ts";
import { AttributeType, type OpAttribute } from "./attributes.ts";
import { TensorFlowError } from "./tensorflow_error.ts";

/** On a function's call: it is compiled as a whole, or fails. */
const mustCompile: OpAttribute = { name: "_XlaMustCompile", type: AttributeType.bool, value: true };

/** `TF_INVALID_ARGUMENT` and `TF_UNIMPLEMENTED`: what it says of operations that it lacks. */
const lackingCodes: readonly number[] = [3, 12];

/** Takes the name of a function that XLA can't compile, and why. */
export type XlaFallback = (name: string, reason: string) => void;

/** Makes a function that runs with these attributes; it is traced already. */
export type MakeFunction<T> = (attributes: readonly OpAttribute[]) => T;

/**
 * A differentiable function by XLA, or by TensorFlow's kernels where it lacks something. Both passes take the same way:
 * what one keeps for the other is in a form of its own.
 *
 * @throws {TensorFlowError} If it fails for another reason, such as want of memory.
 */
export function differentiableByXla(
  spec: DifferentiableSpec,
  make: MakeFunction<Compiled>,
  onFallback: XlaFallback,
): Compiled {
  const byXla = make([mustCompile]);
  const isCompiled = compiles(spec, byXla, onFallback, (inputs) => {
    const { outputs, residuals } = byXla.forward(inputs);
    byXla.backward(outputs.slice(0, outputs.length - (spec.auxiliaryOutputs ?? 0)), residuals);
  });
  return isCompiled ? byXla : make([]);
}

/** As {@linkcode differentiableByXla}, without a gradient. */
export function plainByXla(
  spec: { readonly name: string; readonly inputs: readonly InputSpec[] },
  make: MakeFunction<CompiledFunction>,
  onFallback: XlaFallback,
): CompiledFunction {
  const byXla = make([mustCompile]);
  return compiles(spec, byXla, onFallback, (inputs) => byXla.call(inputs)) ? byXla : make([]);
}

/**
 * Compiles a small function. Its exponential takes CUDA's libdevice on a GPU, which may be missing there.
 *
 * @param compilerOf Makes a compiler by XLA.
 * @param device For the message.
 * @throws {Error} If that fails: nothing can be compiled by XLA here.
 */
export function requireXla(compilerOf: (onFallback: XlaFallback) => Compiler, device: string): void {
  const refuse = (reason: string, options?: ErrorOptions): never => {
    const wanted = "--kernels auto does without";
    throw new Error(`Cannot compile by XLA on ${device}: ${reason}; ${wanted}`, options);
  };
  try {
    const spec = { name: "xla_trial", inputs: [{ shape: [1], dtype: "float32" as const }] };
    using _ = compilerOf((_, reason) => refuse(reason)).plain(spec, ([x]) => [tf.exp(x)]);
  } catch (cause) {
    if (!(cause instanceof TensorFlowError)) throw cause;
    refuse(xlaReason(cause), { cause });
  }
}

/** Whether a function runs, on zeros: it stays compiled for the calls to come. */
function compiles(
  { name, inputs }: { readonly name: string; readonly inputs: readonly InputSpec[] },
  byXla: Disposable,
  onFallback: XlaFallback,
  run: (inputs: Tensor[]) => void,
): boolean {
  try {
    tf.tidy(() => run(inputs.map(({ shape, dtype }) => tf.zeros([...shape], dtype))));
    return true;
  } catch (error) {
    if (error instanceof TensorFlowError && lackingCodes.includes(error.code)) {
      onFallback(name, xlaReason(error));
      return false;
    }
    byXla[Symbol.dispose]();
    throw error;
  }
}

/** What XLA says, without the names of nodes and functions and the hints for debugging. */
function xlaReason({ message }: TensorFlowError): string {
  const operation = message.match(/No registered '(\w+)' OpKernel for XLA/)?.[1];
  if (operation !== undefined) return `it has no ${operation}`;
  return message.replace(/^TensorFlow cannot run \S+: /, "").split("\n")[0];
}
