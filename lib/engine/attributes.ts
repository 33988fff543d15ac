/**
 * Operation attributes: set alike on eager operations and on graph nodes, which name their setters differently.
 *
 * @module
 */
import type { Symbols } from "./symbols.ts";
import { cString, type TensorFlowLibrary } from "./tensorflow_library.ts";

/** Kinds of attribute (`TF_AttrType`). */
export const AttributeType = {
  string: 0,
  int: 1,
  float: 2,
  bool: 3,
  type: 4,
  shape: 5,
  resource: 6,
} as const;

/** One attribute as tfjs-node's kernels write it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** Setters for one kind of operation, in C's argument order. */
export interface AttributeSetters {
  readonly string: Symbols["TF_SetAttrString"];
  readonly int: Symbols["TF_SetAttrInt"];
  readonly float: Symbols["TF_SetAttrFloat"];
  readonly bool: Symbols["TF_SetAttrBool"];
  readonly type: Symbols["TF_SetAttrType"];
  readonly shape: (op: Deno.PointerValue, name: BufferSource, dims: BufferSource, rank: number) => void;
  readonly intList: Symbols["TF_SetAttrIntList"];
  readonly floatList: Symbols["TF_SetAttrFloatList"];
  readonly typeList: Symbols["TF_SetAttrTypeList"];
}

/** Setters of eager operations (`TFE_Op`). */
export function eagerSetters(library: TensorFlowLibrary): AttributeSetters {
  const c = library.symbols;
  return {
    string: c.TFE_OpSetAttrString,
    int: c.TFE_OpSetAttrInt,
    float: c.TFE_OpSetAttrFloat,
    bool: c.TFE_OpSetAttrBool,
    type: c.TFE_OpSetAttrType,
    shape: (op, name, dims, rank) => c.TFE_OpSetAttrShape(op, name, dims, rank, library.status),
    intList: c.TFE_OpSetAttrIntList,
    floatList: c.TFE_OpSetAttrFloatList,
    typeList: c.TFE_OpSetAttrTypeList,
  };
}

/** Setters of graph nodes under construction (`TF_OperationDescription`). */
export function graphSetters(library: TensorFlowLibrary): AttributeSetters {
  const c = library.symbols;
  return {
    string: c.TF_SetAttrString,
    int: c.TF_SetAttrInt,
    float: c.TF_SetAttrFloat,
    bool: c.TF_SetAttrBool,
    type: c.TF_SetAttrType,
    shape: c.TF_SetAttrShape,
    intList: c.TF_SetAttrIntList,
    floatList: c.TF_SetAttrFloatList,
    typeList: c.TF_SetAttrTypeList,
  };
}

/**
 * Sets one attribute.
 *
 * @throws {TypeError} If its kind is not one that tfjs-node's kernels use.
 */
export function setAttribute(setters: AttributeSetters, op: Deno.PointerValue, attribute: OpAttribute): void {
  const name = attributeName(attribute.name);
  const { type, value } = attribute;
  switch (type) {
    case AttributeType.string: {
      const bytes = cString(value as string);
      return setters.string(op, name, bytes, BigInt(bytes.length - 1));
    }
    case AttributeType.int:
      if (!Array.isArray(value)) return setters.int(op, name, toInt64(value as number));
      return setters.intList(op, name, int64List(value), value.length);
    case AttributeType.float:
      if (!Array.isArray(value)) return setters.float(op, name, value as number);
      return setters.floatList(op, name, Float32Array.from(value), value.length);
    case AttributeType.bool:
      return setters.bool(op, name, value ? 1 : 0);
    case AttributeType.type:
      if (!Array.isArray(value)) return setters.type(op, name, value as number);
      return setters.typeList(op, name, Int32Array.from(value), value.length);
    case AttributeType.shape:
      return setters.shape(op, name, int64List(value as number[]), (value as number[]).length);
    default:
      throw new TypeError(`Cannot set attribute ${attribute.name}: its kind is ${type}, want 0 to 5`);
  }
}

function int64List(values: readonly number[]): BigInt64Array<ArrayBuffer> {
  return BigInt64Array.from(values, toInt64);
}

/** As Node's native interface, which tfjs-node's kernels lean on: a seed of 3.14 is 3. */
function toInt64(value: number): bigint {
  return BigInt(Math.trunc(value));
}

// TensorFlow keeps attribute names by pointer until the operation has run, so their bytes must not move or go.
const attributeNames = new Map<string, Uint8Array<ArrayBuffer>>();

function attributeName(name: string): Uint8Array<ArrayBuffer> {
  let bytes = attributeNames.get(name);
  if (bytes === undefined) attributeNames.set(name, bytes = cString(name));
  return bytes;
}
