/**
 * TensorFlow's own list of operations, read for what building a graph needs: which inputs are lists.
 *
 * @module
 */
import { readFields } from "../base/protobuf.ts";
import type { TensorFlowLibrary } from "./tensorflow_library.ts";

/** Per input argument of an operation: the attribute that counts a list input, or null for a single one. */
export type InputArguments = readonly (string | null)[];

/** Reads every operation's input arguments (`OpList`; `OpDef.input_arg` = 2, `ArgDef.number_attr` = 5, `type_list_attr` = 6). */
export function readOpDefinitions(library: TensorFlowLibrary): ReadonlyMap<string, InputArguments> {
  const buffer = library.symbols.TF_GetAllOpList()!;
  try {
    const view = new Deno.UnsafePointerView(buffer); // TF_Buffer { const void* data; size_t length; … }
    const length = Number(view.getBigUint64(8));
    return parseOpList(new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(view.getPointer(0)!, length)));
  } finally {
    library.symbols.TF_DeleteBuffer(buffer);
  }
}

function parseOpList(opList: Uint8Array): Map<string, InputArguments> {
  const definitions = new Map<string, InputArguments>();
  for (const [number, op] of readFields(opList)) {
    if (number !== 1) continue;
    let name = "";
    const inputs: (string | null)[] = [];
    for (const [field, value] of readFields(op as Uint8Array)) {
      if (field === 1) name = text(value);
      if (field === 2) inputs.push(listAttribute(value as Uint8Array));
    }
    definitions.set(name, inputs);
  }
  return definitions;
}

function listAttribute(argument: Uint8Array): string | null {
  for (const [field, value] of readFields(argument)) if (field === 5 || field === 6) return text(value);
  return null;
}

function text(value: Uint8Array | number): string {
  return new TextDecoder().decode(value as Uint8Array);
}
