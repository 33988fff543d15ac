/**
 * A TensorFlow graph under construction: what `executeOp` adds nodes to while a function is traced.
 *
 * @module
 */
import { type AttributeSetters, graphSetters, type OpAttribute, setAttribute } from "./attributes.ts";
import { DataType } from "./data_type.ts";
import type { EagerContext } from "./eager_context.ts";
import type { InputArguments } from "./op_definitions.ts";
import { cString, type TensorFlowLibrary } from "./tensorflow_library.ts";

/** One output of one node. */
export interface Node {
  readonly trace: GraphTrace;
  readonly operation: Deno.PointerValue;
  readonly index: number;
  readonly shape: readonly number[];
  readonly dataType: number;
}

/**
 * The largest constant a traced function may hold. A larger one is a tensor that was baked in by accident (a
 * gradient's full-size ones, an input not passed as one): it would live as long as the function does.
 */
export const MAX_CONSTANT_BYTES = 65_536;

/** A graph that grows node by node and ends as a function of the context. */
export class GraphTrace implements Disposable {
  readonly #context: EagerContext;
  readonly #library: TensorFlowLibrary;
  readonly #definitions: ReadonlyMap<string, InputArguments>;
  readonly #graph: Deno.PointerValue;
  readonly #setters: AttributeSetters;
  readonly #constants = new Map<Deno.PointerValue, Node>();
  readonly #captures = new Map<Node, Node>();
  #nodeCount = 0;
  #lastCollective: Deno.PointerValue = null;

  constructor(context: EagerContext, definitions: ReadonlyMap<string, InputArguments>) {
    this.#context = context;
    this.#library = context.library;
    this.#definitions = definitions;
    this.#graph = context.library.symbols.TF_NewGraph();
    this.#setters = graphSetters(context.library);
  }

