/**
 * tfjs-node's native interface, supplied over FFI. Tensors are numbers here: an id stands for an eager handle, or,
 * while a function is traced, for a node of its graph.
 *
 * @module
 */
import type { TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.d.ts";
import { AttributeType, type OpAttribute } from "./attributes.ts";
import { DataType } from "./data_type.ts";
import type { EagerContext, HostValues } from "./eager_context.ts";
import { GraphTrace, type Node } from "./graph_trace.ts";
import { type InputArguments, readOpDefinitions } from "./op_definitions.ts";

/** An id with what it stands for, as tfjs-node's JavaScript takes it. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** `TFJSBinding` over an eager context. */
export class FfiBinding implements TFJSBinding {
  readonly TF_FLOAT = DataType.float32;
  readonly TF_INT32 = DataType.int32;
  readonly TF_INT64 = DataType.int64;
  readonly TF_BOOL = DataType.bool;
  readonly TF_COMPLEX64 = DataType.complex64;
  readonly TF_STRING = DataType.string;
  readonly TF_RESOURCE = DataType.resource;
  readonly TF_UINT8 = DataType.uint8;
  readonly TF_ATTR_STRING = AttributeType.string;
  readonly TF_ATTR_INT = AttributeType.int;
  readonly TF_ATTR_FLOAT = AttributeType.float;
  readonly TF_ATTR_BOOL = AttributeType.bool;
  readonly TF_ATTR_TYPE = AttributeType.type;
  readonly TF_ATTR_SHAPE = AttributeType.shape;
  readonly TF_ATTR_RESOURCE = AttributeType.resource;
  readonly TF_Version: string;
  readonly TensorMetadata: TFJSBinding["TensorMetadata"] = class {
    id = 0;
    shape: number[] = [];
    dtype = 0;
  };
  readonly TFEOpAttr: TFJSBinding["TFEOpAttr"] = class {
    name = "";
    type = 0;
    value: boolean | number | object | string | number[] = 0;
  };

  readonly #context: EagerContext;
  readonly #definitions: ReadonlyMap<string, InputArguments>;
  readonly #handles = new Map<number, Deno.PointerObject>();
  readonly #nodes = new Map<number, Node>();
  #trace: GraphTrace | null = null;
  #nextId = 1;

  constructor(context: EagerContext) {
    this.#context = context;
    this.#definitions = readOpDefinitions(context.library);
    this.TF_Version = context.library.version;
  }

  isUsingGpuDevice(): boolean {
    return this.#context.device.type === "GPU";
  }

  /** Native tensors alive: what a leak test compares. */
  getNumOfTensors(): number {
    return this.#handles.size;
  }

  createTensor(shape: number[], dtype: number, values: HostValues): number {
    return this.#add(this.#context.newHandle(shape, dtype, values));
  }

  deleteTensor(id: number): void {
    const handle = this.#handles.get(id);
    if (handle === undefined) return; // a traced tensor: its node goes with its graph
    this.#handles.delete(id);
    this.#context.deleteHandle(handle);
  }

  /** @throws {TypeError} In a trace, where no values exist yet. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array {
    if (this.#nodes.has(id)) {
      throw new TypeError("Cannot read a tensor's values while its function is traced");
    }
    // int64 arrives as BigInt64Array and strings as Uint8Array[], which tfjs-node reads though its types don't say so.
    return this.#context.read(this.#handle(id)) as Float32Array;
  }

  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputIds: number[],
    outputCount: number,
  ): TensorMetadata[] {
    if (this.#trace !== null) return this.#traceOp(this.#trace, name, attributes, inputIds, outputCount);
    const inputs = inputIds.map((id) => this.#handle(id));
    return this.#context.execute(name, attributes, inputs, outputCount).map((handle) => this.adopt(handle));
  }

  loadSavedModel(): number {
    throw new TypeError("Cannot load a SavedModel: this engine runs operations only");
  }

  deleteSavedModel(): void {
    throw new TypeError("Cannot delete a SavedModel: this engine runs operations only");
  }

  runSavedModel(): TensorMetadata[] {
    throw new TypeError("Cannot run a SavedModel: this engine runs operations only");
  }

  getNumOfSavedModels(): number {
    return 0;
  }

  /** The eager handle of an id, the binding's. */
  handleOf(id: number): Deno.PointerObject {
    return this.#handle(id);
  }

  /** An id for a handle, which is the binding's from then on. */
  adopt(handle: Deno.PointerObject): TensorMetadata {
    return {
      id: this.#add(handle),
      shape: this.#context.shape(handle),
      dtype: this.#context.dataType(handle),
    };
  }

  /** Opens a graph; operations are added to whichever graph {@linkcode FfiBinding.tracing} names. */
  newTrace(): GraphTrace {
    return new GraphTrace(this.#context, this.#definitions);
  }

  /** Sends the operations that follow into a graph (null: runs them), and returns where they went before. */
  tracing(trace: GraphTrace | null): GraphTrace | null {
    const before = this.#trace;
    this.#trace = trace;
    return before;
  }

  /** An id for a graph's node. */
  nodeTensor(node: Node): TensorMetadata {
    const id = this.#nextId++;
    this.#nodes.set(id, node);
    return { id, shape: [...node.shape], dtype: node.dataType };
  }

  /** The node of an id; an eager tensor becomes a constant of the graph. */
  node(trace: GraphTrace, id: number): Node {
    const node = this.#nodes.get(id);
    return node === undefined ? trace.constant(this.#handle(id)) : node;
  }

  /** Forgets the nodes of graphs that are done. */
  forgetNodes(): void {
    this.#nodes.clear();
  }

  #traceOp(
    trace: GraphTrace,
    name: string,
    attributes: readonly OpAttribute[],
    inputIds: readonly number[],
    outputCount: number,
  ): TensorMetadata[] {
    const inputs = inputIds.map((id) => trace.local(this.node(trace, id)));
    return trace.operation(name, attributes, inputs, outputCount).map((node) => this.nodeTensor(node));
  }

  #add(handle: Deno.PointerObject): number {
    const id = this.#nextId++;
    this.#handles.set(id, handle);
    return id;
  }

  #handle(id: number): Deno.PointerObject {
    const handle = this.#handles.get(id);
    if (handle === undefined) throw new ReferenceError(`Cannot use tensor ${id} as it was disposed`);
    return handle;
  }
}
