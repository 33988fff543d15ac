import { assertEquals, assertThrows } from "@std/assert";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../lib/train/safetensors.ts";

const oneOfEach: [string, StoredTensor][] = [
  ["a", { dtype: "BOOL", shape: [3], data: Uint8Array.of(0, 1, 1) }],
  ["b", { dtype: "U8", shape: [1, 1], data: Uint8Array.of(255) }],
  ["c", { dtype: "I8", shape: [2], data: Int8Array.of(-128, 127) }],
  ["d", { dtype: "I16", shape: [1], data: Int16Array.of(-2) }],
  ["e", { dtype: "I32", shape: [2, 1], data: Int32Array.of(-(2 ** 31), 5) }],
  ["f", { dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
  ["g", { dtype: "F32", shape: [], data: Float32Array.of(-0.5) }],
  ["h", { dtype: "F64", shape: [0, 7], data: new Float64Array(0) }],
  ["é/ü", { dtype: "F64", shape: [2], data: Float64Array.of(Math.PI, -Infinity) }],
];

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A file with this header and so many bytes of data. */
function file(header: unknown, bodyBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + bodyBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function messageOf(header: unknown, bodyBytes: number): string {
  return assertThrows(() => decodeSafetensors(file(header, bodyBytes), "w.safetensors"), SyntaxError).message;
}

Deno.test("decodeSafetensors() inverts encodeSafetensors() for every dtype and for empty and scalar tensors", () => {
  const bytes = joined(encodeSafetensors(new Map(oneOfEach), { epoch: "3" }));
  const { tensors, metadata } = decodeSafetensors(bytes, "w.safetensors");
  assertEquals(new Map([...tensors].sort(([a], [b]) => a < b ? -1 : 1)), new Map(oneOfEach));
  assertEquals(metadata, { epoch: "3" });
});

Deno.test("decodeSafetensors() reads bytes at an odd address", () => {
  const bytes = joined(encodeSafetensors(new Map(oneOfEach)));
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const { tensors } = decodeSafetensors(shifted.subarray(1), "w.safetensors");
  assertEquals(tensors.get("é/ü"), oneOfEach[8][1]);
});

Deno.test("encodeSafetensors() gives the same bytes whatever the tensors' order", () => {
  const reversed = new Map([...oneOfEach].reverse());
  assertEquals(joined(encodeSafetensors(reversed)), joined(encodeSafetensors(new Map(oneOfEach))));
});

Deno.test("encodeSafetensors() lays out a known file byte by byte", () => {
  const data = Float32Array.of(1);
  const header = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  const bytes = joined(encodeSafetensors(new Map([["x", { dtype: "F32", shape: [1], data }]])));
  assertEquals(new TextDecoder().decode(bytes.subarray(8, 8 + header.length)), header);
  assertEquals([...bytes.subarray(0, 8)], [56, 0, 0, 0, 0, 0, 0, 0]); // 54 characters padded to 56
  assertEquals([...bytes.subarray(8 + header.length)], [0x20, 0x20, 0, 0, 0x80, 0x3f]);
});

Deno.test("encodeSafetensors() writes a view's own elements only", () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  const bytes = joined(encodeSafetensors(new Map([["x", { dtype: "F32", shape: [2], data }]])));
  assertEquals(decodeSafetensors(bytes, "w").tensors.get("x")?.data, Float32Array.of(2, 3));
});

Deno.test("encodeSafetensors() refuses a shape that doesn't fit the data, and the reserved name", () => {
  const tensor: StoredTensor = { dtype: "F32", shape: [2, 2], data: new Float32Array(3) };
  const shapeError = 'Cannot store tensor "x": shape [2,2] and 3 elements do not agree';
  assertThrows(() => encodeSafetensors(new Map([["x", tensor]])), RangeError, shapeError);
  assertThrows(
    () => encodeSafetensors(new Map([["__metadata__", tensor]])),
    RangeError,
    "the name is reserved",
  );
});

Deno.test("decodeSafetensors() names file and tensor of each fault", () => {
  const x = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  const cases: [unknown, number, string][] = [
    ["{", 0, "Cannot read w.safetensors: its header is no JSON"],
    ["[]", 0, "Cannot read w.safetensors: its header is no JSON object"],
    [{ __metadata__: { a: 1 } }, 0, "Cannot read w.safetensors: __metadata__ must be an object of texts"],
    [{ x: 3 }, 0, 'Cannot read w.safetensors, tensor "x": it is 3, wanted an object'],
    [
      { x: { ...x, dtype: "F8" } },
      8,
      'Cannot read w.safetensors, tensor "x": dtype is "F8", wanted one of F64, F32,',
    ],
    [{ x: { ...x, dtype: "toString" } }, 8, 'tensor "x": dtype is "toString", wanted one of'],
    [{ x: { ...x, shape: [-2] } }, 8, 'tensor "x": shape is [-2], wanted whole numbers >= 0'],
    [{ x: { ...x, data_offsets: [0] } }, 8, 'tensor "x": data_offsets is [0], wanted [start, end]'],
    [{ x: { ...x, data_offsets: [0, 4] } }, 8, 'tensor "x": it spans 4 bytes, wanted 8 for F32 [2]'],
    [{ x }, 4, 'tensor "x": it ends at byte 8 of the data, which has 4'],
    [{ x }, 9, "w.safetensors: its tensors end at byte 8 of the data, which has 9"],
    [{ x: { ...x, data_offsets: [4, 12] } }, 12, 'tensor "x": it starts at byte 4 of the data, wanted 0'],
    [{ x, y: { ...x, data_offsets: [4, 12] } }, 12, 'tensor "y": it starts at byte 4 of the data, wanted 8'],
    [
      { x, y: { ...x, data_offsets: [12, 20] } },
      20,
      'tensor "y": it starts at byte 12 of the data, wanted 8',
    ],
  ];
  for (const [header, bodyBytes, message] of cases) {
    assertEquals(
      messageOf(header, bodyBytes).includes(message),
      true,
      `${messageOf(header, bodyBytes)} / ${message}`,
    );
  }
});

Deno.test("decodeSafetensors() refuses a file shorter than its header says, at every length", () => {
  const bytes = joined(encodeSafetensors(new Map(oneOfEach)));
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(
      () => decodeSafetensors(bytes.subarray(0, length), "w.safetensors"),
      SyntaxError,
      "w.safetensors",
    );
  }
});

Deno.test("decodeSafetensors() refuses a header length past the limit without reading it", () => {
  const bytes = new Uint8Array(16).fill(255);
  assertThrows(() => decodeSafetensors(bytes, "w"), SyntaxError, "wanted <= 100000000");
});
