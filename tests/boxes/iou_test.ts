import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { crowdIouMatrix, iouMatrix } from "../../lib/boxes/iou.ts";
import { scaleBoxes } from "../../lib/boxes/box.ts";
import { goldenBoxes } from "./fixture.ts";

Deno.test("iouMatrix() gives torchvision's numbers", async () => {
  const { nms } = await goldenBoxes();
  // The golden matrix is of boxes 0..5 with boxes 6..10.
  const boxes = Float32Array.from(nms.boxes.data);
  const matrix = iouMatrix(boxes.subarray(0, 24), boxes.subarray(24, 44));
  nms.iou.data.forEach((expected, i) => assertAlmostEquals(matrix[i], expected, 1e-5, `entry ${i}`));
});

Deno.test("iouMatrix() is 1 for equal boxes, 0 for boxes that only touch, and 1/7 for quarters", () => {
  const boxes = Float32Array.of(0, 0, 2, 2, 2, 0, 4, 2, 1, 1, 3, 3);
  const matrix = iouMatrix(boxes, boxes);
  // Boxes 0 and 2 share 1 of 4 + 4 - 1.
  const seventh = Math.fround(1 / 7);
  assertEquals([...matrix], [1, 0, seventh, 0, 1, seventh, seventh, seventh, 1]);
});

Deno.test("iouMatrix() has rows of the first boxes and columns of the others", () => {
  const matrix = iouMatrix(Float32Array.of(0, 0, 1, 1), Float32Array.of(5, 5, 6, 6, 0, 0, 1, 2));
  assertEquals([...matrix], [0, 0.5]);
  assertEquals(iouMatrix(new Float32Array(0), Float32Array.of(0, 0, 1, 1)).length, 0);
});

Deno.test("iouMatrix() is 0, not NaN, for boxes without area", () => {
  const point = Float32Array.of(1, 1, 1, 1);
  assertEquals([...iouMatrix(point, point)], [0]);
  assertEquals([...crowdIouMatrix(point, point)], [0]);
});

Deno.test("iouMatrix() does not change when all boxes are scaled by a power of two", async () => {
  const boxes = Float32Array.from((await goldenBoxes()).nms.boxes.data);
  const scaled = scaleBoxes(boxes, 4, 0.5);
  assertEquals(iouMatrix(scaled, scaled), iouMatrix(boxes, boxes));
});

Deno.test("crowdIouMatrix() divides by the detection's area alone", () => {
  const detections = Float32Array.of(0, 0, 2, 2, 9, 9, 11, 11);
  const crowd = Float32Array.of(0, 0, 10, 10);
  assertEquals([...crowdIouMatrix(detections, crowd)], [1, 0.25]);
});

Deno.test("iouMatrix() refuses a length that is no multiple of 4, naming the array", () => {
  const boxes = new Float32Array(4);
  assertThrows(() => iouMatrix(boxes, new Float32Array(3)), RangeError, "Cannot read othersXyxy");
});
