import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Detection } from "../../lib/eval/detection.ts";
import type { GroundTruth, GroundTruthAnnotation } from "../../lib/eval/ground_truth.ts";
import { evaluateVoc } from "../../lib/eval/voc.ts";

type Box = readonly [number, number, number, number];

const left: Box = [0, 0, 10, 10];
const right: Box = [20, 0, 30, 10];
const nowhere: Box = [50, 50, 60, 60];

function truth(boxXyxy: Box, more: Partial<GroundTruthAnnotation> = {}): GroundTruthAnnotation {
  return { imageId: "a", classIndex: 0, boxXyxy, isCrowd: false, isDifficult: false, areaPx: 100, ...more };
}

function found(boxXyxy: Box, score: number, more: Partial<Detection> = {}): Detection {
  return { imageId: "a", classIndex: 0, score, boxXyxy, ...more };
}

function set(...annotations: GroundTruthAnnotation[]): GroundTruth {
  return { imageIds: ["a", "b"], classes: ["cell", "other"], annotations };
}

Deno.test("evaluateVoc() gives the AP that counting gives, by 11 points and by area", () => {
  const result = evaluateVoc(set(truth(left), truth(right)), [
    found(left, 0.9), //     precision 1 at recall 1/2
    found(nowhere, 0.8), //  1/2 at 1/2
    found(right, 0.7), //    2/3 at 1
  ]);
  // Recall 0, 0.1, …, 0.5 has precision 1, and 0.6, …, 1 has 2/3.
  assertAlmostEquals(result.AP11, (6 * 1 + 5 * 2 / 3) / 11, 1e-12);
  assertAlmostEquals(result.APArea, 0.5 * 1 + 0.5 * 2 / 3, 1e-12);
  assertEquals(result.perClass.other, { AP11: -1, APArea: -1 });
});

Deno.test("evaluateVoc() counts a second detection of a box as wrong", () => {
  const { APArea } = evaluateVoc(set(truth(left), truth(right)), [
    found(left, 0.9),
    found(left, 0.8),
    found(right, 0.7),
  ]);
  assertAlmostEquals(APArea, 0.5 + 0.5 * 2 / 3, 1e-12);
});

Deno.test("evaluateVoc() does not give a detection its second choice, as COCO would", () => {
  // Both detections overlap the first box most; the second reaches 0.5 with the other box too, but has lost it.
  const other: Box = [0, 0, 10, 14];
  const guesses = [found(left, 0.9), found([0, 0, 10, 11], 0.8)];
  assertAlmostEquals(evaluateVoc(set(truth(left), truth(other)), guesses).APArea, 0.5, 1e-12);
});

Deno.test("evaluateVoc() counts difficult objects and crowds neither for nor against", () => {
  for (const flag of [{ isDifficult: true }, { isCrowd: true }]) {
    const result = evaluateVoc(set(truth(left), truth(right, flag)), [
      found(right, 0.9),
      found(right, 0.8),
      found(left, 0.7),
    ]);
    assertAlmostEquals(result.APArea, 1, 1e-12);
    assertAlmostEquals(result.AP11, 1, 1e-12);
  }
});

Deno.test("evaluateVoc() matches at the threshold itself", () => {
  const half = [found([0, 0, 10, 5], 0.9)]; // IoU 50 / 100
  assertEquals(evaluateVoc(set(truth(left)), half).APArea, 1);
  assertEquals(evaluateVoc(set(truth(left)), half, 0.51).APArea, 0);
});

Deno.test("evaluateVoc() matches within an image only", () => {
  assertEquals(evaluateVoc(set(truth(left)), [found(left, 0.9, { imageId: "b" })]).APArea, 0);
});

Deno.test("evaluateVoc() reaches the recall 0.3 by 3 of 10", () => {
  const boxes = Array.from({ length: 10 }, (_, i): Box => [20 * i, 0, 20 * i + 10, 10]);
  const guesses = boxes.slice(0, 3).map((box) => found(box, 0.5));
  // Recall 0, 0.1, 0.2 and 0.3 of 11 points.
  assertAlmostEquals(evaluateVoc(set(...boxes.map((box) => truth(box))), guesses).AP11, 4 / 11, 1e-12);
});

Deno.test("evaluateVoc() is -1 without ground truth and 0 without detections", () => {
  assertEquals(evaluateVoc(set(), [found(left, 1)]).AP11, -1);
  assertEquals(evaluateVoc(set(truth(left, { isDifficult: true })), []).APArea, -1);
  const none = evaluateVoc(set(truth(left)), []);
  assertEquals([none.AP11, none.APArea], [0, 0]);
});

Deno.test("evaluateVoc() names the record that is not valid", () => {
  assertThrows(() => evaluateVoc(set(), [found(left, 1, { imageId: "c" })]), RangeError, 'image "c"');
});
