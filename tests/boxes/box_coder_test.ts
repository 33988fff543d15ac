import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { boxWeights, decodeBoxes, encodeBoxes, maxLogScale } from "../../lib/boxes/box_coder.ts";
import { goldenBoxes, type StoredArray } from "./fixture.ts";

const floats = (array: StoredArray): Float32Array => Float32Array.from(array.data);

/** Relative and absolute 1e-5: float32 results of float64 arithmetic. */
function assertClose(actual: Float32Array, expected: ArrayLike<number>): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((value, i) =>
    assertAlmostEquals(value, expected[i], 1e-5 * (1 + Math.abs(expected[i])), `entry ${i}`)
  );
}

Deno.test("encodeBoxes() gives torchvision's deltas", async () => {
  const { boxCoder } = await goldenBoxes();
  assertEquals(boxCoder.weights, [...boxWeights]);
  assertClose(encodeBoxes(floats(boxCoder.anchors), floats(boxCoder.boxes)), boxCoder.deltas.data);
});

Deno.test("decodeBoxes() gives torchvision's boxes, with sizes clamped", async () => {
  const { boxCoder } = await goldenBoxes();
  assertAlmostEquals(maxLogScale, boxCoder.clamp, 1e-15);
  const decoded = decodeBoxes(floats(boxCoder.anchors), floats(boxCoder.clampedDeltas), boxCoder.weights);
  assertClose(decoded, boxCoder.decodedClamped.data);
});

Deno.test("decodeBoxes() inverts encodeBoxes() within 1e-3 px, whatever the weights", () => {
  const random = stream(1, "boxes");
  const boxes = (): Float32Array =>
    Float32Array.from(
      Array.from({ length: 50 }, () => {
        const [x, y] = [500 * random.uniform(), 500 * random.uniform()];
        return [x, y, x + 4 + 100 * random.uniform(), y + 4 + 100 * random.uniform()];
      }).flat(),
    );
  const anchors = boxes();
  const wanted = boxes();
  for (const weights of [boxWeights, [1, 1, 1, 1], [3, 5, 7, 11]] as const) {
    const decoded = decodeBoxes(anchors, encodeBoxes(anchors, wanted, weights), weights);
    decoded.forEach((value, i) => assertAlmostEquals(value, wanted[i], 1e-3, `entry ${i}`));
  }
});

Deno.test("encodeBoxes() is 0 for the anchor itself, and does not change when both are scaled", () => {
  const anchors = Float32Array.of(8, 8, 24, 40);
  const boxes = Float32Array.of(10, 6, 30, 50);
  assertEquals([...encodeBoxes(anchors, anchors)], [0, 0, 0, 0]);
  assertEquals(
    encodeBoxes(anchors.map((x) => 4 * x), boxes.map((x) => 4 * x)),
    encodeBoxes(anchors, boxes),
  );
});

Deno.test("decodeBoxes() makes of a 16 px anchor at most a 1,000 px box, even of an infinite delta", () => {
  const [x1, , x2] = decodeBoxes(Float32Array.of(0, 0, 16, 16), Float32Array.of(0, 0, Infinity, 0));
  assertAlmostEquals(x2 - x1, 1000, 1e-3);
});

Deno.test("encodeBoxes() and decodeBoxes() say what does not fit", () => {
  const anchors = Float32Array.of(0, 0, 8, 8);
  assertThrows(
    () => encodeBoxes(anchors, Float32Array.of(4, 9, 4, 12)),
    RangeError,
    "Cannot encode boxes as widths and heights must be > 0: boxesXyxy[0] is 4,9,4,12",
  );
  assertThrows(
    () => encodeBoxes(Float32Array.of(1, 1, 1, 2), anchors),
    RangeError,
    "anchorsXyxy[0] is 1,1,1,2",
  );
  assertThrows(
    () => encodeBoxes(anchors, new Float32Array(8)),
    RangeError,
    "boxesXyxy must be as long as anchorsXyxy: lengths are 8 and 4",
  );
  assertThrows(
    () => decodeBoxes(anchors, new Float32Array(0)),
    RangeError,
    "deltas must be as long as anchorsXyxy",
  );
});
