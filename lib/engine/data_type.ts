/**
 * TensorFlow's data types (tensorflow/c/tf_datatype.h) and the typed arrays that hold them.
 *
 * @module
 */

/** The data types that cross the border, by TensorFlow's numbers. */
export const DataType = {
  float32: 1,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  resource: 20,
} as const;

/** Bytes of one element; strings and resources have no fixed size and are handled apart. */
const elementBytes: Readonly<Record<number, number>> = {
  [DataType.float32]: 4,
  [DataType.int32]: 4,
  [DataType.uint8]: 1,
  [DataType.complex64]: 8,
  [DataType.int64]: 8,
  [DataType.bool]: 1,
};

/**
 * Bytes of one element.
 *
 * @throws {TypeError} If the type has no fixed size or is not supported.
 */
export function bytesPerElement(dataType: number): number {
  const bytes = elementBytes[dataType];
  if (bytes === undefined) throw new TypeError(`Cannot size a tensor of TensorFlow data type ${dataType}`);
  return bytes;
}

/** Values as tfjs hands them over: typed arrays, or plain arrays for some constants. */
export type NumericValues = ArrayBufferView | readonly number[] | readonly boolean[];

/**
 * The bytes of values in a data type. int64 comes as pairs of int32 (low, high), complex64 as interleaved
 * float32, as in tfjs-node.
 *
 * @param values A typed array, or plain numbers.
 * @param dataType TensorFlow's number of the type.
 */
export function toBytes(values: NumericValues, dataType: number): Uint8Array {
  const typed = toTypedArray(values, dataType);
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

function toTypedArray(values: NumericValues, dataType: number): ArrayBufferView {
  switch (dataType) {
    case DataType.float32:
    case DataType.complex64:
      return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
    case DataType.int32:
      return values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>);
    case DataType.int64:
      return values instanceof Int32Array || values instanceof BigInt64Array
        ? values
        : BigInt64Array.from(values as readonly number[], BigInt);
    case DataType.bool:
    case DataType.uint8:
      return values instanceof Uint8Array ? values : Uint8Array.from(values as ArrayLike<number>);
    default:
      throw new TypeError(`Cannot store numbers as TensorFlow data type ${dataType}`);
  }
}

/** A typed array over copied bytes; what tfjs reads for the data type. */
export function fromBytes(
  bytes: ArrayBuffer,
  dataType: number,
): Float32Array | Int32Array | Uint8Array | BigInt64Array {
  switch (dataType) {
    case DataType.float32:
    case DataType.complex64:
      return new Float32Array(bytes);
    case DataType.int32:
      return new Int32Array(bytes);
    case DataType.int64:
      return new BigInt64Array(bytes);
    default:
      return new Uint8Array(bytes);
  }
}
