import { assertEquals, assertThrows } from "@std/assert";
import { countTopK } from "../../lib/eval/top_k.ts";

Deno.test("countTopK() counts rows whose class is among the k largest", () => {
  const logits = Float32Array.of(
    3,
    2,
    1, //
    3,
    2,
    1, //
    3,
    2,
    1,
  );
  assertEquals(countTopK(logits, Int32Array.of(0, 1, 2), [1, 2, 3, 5]), [1, 2, 3, 3]);
});

Deno.test("countTopK() gives a tie to the lower class, so that equal logits score chance and not 1", () => {
  assertEquals(countTopK(new Float32Array(16), Int32Array.of(0, 1, 2, 3), [1, 2]), [1, 2]);
});

Deno.test("countTopK() never counts a NaN as correct", () => {
  assertEquals(countTopK(Float32Array.of(NaN, NaN, NaN, NaN), Int32Array.of(0, 1), [1, 2]), [0, 0]);
  assertEquals(countTopK(Float32Array.of(1, NaN), Int32Array.of(0), [1, 2]), [0, 1]);
});

Deno.test("countTopK() of no rows is 0", () => {
  assertEquals(countTopK(new Float32Array(0), new Int32Array(0), [1, 5]), [0, 0]);
});

Deno.test("countTopK() refuses lengths and classes that do not fit", () => {
  const logits = new Float32Array(4);
  assertThrows(() => countTopK(logits, new Int32Array(3), [1]), RangeError, "lengths are 4 for 3 rows");
  assertThrows(() => countTopK(logits, new Int32Array(0), [1]), RangeError, "lengths are 4 for 0 rows");
  assertThrows(() => countTopK(logits, Int32Array.of(0, 2), [1]), RangeError, "classIndices[1] is 2");
});
