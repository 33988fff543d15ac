/**
 * Reads and writes safetensors, the weights' format on disk (layout as in huggingface/safetensors' README): the
 * header's length in 8 bytes little-endian, a JSON header, then the tensors' bytes without gaps. Readers trust
 * nothing: a file from elsewhere, or a damaged one, ends in an error that names file and tensor.
 *
 * @module
 */

/** How the elements of each dtype lie in memory. */
export interface TypedArrays {
  /** 8-byte floats. */
  F64: Float64Array;
  /** 4-byte floats. */
  F32: Float32Array;
  /** 8-byte signed integers. */
  I64: BigInt64Array;
  /** 4-byte signed integers. */
  I32: Int32Array;
  /** 2-byte signed integers. */
  I16: Int16Array;
  /** 1-byte signed integers. */
  I8: Int8Array;
  /** 1-byte unsigned integers. */
  U8: Uint8Array;
  /** One byte each, 0 or 1. */
  BOOL: Uint8Array;
}

/** The format's name of an element type. */
export type Dtype = keyof TypedArrays;

/** A tensor in memory: its elements row by row, as many as the product of its shape, `[]` of a scalar. */
export type StoredTensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: TypedArrays[D] };
}[Dtype];

/** Tensors by name. */
export type TensorMap = ReadonlyMap<string, StoredTensor>;

