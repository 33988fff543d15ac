/**
 * Compiled functions: a tfjs function traced into a TensorFlow graph, with its gradient traced by tfjs's own
 * autodiff into a second one. Each is one operation from then on.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type {
  Compiled,
  CompiledFunction,
  Compiler,
  DifferentiableSpec,
  ForwardResult,
  InputSpec,
  TensorFunction,
} from "../nn/compiled.ts";
import type { OpAttribute } from "./attributes.ts";
import type { TensorFlowBackend } from "./backend.ts";
import { DataType } from "./data_type.ts";
import type { EagerContext } from "./eager_context.ts";
import type { GraphTrace, Node } from "./graph_trace.ts";
import { cString } from "./tensorflow_library.ts";
import { differentiableByXla, type MakeFunction, plainByXla, type XlaFallback } from "./xla.ts";

/** What a differentiable function's two functions are called. */
interface PassNames {
  readonly forward: string;
  readonly backward: string;
}

/** What they give. */
interface TracedPasses {
  readonly outputCount: number;
  /** Outputs of the forward function after its own: they go into the backward one. */
  readonly savedCount: number;
  /** Which inputs go there too. */
  readonly keptInputs: readonly number[];
  readonly gradientCount: number;
}

/** Compiles into functions of TensorFlow's eager context. */
export class TensorFlowCompiler implements Compiler {
  readonly #context: EagerContext;
  readonly #backend: TensorFlowBackend;
  readonly #onXlaFallback: XlaFallback | null;
  #liveFunctions = 0;

  /**
   * Compiles nothing yet.
   *
   * @param onXlaFallback Compiles by XLA, and is told of what that can't compile, which TensorFlow's kernels run then;
   * null: they run everything. Functions that talk to other workers are never XLA's.
   */
  constructor(context: EagerContext, backend: TensorFlowBackend, onXlaFallback: XlaFallback | null = null) {
    this.#context = context;
    this.#backend = backend;
    this.#onXlaFallback = onXlaFallback;
  }

  /** Functions in the context that have not been disposed: what a leak test compares. */
  get liveFunctions(): number {
    return this.#liveFunctions;
  }

