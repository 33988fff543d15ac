import { assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { AttributeType } from "../../lib/engine/attributes.ts";
import type { TensorMetadata } from "../../lib/engine/binding.ts";
import { DataType } from "../../lib/engine/data_type.ts";
import type { HostValues } from "../../lib/engine/eager_context.ts";
import { binding, useEngine } from "../helpers/engine.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";

const engine = await useEngine();

/** Sends values through TensorFlow and back, by way of an operation, and gives everything back. */
function roundTrip(
  shape: number[],
  dtype: number,
  values: HostValues,
): { metadata: TensorMetadata; back: unknown } {
  const id = binding().createTensor(shape, dtype, values);
  const [metadata] = binding().executeOp("Identity", [typeAttribute("T", dtype)], [id], 1);
  const back = binding().tensorDataSync(metadata.id);
  binding().deleteTensor(id);
  binding().deleteTensor(metadata.id);
  return { metadata, back };
}

function typeAttribute(name: string, value: number): { name: string; type: number; value: number } {
  return { name, type: AttributeType.type, value };
}

Deno.test("float32 comes back as it went, not-a-number, infinities and the sign of zero included", () => {
  const values = [0, -0, 1.5, -3.25e-38, NaN, Infinity, -Infinity, 1e-45];
  assertEquals(tf.tidy(() => tf.tensor2d(values, [2, 4]).clone().dataSync()), Float32Array.from(values));
  const { metadata, back } = roundTrip([2, 4], DataType.float32, Float32Array.from(values));
  assertEquals([metadata.shape, metadata.dtype], [[2, 4], DataType.float32]);
  assertEquals(back, Float32Array.from(values));
});

Deno.test("int32 comes back as it went", () => {
  const values = Int32Array.of(0, -1, 2 ** 31 - 1, -(2 ** 31));
  assertEquals(roundTrip([4], DataType.int32, values).back, values);
});

Deno.test("bool comes back as it went, from bytes and from booleans", () => {
  assertEquals(roundTrip([3], DataType.bool, Uint8Array.of(1, 0, 1)).back, Uint8Array.of(1, 0, 1));
  assertEquals(roundTrip([3], DataType.bool, [true, false, true]).back, Uint8Array.of(1, 0, 1));
});

Deno.test("uint8 comes back as it went", () => {
  assertEquals(
    roundTrip([2, 2], DataType.uint8, Uint8Array.of(0, 1, 128, 255)).back,
    Uint8Array.of(0, 1, 128, 255),
  );
});

Deno.test("int64 goes in as numbers, bigints or pairs of int32 and comes back as bigints", () => {
  const large = 2n ** 40n + 7n;
  const wanted = BigInt64Array.of(large, -1n);
  assertEquals(roundTrip([2], DataType.int64, [Number(large), -1]).back, wanted);
  assertEquals(roundTrip([2], DataType.int64, wanted).back, wanted);
  assertEquals(roundTrip([2], DataType.int64, new Int32Array(wanted.buffer)).back, wanted);
});

Deno.test("complex64 comes back as pairs, and tfjs takes them apart", () => {
  const pairs = Float32Array.of(1, 2, -3, 4);
  assertEquals(roundTrip([2], DataType.complex64, pairs).back, pairs);
  tf.tidy(() => {
    const z = tf.complex([1, -3], [2, 4]);
    assertEquals(tf.real(z).dataSync(), Float32Array.of(1, -3));
    assertEquals(tf.imag(z).dataSync(), Float32Array.of(2, 4));
  });
});

Deno.test("strings come back as they went: empty ones, long ones, ones with zeros and letters beyond ASCII", () => {
  const texts = ["", "a", "x".repeat(1000), "null \0 inside", "größer als 零"];
  assertEquals(tf.tidy(() => tf.tensor1d(texts).clone().dataSync<"string">()), texts);
  const bytes = texts.map((text) => new TextEncoder().encode(text));
  assertEquals(roundTrip([5], DataType.string, bytes).back, bytes);
});

Deno.test("a resource goes from operation to operation: a variable is made, assigned and read", () => {
  const dtype = typeAttribute("dtype", DataType.float32);
  const [variable] = binding().executeOp(
    "VarHandleOp",
    [
      { name: "container", type: AttributeType.string, value: "" },
      { name: "shared_name", type: AttributeType.string, value: "a_test_variable" },
      dtype,
      { name: "shape", type: AttributeType.shape, value: [2] },
    ],
    [],
    1,
  );
  assertEquals(variable.dtype, DataType.resource);
  const value = binding().createTensor([2], DataType.float32, Float32Array.of(3, 4));
  binding().executeOp("AssignVariableOp", [dtype], [variable.id, value], 0);
  const [read] = binding().executeOp("ReadVariableOp", [dtype], [variable.id], 1);
  assertEquals(binding().tensorDataSync(read.id), Float32Array.of(3, 4));
  binding().executeOp("DestroyResourceOp", [], [variable.id], 0);
  for (const id of [variable.id, value, read.id]) binding().deleteTensor(id);
});

Deno.test("scalars and tensors without elements come back as they went", () => {
  assertEquals(roundTrip([], DataType.float32, [7]).back, Float32Array.of(7));
  assertEquals(roundTrip([0, 3], DataType.float32, []).back, new Float32Array(0));
  assertEquals(roundTrip([0], DataType.string, []).back, []);
  assertEquals(roundTrip([0, 3], DataType.int32, []).metadata.shape, [0, 3]);
});

Deno.test("every data type gives back its handles", () => {
  const letters = [new TextEncoder().encode("a")];
  assertNoLeaks(engine, () => {
    roundTrip([1], DataType.float32, [1]);
    roundTrip([1], DataType.int32, [1]);
    roundTrip([1], DataType.bool, [1]);
    roundTrip([1], DataType.uint8, [1]);
    roundTrip([1], DataType.int64, [1]);
    roundTrip([1], DataType.complex64, [1, 2]);
    roundTrip([1], DataType.string, letters);
  });
});

Deno.test("strings give their memory back", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-env", "--allow-sys", "--allow-run"],
      new URL("_strings_come.ts", import.meta.url).href,
    ],
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stderr));
  assertMatch(text(stdout), /^-?\d/);
  assertLess(parseFloat(text(stdout)), 200, "MiB grown, after 400 went through");
});

