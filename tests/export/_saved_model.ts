/**
 * TensorFlow's own loader of SavedModels (tensorflow/c/c_api.h), over FFI: what tests run an export with.
 *
 * @module
 */
import { readFields } from "../../lib/base/protobuf.ts";
import { findLibrary } from "../../lib/engine/library.ts";
import { cString } from "../../lib/engine/tensorflow_library.ts";

const symbols = {
  TF_NewStatus: { parameters: [], result: "pointer" },
  TF_DeleteStatus: { parameters: ["pointer"], result: "void" },
  TF_GetCode: { parameters: ["pointer"], result: "i32" },
  TF_Message: { parameters: ["pointer"], result: "pointer" },
  TF_NewGraph: { parameters: [], result: "pointer" },
  TF_DeleteGraph: { parameters: ["pointer"], result: "void" },
  TF_GraphOperationByName: { parameters: ["pointer", "buffer"], result: "pointer" },
  TF_NewSessionOptions: { parameters: [], result: "pointer" },
  TF_DeleteSessionOptions: { parameters: ["pointer"], result: "void" },
  TF_NewBuffer: { parameters: [], result: "pointer" },
  TF_DeleteBuffer: { parameters: ["pointer"], result: "void" },
  TF_LoadSessionFromSavedModel: {
    parameters: [
      "pointer", // const TF_SessionOptions*
      "pointer", // const TF_Buffer* run_options
      "buffer", // const char* export_dir
      "buffer", // const char* const* tags
      "i32", // int tags_len
      "pointer", // TF_Graph*
      "pointer", // TF_Buffer* meta_graph_def
      "pointer", // TF_Status*
    ],
    result: "pointer",
  },
  TF_SessionRun: {
    parameters: [
      "pointer", // TF_Session*
      "pointer", // const TF_Buffer* run_options
      "buffer", // const TF_Output* inputs
      "buffer", // TF_Tensor* const* input_values
      "i32", // int ninputs
      "buffer", // const TF_Output* outputs
      "buffer", // TF_Tensor** output_values
      "i32", // int noutputs
      "pointer", // const TF_Operation* const* target_opers
      "i32", // int ntargets
      "pointer", // TF_Buffer* run_metadata
      "pointer", // TF_Status*
    ],
    result: "void",
  },
  TF_CloseSession: { parameters: ["pointer", "pointer"], result: "void" },
  TF_DeleteSession: { parameters: ["pointer", "pointer"], result: "void" },
  TF_AllocateTensor: { parameters: ["i32", "buffer", "i32", "usize"], result: "pointer" },
  TF_DeleteTensor: { parameters: ["pointer"], result: "void" },
  TF_TensorData: { parameters: ["pointer"], result: "pointer" },
  TF_TensorByteSize: { parameters: ["pointer"], result: "usize" },
  TF_TensorType: { parameters: ["pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type TensorFlow = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** Float32 in. */
export interface ModelInput {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** A SavedModel that is loaded. */
export interface LoadedModel extends Disposable {
  /**
   * Runs its signature once.
   *
   * @param inputs By the signature's names.
   * @returns All outputs, by the signature's names.
   */
  run(inputs: Readonly<Record<string, ModelInput>>): Record<string, Float32Array | Int32Array>;
}

/** Loads a SavedModel and runs it once, see {@linkcode openSavedModel}. */
export async function runSavedModel(
  folder: string,
  inputs: Readonly<Record<string, ModelInput>>,
): Promise<Record<string, Float32Array | Int32Array>> {
  using model = await openSavedModel(folder);
  return model.run(inputs);
}

/**
 * Loads a SavedModel by the tag `serve`, with its signature `serving_default`.
 *
 * @param folder Where `saved_model.pb` lies.
 */
export async function openSavedModel(folder: string): Promise<LoadedModel> {
  const library = await findLibrary();
  if (library === null) throw new Error("libtensorflow is not there");
  const loaded = Deno.dlopen(library.path, symbols);
  const tensorFlow = loaded.symbols;
  const status = tensorFlow.TF_NewStatus();
  const graph = tensorFlow.TF_NewGraph();
  const check = (): void => {
    if (tensorFlow.TF_GetCode(status) === 0) return;
    throw new Error(Deno.UnsafePointerView.getCString(tensorFlow.TF_Message(status)!));
  };
  const { session, signature } = loadSession(tensorFlow, folder, graph, status, check);
  const nodes = (ports: ReadonlyMap<string, string>, names: readonly string[]): BigUint64Array<ArrayBuffer> =>
    BigUint64Array.from(names.flatMap((name) => {
      const node = tensorFlow.TF_GraphOperationByName(graph, cString(ports.get(name)!.replace(/:0$/, "")));
      return [Deno.UnsafePointer.value(node), 0n]; // the operation and its first output
    }));
  const outputNames = [...signature.outputs.keys()];
  return {
    run(inputs): Record<string, Float32Array | Int32Array> {
      const values = Object.values(inputs).map((input) => newTensor(tensorFlow, input));
      const found = new BigUint64Array(outputNames.length);
      tensorFlow.TF_SessionRun(
        session,
        null,
        nodes(signature.inputs, Object.keys(inputs)),
        BigUint64Array.from(values, Deno.UnsafePointer.value),
        values.length,
        nodes(signature.outputs, outputNames),
        found,
        found.length,
        null,
        0,
        null,
        status,
      );
      for (const value of values) tensorFlow.TF_DeleteTensor(value);
      check();
      const results = Array.from(
        found,
        (address) => takeTensor(tensorFlow, Deno.UnsafePointer.create(address)),
      );
      return Object.fromEntries(outputNames.map((name, i) => [name, results[i]]));
    },
    [Symbol.dispose](): void {
      tensorFlow.TF_CloseSession(session, status);
      tensorFlow.TF_DeleteSession(session, status);
      tensorFlow.TF_DeleteGraph(graph);
      tensorFlow.TF_DeleteStatus(status);
      loaded.close();
    },
  };
}

/** A session of a SavedModel, whose nodes come into the graph. */
function loadSession(
  tensorFlow: TensorFlow,
  folder: string,
  graph: Deno.PointerValue,
  status: Deno.PointerValue,
  check: () => void,
): { session: Deno.PointerValue; signature: Record<"inputs" | "outputs", Map<string, string>> } {
  const options = tensorFlow.TF_NewSessionOptions();
  const meta = tensorFlow.TF_NewBuffer();
  const tag = cString("serve");
  const tags = BigUint64Array.of(Deno.UnsafePointer.value(Deno.UnsafePointer.of(tag)));
  try {
    const session = tensorFlow.TF_LoadSessionFromSavedModel(
      options,
      null,
      cString(folder),
      tags,
      1,
      graph,
      meta,
      status,
    );
    check();
    return { session, signature: readSignature(meta) };
  } finally {
    tensorFlow.TF_DeleteBuffer(meta);
    tensorFlow.TF_DeleteSessionOptions(options);
  }
}

/** Tensors' names by the signature's, of the `MetaGraphDef` that TensorFlow has read. */
function readSignature(buffer: Deno.PointerValue): Record<"inputs" | "outputs", Map<string, string>> {
  const view = new Deno.UnsafePointerView(buffer!); // TF_Buffer { const void* data; size_t length; … }
  const bytes = new Uint8Array(
    Deno.UnsafePointerView.getArrayBuffer(view.getPointer(0)!, Number(view.getBigUint64(8))),
  );
  const entries = (message: Uint8Array, number: number): [string, Uint8Array][] =>
    fields(message, number).map((entry) => [text(fields(entry, 1)[0]), fields(entry, 2)[0]]);
  const signature = new Map(entries(bytes, 5)).get("serving_default")!;
  const ports = (number: number): Map<string, string> =>
    new Map(entries(signature, number).map(([name, info]) => [name, text(fields(info, 1)[0])]));
  return { inputs: ports(1), outputs: ports(2) };
}

function fields(message: Uint8Array, number: number): Uint8Array[] {
  return [...readFields(message)].filter((field) => field[0] === number).map(([, value]) =>
    value as Uint8Array
  );
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function newTensor(tensorFlow: TensorFlow, { values, shape }: ModelInput): Deno.PointerValue {
  const dims = BigInt64Array.from(shape, BigInt);
  const tensor = tensorFlow.TF_AllocateTensor(1, dims, shape.length, BigInt(values.byteLength));
  const data = tensorFlow.TF_TensorData(tensor)!;
  new Float32Array(Deno.UnsafePointerView.getArrayBuffer(data, values.byteLength)).set(values);
  return tensor;
}

/** A tensor's values; the tensor is deleted. */
function takeTensor(tensorFlow: TensorFlow, tensor: Deno.PointerValue): Float32Array | Int32Array {
  const length = Number(tensorFlow.TF_TensorByteSize(tensor));
  const data = tensorFlow.TF_TensorData(tensor);
  const bytes = length === 0 || data === null
    ? new ArrayBuffer(0)
    : Deno.UnsafePointerView.getArrayBuffer(data, length).slice(0);
  const values = tensorFlow.TF_TensorType(tensor) === 1 ? new Float32Array(bytes) : new Int32Array(bytes);
  tensorFlow.TF_DeleteTensor(tensor);
  return values;
}