  /** @throws {RangeError} If a traced shape depends on values, or a constant is too large. */
  /**
   * As {@linkcode Compiler.plain}: one TensorFlow function, traced once.
   *
   * @throws {TypeError} If it uses an operation that TensorFlow lacks.
   * @throws {RangeError} If it holds a constant larger than {@linkcode MAX_CONSTANT_BYTES}, or a shape that depends on values.
   */
  plain(
    spec: { readonly name: string; readonly inputs: readonly InputSpec[] },
    f: TensorFunction,
  ): CompiledFunction {
    using trace = this.#backend.binding.newTrace();
    const name = this.#context.functionName(spec.name);
    const outputCount = this.#traced(() => {
      const inputs = this.#traceInto(trace, () => this.#placeholders(trace, spec.inputs));
      const outputs = this.#traceInto(trace, () => f(inputs));
      trace.toFunction(name, this.#nodes(trace, inputs), this.#nodes(trace, outputs));
      return outputs.length;
    });
    this.#liveFunctions++;
    const make: MakeFunction<CompiledFunction> = (attributes) => ({
      call: (inputs: readonly Tensor[]): Tensor[] => this.#run(name, attributes, inputs, outputCount),
      [Symbol.dispose]: (): void => this.#remove(name),
    });
    return this.#isXlas(trace) ? plainByXla(spec, make, this.#onXlaFallback!) : make([]);
  }

  /** @throws {RangeError} If a traced shape depends on values, or a constant is too large. */
  /**
   * As {@linkcode Compiler.differentiable}: two TensorFlow functions, forward and backward, traced once.
   *
   * @throws {TypeError} If it uses an operation that TensorFlow lacks.
   * @throws {RangeError} If it holds a constant larger than {@linkcode MAX_CONSTANT_BYTES}, or a shape that depends on values.
   */
  differentiable(spec: DifferentiableSpec, f: TensorFunction): Compiled {
    using forward = this.#backend.binding.newTrace();
    using backward = this.#backend.binding.newTrace();
    const names = {
      forward: this.#context.functionName(`${spec.name}_forward`),
      backward: this.#context.functionName(`${spec.name}_backward`),
    };
    const traced = this.#traced(() => this.#traceBoth(spec, f, forward, backward, names));
    this.#liveFunctions += 2;
    const make: MakeFunction<Compiled> = (attributes) => this.#compiled(names, traced, attributes);
    return this.#isXlas(forward) && this.#isXlas(backward)
      ? differentiableByXla(spec, make, this.#onXlaFallback!)
      : make([]);
  }

  #compiled(names: PassNames, traced: TracedPasses, attributes: readonly OpAttribute[]): Compiled {
    return {
      forward: (inputs: readonly Tensor[]): ForwardResult => {
        const all = this.#run(names.forward, attributes, inputs, traced.outputCount + traced.savedCount);
        const kept = traced.keptInputs.map((i) => inputs[i].clone());
        return {
          outputs: all.slice(0, traced.outputCount),
          residuals: [...all.slice(traced.outputCount), ...kept],
        };
      },
      backward: (outputGradients: readonly Tensor[], residuals: readonly Tensor[]): Tensor[] =>
        this.#run(names.backward, attributes, [...outputGradients, ...residuals], traced.gradientCount),
      [Symbol.dispose]: (): void => {
        this.#remove(names.forward);
        this.#remove(names.backward);
      },
    };
  }

  /** Whether a traced function goes to XLA: without the order of a trace, collectives would wait for ever. */
  #isXlas(trace: GraphTrace): boolean {
    return this.#onXlaFallback !== null && !trace.hasCollectives;
  }

  /**
   * Traces the function and then, inside the gradient of a node that joins its outputs, the backward pass: from
   * there on tfjs's tape adds to the second graph, and what it uses of the first one becomes the residuals.
   */
  #traceBoth(
    spec: DifferentiableSpec,
    f: TensorFunction,
    forward: GraphTrace,
    backward: GraphTrace,
    names: PassNames,
  ): TracedPasses {
    const { binding } = this.#backend;
    const differentiableInputs = spec.differentiableInputs ?? spec.inputs.length;
    const inputs = this.#placeholders(forward, spec.inputs);
    const fixed = inputs.slice(differentiableInputs);
    let outputs: Node[] = [];
    let outputGradients: Node[] = [];

    const joint = tf.customGrad((...joined: (Tensor | tf.GradSaveFunc)[]) => ({
      value: tf.scalar(0), // its value is never used: only the tape's way through it
      gradFunc: (): Tensor[] => {
        binding.tracing(backward);
        const gradients = (joined.slice(0, -1) as Tensor[]).map((output) =>
          this.#placeholder(backward, { shape: output.shape, dtype: "float32" })
        );
        outputGradients = this.#nodes(backward, gradients);
        return gradients;
      },
    }));
    const loss = (...xs: Tensor[]): Tensor => {
      const all = f([...xs, ...fixed]);
      outputs = this.#nodes(forward, all);
      return joint(...all.slice(0, all.length - (spec.auxiliaryOutputs ?? 0)));
    };
    const gradients = this.#traceInto(forward, () => tf.grads(loss)(inputs.slice(0, differentiableInputs)));

    const gradientNodes = this.#nodes(backward, gradients).map((node) => backward.local(node));
    const inputNodes = this.#nodes(forward, inputs);
    const saved = backward.captured.filter((node) => !inputNodes.includes(node));
    const keptInputs = inputNodes.flatMap((node, i) => backward.captured.includes(node) ? [i] : []);
    forward.toFunction(names.forward, inputNodes, [...outputs, ...saved]);
    const residuals = [...saved, ...keptInputs.map((i) => inputNodes[i])].map((node) => backward.local(node));
    backward.toFunction(names.backward, [...outputGradients, ...residuals], gradientNodes);
    return {
      outputCount: outputs.length,
      savedCount: saved.length,
      keptInputs,
      gradientCount: gradientNodes.length,
    };
  }

  /** Runs a trace and cleans up after it, whether it went well or not. */
  #traced<T>(body: () => T): T {
    const { binding } = this.#backend;
    tf.engine().startScope();
    try {
      return body();
    } finally {
      binding.tracing(null);
      binding.forgetNodes();
      tf.engine().endScope();
    }
  }

  #traceInto<T>(trace: GraphTrace, body: () => T): T {
    this.#backend.binding.tracing(trace);
    try {
      return body();
    } finally {
      this.#backend.binding.tracing(null);
    }
  }

  #placeholders(trace: GraphTrace, inputs: readonly InputSpec[]): Tensor[] {
    return inputs.map((input) => this.#placeholder(trace, input));
  }

  #placeholder(trace: GraphTrace, input: InputSpec): Tensor {
    const node = trace.placeholder(input.shape, DataType[input.dtype]);
    return this.#backend.createOutputTensor(this.#backend.binding.nodeTensor(node));
  }

  #nodes(trace: GraphTrace, tensors: readonly Tensor[]): Node[] {
    return this.#backend.getInputTensorIds(tensors).map((id) => this.#backend.binding.node(trace, id));
  }

  #run(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Tensor[],
    outputCount: number,
  ): Tensor[] {
    const ids = this.#backend.getInputTensorIds(inputs);
    return this.#backend.binding.executeOp(name, attributes, ids, outputCount)
      .map((metadata) => this.#backend.createOutputTensor(metadata));
  }

  #remove(name: string): void {
    const { library, pointer } = this.#context;
    library.symbols.TFE_ContextRemoveFunction(pointer, cString(name), library.status);
    library.check(`ContextRemoveFunction ${name}`);
    this.#liveFunctions--;
  }
}
