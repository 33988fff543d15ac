import { assertEquals, assertThrows } from "@std/assert";
import {
  boxAreas,
  boxCount,
  clipBoxAt,
  clipBoxes,
  flipBoxesHorizontally,
  flipBoxesVertically,
  hasAreaAt,
  joined,
  scaleBoxes,
  takeBoxes,
  xywhToXyxy,
  xyxyToXywh,
} from "../../lib/boxes/box.ts";

const boxes = Float32Array.of(1, 2, 4, 8, 0, 0, 10, 5);

Deno.test("boxAreas() multiplies sides, and gives 0 for a box turned inside out", () => {
  assertEquals([...boxAreas(boxes)], [18, 50]);
  assertEquals([...boxAreas(Float32Array.of(4, 4, 2, 2))], [0]);
});

Deno.test("clipBoxes() cuts at every border", () => {
  const clipped = clipBoxes(Float32Array.of(-5, -6, 50, 60, 30, 2, 40, 3), { widthPx: 20, heightPx: 10 });
  assertEquals([...clipped], [0, 0, 20, 10, 20, 2, 20, 3]);
});

Deno.test("xyxyToXywh() and xywhToXyxy() are each other's inverse", () => {
  assertEquals([...xyxyToXywh(boxes)], [1, 2, 3, 6, 0, 0, 10, 5]);
  assertEquals(xywhToXyxy(xyxyToXywh(boxes)), boxes);
});

Deno.test("scaleBoxes() scales x and y apart", () => {
  assertEquals([...scaleBoxes(boxes, 2, 0.5)], [2, 1, 8, 4, 0, 0, 20, 2.5]);
});

Deno.test("flipBoxesHorizontally() mirrors x about the image's middle", () => {
  assertEquals([...flipBoxesHorizontally(boxes, 10)], [6, 2, 9, 8, 0, 0, 10, 5]);
  assertEquals(flipBoxesHorizontally(flipBoxesHorizontally(boxes, 17), 17), boxes);
});

Deno.test("flipBoxesVertically() mirrors y about the image's middle", () => {
  assertEquals([...flipBoxesVertically(boxes, 10)], [1, 2, 4, 8, 0, 5, 10, 10]);
  assertEquals(flipBoxesVertically(flipBoxesVertically(boxes, 17), 17), boxes);
});

Deno.test("the functions of box.ts leave their input as it was", () => {
  const before = boxes.slice();
  clipBoxes(boxes, { widthPx: 2, heightPx: 2 });
  scaleBoxes(boxes, 3, 3);
  flipBoxesHorizontally(boxes, 9);
  assertEquals(boxes, before);
});

Deno.test("boxCount() refuses a length that is no multiple of 4", () => {
  assertEquals(boxCount(new Float32Array(0)), 0);
  assertThrows(
    () => boxCount(new Float32Array(6)),
    RangeError,
    "Cannot read boxesXyxy as its length must be a multiple of 4: current length is 6",
  );
});

Deno.test("clipBoxAt() does to one box what clipBoxes() does to all, and hasAreaAt() says what is left of it", () => {
  const given = [-5, -6, 50, 60, 30, 2, 40, 3, 1, 1, 2, 2];
  const size = { widthPx: 20, heightPx: 10 };
  const clipped = clipBoxes(Float32Array.from(given), size);
  const some = Float32Array.from(given);
  clipBoxAt(some, 1, size);
  assertEquals([...some], [...given.slice(0, 4), ...clipped.subarray(4, 8), ...given.slice(8)]);
  assertEquals([0, 1, 2].map((i) => hasAreaAt(clipped, i)), [true, false, true]);
});

Deno.test("takeBoxes() copies rows in the order given, joined() all of them", () => {
  assertEquals([...takeBoxes(boxes, [1, 0, 1])], [0, 0, 10, 5, 1, 2, 4, 8, 0, 0, 10, 5]);
  assertEquals([...joined([boxes.subarray(4), new Float32Array(0), boxes])], [
    ...boxes.subarray(4),
    ...boxes,
  ]);
});