/** What a file holds. */
export interface SafetensorsContent {
  /** The tensors; their data are views of the bytes that were read, where the alignment allows. */
  readonly tensors: Map<string, StoredTensor>;
  /** Free text by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the header, in bytes. */
const maxHeaderBytes = 100_000_000;

const elementBytes: Readonly<Record<Dtype, number>> = {
  F64: 8,
  F32: 4,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/**
 * Lays tensors out as a safetensors file (huggingface/safetensors): wide elements first and then by name, so that each lies at a multiple of its
 * element's size and the same tensors always give the same bytes.
 *
 * @param tensors Of any `[...]` shapes, their elements row by row.
 * @param metadata Free text by key.
 * @returns The file in parts, in order; the tensors' parts are views of their data, not copies.
 * @throws {RangeError} If a tensor's shape and number of elements differ, or its name is reserved.
 *
 * @example There and back
 * ```ts
 * import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "@detnas/detnas/train";
 *
 * const weight: StoredTensor = { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
 * const parts = encodeSafetensors(new Map([["linear.weight", weight]]), { made: "here" });
 * const file = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
 * const { tensors, metadata } = decodeSafetensors(file, "weights.safetensors");
 * console.log(tensors.get("linear.weight")?.data, metadata.made); // Float32Array(4) [ 1, 2, 3, 4 ] here
 * ```
 */
export function encodeSafetensors(
  tensors: TensorMap,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const ordered = [...tensors].sort(byWidthThenName);
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of ordered) {
    checkStorable(name, tensor);
    const { dtype, shape, data } = tensor;
    header[name] = { dtype, shape, data_offsets: [offset, offset += data.byteLength] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return [...headerParts(header), ...parts];
}

/**
 * Reads a safetensors file's bytes.
 *
 * @param bytes The whole file.
 * @param where The file's name, for messages.
 * @throws {SyntaxError} If the bytes are no valid safetensors file; names file and tensor.
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): SafetensorsContent {
  const { header, bodyStart } = readHeader(bytes, where);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isTextRecord(metadata)) throw unreadable(where, "__metadata__ must be an object of texts");
  const layouts = Object.entries(entries).map(([name, entry]) => readLayout(name, entry, where));
  checkContiguous(layouts, bytes.length - bodyStart, where);
  const tensors = new Map(layouts.map((layout) => [layout.name, tensorAt(layout, bytes, bodyStart)]));
  return { tensors, metadata };
}

function byWidthThenName([a, x]: [string, StoredTensor], [b, y]: [string, StoredTensor]): number {
  return elementBytes[y.dtype] - elementBytes[x.dtype] || (a < b ? -1 : 1);
}

function checkStorable(name: string, { shape, data }: StoredTensor): void {
  if (name === "__metadata__") {
    throw new RangeError('Cannot store tensor "__metadata__": the name is reserved');
  }
  if (elementCount(shape) === data.length) return;
  throw new RangeError(
    `Cannot store tensor "${name}": shape [${shape}] and ${data.length} elements do not agree`,
  );
}

function headerParts(header: Record<string, unknown>): [Uint8Array, Uint8Array] {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20); // spaces, so that the body is aligned
  padded.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return [length, padded];
}

function readHeader(
  bytes: Uint8Array,
  where: string,
): { header: Record<string, unknown>; bodyStart: number } {
  if (bytes.length < 8) throw unreadable(where, `it has ${bytes.length} bytes, wanted at least 8`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > maxHeaderBytes) {
    throw unreadable(where, `its header has ${length} bytes, wanted <= ${maxHeaderBytes}`);
  }
  if (8 + length > bytes.length) {
    throw unreadable(where, `its header ends at byte ${8 + length}, after the file's end at ${bytes.length}`);
  }
  return { header: parseHeader(bytes.subarray(8, 8 + length), where), bodyStart: 8 + length };
}

function parseHeader(bytes: Uint8Array, where: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isRecord(header)) return header;
  } catch (cause) {
    throw unreadable(where, "its header is no JSON", cause);
  }
  throw unreadable(where, "its header is no JSON object");
}

interface Layout {
  name: string;
  dtype: Dtype;
  shape: number[];
  start: number;
  end: number;
}

function readLayout(name: string, entry: unknown, where: string): Layout {
  const tensor = `${where}, tensor "${name}"`;
  if (!isRecord(entry)) throw unreadable(tensor, `it is ${JSON.stringify(entry)}, wanted an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) {
    throw unreadable(
      tensor,
      `dtype is ${JSON.stringify(dtype)}, wanted one of ${Object.keys(elementBytes).join(", ")}`,
    );
  }
  if (!isCounts(shape)) {
    throw unreadable(tensor, `shape is ${JSON.stringify(shape)}, wanted whole numbers >= 0`);
  }
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw unreadable(tensor, `data_offsets is ${JSON.stringify(offsets)}, wanted [start, end]`);
  }
  const [start, end] = offsets;
  const wantedBytes = elementCount(shape) * elementBytes[dtype];
  if (end - start !== wantedBytes) {
    throw unreadable(tensor, `it spans ${end - start} bytes, wanted ${wantedBytes} for ${dtype} [${shape}]`);
  }
  return { name, dtype, shape, start, end };
}

/** The tensors must fill the body: no holes, no overlaps, nothing after the last. */
function checkContiguous(layouts: readonly Layout[], bodyBytes: number, where: string): void {
  let expected = 0;
  for (const { name, start, end } of [...layouts].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== expected) {
      throw unreadable(
        `${where}, tensor "${name}"`,
        `it starts at byte ${start} of the data, wanted ${expected}`,
      );
    }
    if (end > bodyBytes) {
      throw unreadable(
        `${where}, tensor "${name}"`,
        `it ends at byte ${end} of the data, which has ${bodyBytes}`,
      );
    }
    expected = end;
  }
  if (expected !== bodyBytes) {
    throw unreadable(where, `its tensors end at byte ${expected} of the data, which has ${bodyBytes}`);
  }
}

function tensorAt({ dtype, shape, start, end }: Layout, bytes: Uint8Array, bodyStart: number): StoredTensor {
  const from = bytes.byteOffset + bodyStart + start;
  const isAligned = from % elementBytes[dtype] === 0;
  const buffer = isAligned ? bytes.buffer : bytes.slice(bodyStart + start, bodyStart + end).buffer;
  const [offset, count] = [isAligned ? from : 0, elementCount(shape)];
  switch (dtype) {
    case "F64":
      return { dtype, shape, data: new Float64Array(buffer, offset, count) };
    case "F32":
      return { dtype, shape, data: new Float32Array(buffer, offset, count) };
    case "I64":
      return { dtype, shape, data: new BigInt64Array(buffer, offset, count) };
    case "I32":
      return { dtype, shape, data: new Int32Array(buffer, offset, count) };
    case "I16":
      return { dtype, shape, data: new Int16Array(buffer, offset, count) };
    case "I8":
      return { dtype, shape, data: new Int8Array(buffer, offset, count) };
    case "U8":
    case "BOOL":
      return { dtype, shape, data: new Uint8Array(buffer, offset, count) };
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(elementBytes, value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

function unreadable(where: string, found: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`Cannot read ${where}: ${found}`, { cause });
}
