import { assertEquals, assertThrows } from "@std/assert";
import { permutation, stream } from "../../lib/base/random.ts";
import { classWiseNms, nms } from "../../lib/boxes/nms.ts";
import { sortByScore } from "../../lib/boxes/score_order.ts";
import { goldenBoxes } from "./fixture.ts";

Deno.test("nms() and classWiseNms() keep what torchvision keeps, in its order", async () => {
  const golden = (await goldenBoxes()).nms;
  const boxes = Float32Array.from(golden.boxes.data);
  const scores = Float32Array.from(golden.scores.data);
  const classes = Int32Array.from(golden.classes);
  assertEquals([...nms(boxes, scores, golden.iouThreshold)], [...golden.kept]);
  assertEquals([...classWiseNms(boxes, scores, classes, golden.iouThreshold)], [...golden.keptClassWise]);
  assertEquals(
    [...classWiseNms(boxes, scores, classes, golden.iouThreshold, 10)],
    golden.keptClassWise.slice(0, 10),
  );
});

Deno.test("nms() keeps a box whose IoU equals the threshold", () => {
  const boxes = Float32Array.of(0, 0, 10, 10, 0, 0, 10, 5); // IoU 0.5
  const scores = Float32Array.of(0.9, 0.8);
  assertEquals([...nms(boxes, scores, 0.5)], [0, 1]);
  assertEquals([...nms(boxes, scores, 0.49)], [0]);
});

Deno.test("nms() does not let a suppressed box suppress others", () => {
  const boxes = Float32Array.of(0, 0, 10, 10, 4, 0, 14, 10, 8, 0, 18, 10); // neighbours: IoU 6/14
  assertEquals([...nms(boxes, Float32Array.of(0.9, 0.8, 0.7), 0.4)], [0, 2]);
});

Deno.test("nms() keeps the earlier of equal boxes with equal scores", () => {
  const boxes = Float32Array.of(0, 0, 9, 9, 0, 0, 9, 9);
  assertEquals([...nms(boxes, Float32Array.of(0.5, 0.5), 0.5)], [0]);
});

Deno.test("classWiseNms() keeps equal boxes of different classes", () => {
  const boxes = Float32Array.of(0, 0, 9, 9, 0, 0, 9, 9);
  assertEquals([...classWiseNms(boxes, Float32Array.of(0.4, 0.5), Int32Array.of(0, 1), 0.5)], [1, 0]);
});

Deno.test("nms() of nothing is nothing", () => {
  assertEquals(nms(new Float32Array(0), new Float32Array(0), 0.5).length, 0);
});

Deno.test("classWiseNms() refuses lengths that disagree and scores that are NaN", () => {
  const boxes = new Float32Array(8);
  assertThrows(
    () => classWiseNms(boxes, new Float32Array(2), new Int32Array(1), 0.5),
    RangeError,
    "boxes, scores and classes must be equally many: they are 2, 2 and 1",
  );
  assertThrows(() => nms(boxes, Float32Array.of(1, NaN), 0.5), RangeError, "scores[1] is NaN");
});

Deno.test("sortByScore() is stable, for few rows and for many", () => {
  for (const count of [5, 100]) {
    const scores = Float64Array.from({ length: count }, (_, i) => i % 3);
    const sorted = sortByScore(Uint32Array.from(scores, (_, i) => i), scores);
    const expected = [2, 1, 0].flatMap((score) => [...scores.keys()].filter((i) => scores[i] === score));
    assertEquals([...sorted], expected);
  }
});

Deno.test("sortByScore() gives floats the order of a comparison: ties, both zeros, infinities, tiny and huge ones, rows in any order", () => {
  const random = stream(1, "scores");
  const special = [0, -0, Infinity, -Infinity, 1e-45, -1e-45, 3e38, -3e38, 1, -1];
  for (const count of [63, 64, 65, 500, 4000]) {
    const scores = Float32Array.from(
      { length: 2 * count },
      (_, i) =>
        i % 3 === 0
          ? special[random.integer(special.length)]
          : Math.round(1000 * (random.uniform() - 0.5)) / 10,
    );
    const rows = permutation(random, 2 * count).slice(0, count);
    const expected = [...rows].sort((a, b) => scores[b] - scores[a] || a - b);
    assertEquals([...sortByScore(Uint32Array.from(rows), scores)], expected);
    assertEquals([...sortByScore(Int32Array.from(rows), scores)], expected);
    const part = new Uint32Array(count + 2).fill(7);
    part.set(rows, 1);
    sortByScore(part.subarray(1, count + 1), scores);
    assertEquals([...part], [7, ...expected, 7], "in place, and nothing else");
  }
});
