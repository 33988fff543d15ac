import { assertEquals } from "@std/assert";
import { type ConfusionMatrix, confusionMatrix } from "../../lib/eval/confusion.ts";
import { cocoDetections, cocoGroundTruth, keysOf } from "../../lib/eval/coco_json.ts";
import { type Detection, detectionColumns } from "../../lib/eval/detection.ts";
import { type GroundTruthAnnotation, groundTruthColumns } from "../../lib/eval/ground_truth.ts";
import { cocoCases } from "./fixture.ts";

type Box = readonly [number, number, number, number];

const box: Box = [0, 0, 10, 10];
const elsewhere: Box = [50, 50, 60, 60];
const [cat, dog, background] = [0, 1, 2];

function truth(classIndex: number, more: Partial<GroundTruthAnnotation> = {}): GroundTruthAnnotation {
  return { imageId: "a", classIndex, boxXyxy: box, isCrowd: false, isDifficult: false, areaPx: 100, ...more };
}

function found(classIndex: number, score: number, boxXyxy = box, imageId = "a"): Detection {
  return { imageId, classIndex, score, boxXyxy };
}

/** The cells that are not 0, as [true class, detected class, count]. */
function cells(annotations: GroundTruthAnnotation[], detections: Detection[]): number[][] {
  const groundTruth = { imageIds: ["a", "b"], classes: ["cat", "dog"], annotations };
  const columns = [groundTruthColumns(groundTruth), detectionColumns(detections, groundTruth)] as const;
  const { counts } = confusionMatrix(...columns, { score: 0.25, iou: 0.5 });
  return Array.from(counts, (count, i) => [Math.floor(i / 3), i % 3, count]).filter(([, , count]) =>
    count > 0
  );
}

Deno.test("confusionMatrix() counts what is right, mistaken, missed and made up", () => {
  assertEquals(cells([truth(cat)], [found(cat, 0.9)]), [[cat, cat, 1]]);
  assertEquals(cells([truth(cat)], [found(dog, 0.9)]), [[cat, dog, 1]]);
  assertEquals(cells([truth(dog)], []), [[dog, background, 1]]);
  assertEquals(cells([], [found(cat, 0.9)]), [[background, cat, 1]]);
  assertEquals(cells([truth(cat)], [found(cat, 0.9, elsewhere)]), [[cat, background, 1], [
    background,
    cat,
    1,
  ]]);
  assertEquals(cells([truth(cat)], [found(cat, 0.9, box, "b")]), [[cat, background, 1], [
    background,
    cat,
    1,
  ]]);
});

Deno.test("confusionMatrix() leaves out detections below the score, and takes those at the thresholds", () => {
  assertEquals(cells([truth(cat)], [found(cat, 0.2499)]), [[cat, background, 1]]);
  assertEquals(cells([truth(cat)], [found(cat, 0.25, [0, 0, 10, 5])]), [[cat, cat, 1]]);
  const tooSmall = found(cat, 0.9, [0, 0, 10, 4.99]);
  assertEquals(cells([truth(cat)], [tooSmall]), [[cat, background, 1], [background, cat, 1]]);
});

Deno.test("confusionMatrix() gives a box to the surest detection, whatever its class and overlap", () => {
  const detections = [found(cat, 0.5), found(dog, 0.9, [0, 0, 10, 8])];
  assertEquals(cells([truth(cat)], detections), [[cat, dog, 1], [background, cat, 1]]);
});

Deno.test("confusionMatrix() prefers the larger overlap, and the own class where two are equal", () => {
  const near = truth(cat, { boxXyxy: [0, 0, 10, 9] });
  const detection = found(cat, 0.9);
  assertEquals(cells([near, truth(dog)], [detection]), [[cat, background, 1], [dog, cat, 1]]);
  for (const both of [[truth(cat), truth(dog)], [truth(dog), truth(cat)]]) {
    assertEquals(cells(both, [detection]), [[cat, cat, 1], [dog, background, 1]]);
  }
});

Deno.test("confusionMatrix() counts neither crowds and difficult objects nor what lies on them", () => {
  const crowd = truth(cat, { boxXyxy: [0, 0, 100, 100], isCrowd: true });
  assertEquals(cells([crowd], [found(cat, 0.9), found(dog, 0.8)]), []);
  assertEquals(cells([truth(cat, { isDifficult: true })], [found(dog, 0.9)]), []);
  assertEquals(cells([truth(dog), crowd], [found(dog, 0.9), found(dog, 0.8)]), [[dog, dog, 1]]);
});

Deno.test("confusionMatrix() has one cell for each object and detection", async () => {
  for (const { name, annotations, detections } of await cocoCases()) {
    const groundTruth = cocoGroundTruth(annotations, name);
    const { columns } = groundTruth;
    const results = cocoDetections(detections, keysOf(groundTruth, name), name);
    const { classCount, counts }: ConfusionMatrix = confusionMatrix(columns, results, {
      score: 0.3,
      iou: 0.5,
    });
    for (let k = 0; k < classCount; k++) {
      const row = counts.subarray(k * (classCount + 1), (k + 1) * (classCount + 1));
      const objects = columns.classIndices.filter((index, i) => index === k && !columns.isCrowd[i]).length;
      assertEquals(row.reduce((sum, count) => sum + count, 0), objects, name);
    }
    const detected = counts.filter((_, i) => i % (classCount + 1) !== classCount);
    const passed = results.scores.filter((score) => score >= 0.3).length;
    const crowds = columns.isCrowd.includes(1);
    const sum = detected.reduce((total, count) => total + count, 0);
    assertEquals(crowds ? sum <= passed : sum === passed, true, name);
  }
});