Deno.test("uploadImages() gives floats of the bytes, and keeps no bytes", () => {
  const images = Uint8Array.from({ length: 12 }, (_, i) => 23 * i);
  const floats = engine.uploadImages(images, [1, 2, 2, 3]);
  assertEquals([floats.shape, floats.dtype], [[1, 2, 2, 3], "float32"]);
  assertEquals(floats.dataSync(), Float32Array.from(images));
  floats.dispose();
  assertNoLeaks(engine, () => engine.uploadImages(images, [1, 2, 2, 3]).dispose());
});

Deno.test("createTensor() refuses values that do not fill the shape, and types that it can't store", () => {
  const create = (dtype: number, values: HostValues) => (): number =>
    binding().createTensor([3], dtype, values);
  assertThrows(create(DataType.float32, [1, 2]), RangeError, "shape [3] as it takes 12 bytes: got 8");
  assertThrows(
    create(DataType.string, [new Uint8Array(1)]),
    RangeError,
    "shape [3] as it takes 3 strings: got 1",
  );
  assertThrows(create(2, [1, 2, 3]), TypeError, "Cannot store numbers as TensorFlow data type 2");
});

Deno.test("tensorDataSync() and executeOp() refuse a tensor that was disposed", () => {
  const id = binding().createTensor([1], DataType.float32, [1]);
  binding().deleteTensor(id);
  const wanted = `Cannot use tensor ${id} as it was disposed`;
  assertThrows(() => binding().tensorDataSync(id), ReferenceError, wanted);
  assertThrows(() => binding().executeOp("Identity", [], [id], 1), ReferenceError, wanted);
});