  /** Nodes of other graphs used here, in order of first use; each becomes an input of the function. */
  get captured(): readonly Node[] {
    return [...this.#captures.keys()];
  }

  /** Whether it talks to other workers. */
  get hasCollectives(): boolean {
    return this.#lastCollective !== null;
  }

  /** Adds an input of the function. */
  placeholder(shape: readonly number[], dataType: number): Node {
    const c = this.#library.symbols;
    const description = this.#newOperation("Placeholder");
    c.TF_SetAttrType(description, cString("dtype"), dataType);
    c.TF_SetAttrShape(description, cString("shape"), BigInt64Array.from(shape, BigInt), shape.length);
    return { trace: this, operation: this.#finish(description, "Placeholder"), index: 0, shape, dataType };
  }

  /** The node here for a node of any graph: itself, or the input it is captured as. */
  local(node: Node): Node {
    if (node.trace === this) return node;
    let inner = this.#captures.get(node);
    if (inner === undefined) this.#captures.set(node, inner = this.placeholder(node.shape, node.dataType));
    return inner;
  }

  /**
   * The node for an eager tensor's values, as a constant.
   *
   * @throws {RangeError} If it is larger than {@linkcode MAX_CONSTANT_BYTES}.
   */
  constant(handle: Deno.PointerObject): Node {
    let node = this.#constants.get(handle);
    if (node === undefined) this.#constants.set(handle, node = this.#newConstant(handle));
    return node;
  }

  /** Adds an operation. */
  operation(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Node[],
    outputCount: number,
  ): Node[] {
    const inputArguments = this.#definitions.get(name);
    if (inputArguments === undefined) {
      throw new TypeError(`Cannot trace ${name}: TensorFlow has no such operation`);
    }
    const description = this.#newOperation(name);
    this.#addInputs(description, inputArguments, attributes, inputs);
    for (const attribute of attributes) {
      // A list's length follows from the list.
      if (!inputArguments.includes(attribute.name)) setAttribute(this.#setters, description, attribute);
    }
    if (isCollective(name)) this.#addAfterLastCollective(description);
    const operation = this.#finish(description, name);
    if (isCollective(name)) this.#lastCollective = operation;
    return Array.from({ length: outputCount }, (_, index) => this.#output(name, operation, index));
  }

  /**
   * Closes the graph as a function of the context, callable by name. Captured nodes must be among the inputs.
   */
  toFunction(name: string, inputs: readonly Node[], outputs: readonly Node[]): void {
    const { symbols: c, status } = this.#library;
    // A function may not hand an input straight back.
    const ownOutputs = outputs.map((output) => inputs.includes(output) ? this.#identity(output) : output);
    const definition = c.TF_GraphToFunction(
      this.#graph,
      cString(name),
      0,
      -1,
      null,
      inputs.length,
      outputArray(inputs),
      ownOutputs.length,
      outputArray(ownOutputs),
      null,
      null,
      null,
      status,
    );
    this.#library.check(`GraphToFunction ${name}`);
    c.TFE_ContextAddFunction(this.#context.pointer, definition, status);
    c.TF_DeleteFunction(definition);
    this.#library.check(`ContextAddFunction ${name}`);
  }

  [Symbol.dispose](): void {
    this.#library.symbols.TF_DeleteGraph(this.#graph);
  }

  #newOperation(type: string): Deno.PointerValue {
    return this.#library.symbols.TF_NewOperation(
      this.#graph,
      cString(type),
      cString(`${type}_${this.#nodeCount++}`),
    );
  }

  #finish(description: Deno.PointerValue, name: string): Deno.PointerValue {
    const operation = this.#library.symbols.TF_FinishOperation(description, this.#library.status);
    this.#library.check(name);
    return operation;
  }

  #addInputs(
    description: Deno.PointerValue,
    inputArguments: InputArguments,
    attributes: readonly OpAttribute[],
    inputs: readonly Node[],
  ): void {
    const c = this.#library.symbols;
    let next = 0;
    for (const countName of inputArguments) {
      if (countName === null) {
        c.TF_AddInput(description, outputStruct(inputs[next++]));
        continue;
      }
      const singles = inputArguments.length - 1;
      const count = listLength(attributes, countName) ?? inputs.length - singles;
      c.TF_AddInputList(description, outputArray(inputs.slice(next, next + count)), count);
      next += count;
    }
  }

  /** Collectives run one after the other, in the order of the trace: NCCL waits for ever if workers differ in theirs. */
  #addAfterLastCollective(description: Deno.PointerValue): void {
    if (this.#lastCollective === null) return;
    this.#library.symbols.TF_AddControlInput(description, this.#lastCollective);
  }

  #newConstant(handle: Deno.PointerObject): Node {
    const { symbols: c, status } = this.#library;
    const shape = this.#context.shape(handle);
    const dataType = this.#context.dataType(handle);
    const tensor = this.#context.resolve(handle);
    try {
      const byteLength = Number(c.TF_TensorByteSize(tensor));
      if (byteLength > MAX_CONSTANT_BYTES) {
        throw new RangeError(
          `Cannot trace a constant of shape [${shape}] as it takes ${byteLength} bytes, want at most ${MAX_CONSTANT_BYTES}: pass it as an input`,
        );
      }
      const description = this.#newOperation("Const");
      c.TF_SetAttrTensor(description, cString("value"), tensor, status);
      this.#library.check("Const");
      c.TF_SetAttrType(description, cString("dtype"), dataType);
      return { trace: this, operation: this.#finish(description, "Const"), index: 0, shape, dataType };
    } finally {
      c.TF_DeleteTensor(tensor);
    }
  }

  #identity(node: Node): Node {
    return this.operation("Identity", [{ name: "T", type: 4, value: node.dataType }], [node], 1)[0];
  }

  #output(name: string, operation: Deno.PointerValue, index: number): Node {
    const { symbols: c, status } = this.#library;
    const output = structBytes(operation, index);
    const dataType = c.TF_OperationOutputType(output);
    const rank = c.TF_GraphGetTensorNumDims(this.#graph, output, status);
    this.#library.check(name);
    const dims = new BigInt64Array(Math.max(rank, 1));
    if (rank > 0) c.TF_GraphGetTensorShape(this.#graph, output, dims, rank, status);
    this.#library.check(name);
    const shape = Array.from(dims.subarray(0, Math.max(rank, 0)), Number);
    const isOpaque = dataType === DataType.resource || isUnusedReserve(name, index);
    if ((rank < 0 || shape.includes(-1)) && !isOpaque) {
      throw new RangeError(`Cannot trace ${name} as its output's shape depends on values: got [${shape}]`);
    }
    return { trace: this, operation, index, shape, dataType };
  }
}

/** FusedBatchNormV3's third reserve has no static shape; on the CPU it is empty. */
function isUnusedReserve(name: string, index: number): boolean {
  return name === "FusedBatchNormV3" && index === 5;
}

function isCollective(name: string): boolean {
  return name.startsWith("Collective");
}

function listLength(attributes: readonly OpAttribute[], name: string): number | undefined {
  const value = attributes.find((attribute) => attribute.name === name)?.value;
  return Array.isArray(value) ? value.length : value as number | undefined;
}

/** A `TF_Output` by value. */
function structBytes(operation: Deno.PointerValue, index: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, Deno.UnsafePointer.value(operation), true);
  view.setInt32(8, index, true);
  return bytes;
}

function outputStruct(node: Node): Uint8Array<ArrayBuffer> {
  return structBytes(node.operation, node.index);
}

/** A C array of `TF_Output`. */
function outputArray(nodes: readonly Node[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16 * Math.max(1, nodes.length));
  nodes.forEach((node, i) => bytes.set(outputStruct(node), 16 * i));
  return bytes;
}
