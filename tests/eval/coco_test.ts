import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { permutation, stream } from "../../lib/base/random.ts";
import { cocoAreaRanges, cocoIouThresholds, matchCoco } from "../../lib/eval/coco_match.ts";
import {
  accumulateCoco,
  classScores,
  type CocoSummary,
  evaluateCoco,
  evaluateCocoColumns,
  precisionRecallCurve,
  summariseCoco,
} from "../../lib/eval/coco.ts";
import { cocoDetections, type CocoGroundTruth, cocoGroundTruth, keysOf } from "../../lib/eval/coco_json.ts";
import type { Detection, DetectionColumns } from "../../lib/eval/detection.ts";
import type { GroundTruth, GroundTruthAnnotation } from "../../lib/eval/ground_truth.ts";
import { type CocoCase, cocoCases } from "./fixture.ts";

type Box = readonly [number, number, number, number];

const order = "AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl".split(" ") as (keyof CocoSummary)[];

function truth(boxXyxy: Box, more: Partial<GroundTruthAnnotation> = {}): GroundTruthAnnotation {
  const areaPx = (boxXyxy[2] - boxXyxy[0]) * (boxXyxy[3] - boxXyxy[1]);
  return { imageId: "a", classIndex: 0, boxXyxy, isCrowd: false, isDifficult: false, areaPx, ...more };
}

function found(boxXyxy: Box, score: number, more: Partial<Detection> = {}): Detection {
  return { imageId: "a", classIndex: 0, score, boxXyxy, ...more };
}

function set(annotations: readonly GroundTruthAnnotation[], classes = ["cell"]): GroundTruth {
  return { imageIds: ["a", "b"], classes, annotations };
}

function summaryOf(annotations: GroundTruthAnnotation[], detections: Detection[]): CocoSummary {
  return evaluateCoco(set(annotations), detections).summary;
}

function read(example: CocoCase): { groundTruth: CocoGroundTruth; detections: DetectionColumns } {
  const groundTruth = cocoGroundTruth(example.annotations, `${example.name} annotations`);
  const keys = keysOf(groundTruth, `${example.name} annotations`);
  const detections = cocoDetections(example.detections, keys, `${example.name} detections`);
  return { groundTruth, detections };
}

/** Records from columns, as a detector would give them. */
function records({ groundTruth, detections }: ReturnType<typeof read>): [GroundTruth, Detection[]] {
  const { columns, imageIds, classes } = groundTruth;
  const box = (boxes: Float64Array, i: number): Box => {
    const [x, y, width, height] = boxes.subarray(4 * i, 4 * i + 4);
    return [x, y, x + width, y + height];
  };
  const annotations = Array.from(columns.classIndices, (classIndex, i): GroundTruthAnnotation => ({
    imageId: String(imageIds[columns.imageIndices[i]]),
    classIndex,
    boxXyxy: box(columns.boxesXywh, i),
    isCrowd: columns.isCrowd[i] === 1,
    isDifficult: false,
    areaPx: columns.areasPx[i],
  }));
  const founds = Array.from(detections.classIndices, (classIndex, i): Detection => ({
    imageId: String(imageIds[detections.imageIndices[i]]),
    classIndex,
    score: detections.scores[i],
    boxXyxy: box(detections.boxesXywh, i),
  }));
  return [{ imageIds: imageIds.map(String), classes, annotations }, founds];
}

Deno.test("evaluateCocoColumns() gives pycocotools' twelve numbers to 1e-9", async () => {
  const cases = await cocoCases();
  assertEquals(cases.length, 25);
  for (const example of cases) {
    const { groundTruth, detections } = read(example);
    const { summary } = evaluateCocoColumns(groundTruth.columns, detections, groundTruth.classes);
    example.expected.stats.forEach((expected, i) =>
      assertAlmostEquals(summary[order[i]], expected, 1e-9, `${example.name}: ${order[i]}`)
    );
  }
});

Deno.test("evaluateCocoColumns() gives pycocotools' numbers of each class, and its curve", async () => {
  for (const example of await cocoCases()) {
    const { groundTruth, detections } = read(example);
    const { perClass, curves } = evaluateCocoColumns(groundTruth.columns, detections, groundTruth.classes);
    const scores = classScores(curves);
    for (const [name, expected] of Object.entries(example.expected.perClass ?? {})) {
      const { AR100 } = scores[groundTruth.classes.indexOf(name)];
      assertAlmostEquals(AR100, expected.AR100, 1e-9, `${example.name}: AR100 of ${name}`);
      assertAlmostEquals(perClass[name].AP, expected.AP, 1e-9, `${example.name}: AP of ${name}`);
      assertAlmostEquals(perClass[name].AP50, expected.AP50, 1e-9, `${example.name}: AP50 of ${name}`);
    }
    const curve = precisionRecallCurve(curves, 0);
    example.expected.curve50OfFirstClass?.forEach((expected, i) =>
      assertAlmostEquals(curve?.precision[10 * i] ?? -1, expected, 1e-9, `${example.name}: point ${i}`)
    );
  }
});

Deno.test("evaluateCoco() on records equals evaluateCocoColumns() on golden files", async () => {
  for (const example of (await cocoCases()).slice(0, 3)) {
    const [groundTruth, detections] = records(read(example));
    const { summary } = evaluateCoco(groundTruth, detections);
    order.forEach((key, i) => assertAlmostEquals(summary[key], example.expected.stats[i], 1e-9, key));
  }
});

Deno.test("evaluateCoco() does not change with the order of detections where no scores tie", async () => {
  const [groundTruth, detections] = records(read((await cocoCases())[0]));
  const untied = detections.map((detection, i) => ({ ...detection, score: detection.score + i * 1e-7 }));
  const shuffled = Array.from(permutation(stream(1, "detections"), untied.length), (i) => untied[i]);
  assertEquals(evaluateCoco(groundTruth, shuffled), evaluateCoco(groundTruth, untied));
});

Deno.test("evaluateCoco() does not change when scores pass through a rising function", async () => {
  const [groundTruth, detections] = records(read((await cocoCases())[1]));
  const rescored = detections.map((detection) => ({ ...detection, score: detection.score / 4 - 7 }));
  assertEquals(evaluateCoco(groundTruth, rescored), evaluateCoco(groundTruth, detections));
});

Deno.test("evaluateCoco() AP does not change when all boxes are scaled, but the area ranges do", () => {
  const scaled = ([x1, y1, x2, y2]: Box): Box => [8 * x1, 8 * y1, 8 * x2, 8 * y2];
  const boxes: Box[] = [[0, 0, 10, 10], [20, 20, 30, 32]];
  const guesses = [found([0, 0, 10, 12], 0.9), found([21, 20, 30, 32], 0.8), found([50, 50, 60, 60], 0.7)];
  const before = summaryOf(boxes.map((box) => truth(box)), guesses);
  const after = summaryOf(
    boxes.map((box) => truth(scaled(box))),
    guesses.map((guess) => ({ ...guess, boxXyxy: scaled(guess.boxXyxy) })),
  );
  assertAlmostEquals(after.AP, before.AP, 1e-12);
  assertAlmostEquals(before.APs, before.AP, 1e-12);
  assertEquals(before.APm, -1);
  assertAlmostEquals(after.APm, before.AP, 1e-12); // 80 x 80 px and 80 x 96 px
  assertEquals(after.APs, -1);
});

Deno.test("evaluateCoco() changes neither ground truth nor detections", async () => {
  const { groundTruth, detections } = read((await cocoCases())[2]);
  const before = structuredClone({ groundTruth, detections });
  evaluateCocoColumns(groundTruth.columns, detections, groundTruth.classes);
  assertEquals({ groundTruth, detections }, before);
});

Deno.test("evaluateCoco() gives 1 for a perfect detector", () => {
  const box: Box = [0, 0, 40, 40];
  const summary = summaryOf([truth(box), truth(box, { imageId: "b" })], [
    found(box, 0.9),
    found(box, 0.8, { imageId: "b" }),
  ]);
  // Precision after the first detection is 1 / (1 + epsilon), as in COCO's tool.
  assertAlmostEquals(summary.AP, 1, 1e-15);
  assertEquals([summary.AR1, summary.APs, summary.APl], [1, -1, -1]);
});

Deno.test("evaluateCoco() is -1 without ground truth, with or without detections", () => {
  const undefined12 = order.map(() => -1);
  assertEquals(Object.values(summaryOf([], [])), undefined12);
  assertEquals(Object.values(summaryOf([], [found([0, 0, 9, 9], 1)])), undefined12);
  const empty = evaluateCoco({ imageIds: [], classes: [], annotations: [] }, []);
  assertEquals(Object.values(empty.summary), undefined12);
});

Deno.test("evaluateCoco() is 0 without detections where there is ground truth", () => {
  const summary = summaryOf([truth([0, 0, 10, 10])], []);
  assertEquals([summary.AP, summary.AR100, summary.APs, summary.APm], [0, 0, 0, -1]);
});

Deno.test("evaluateCoco() leaves a class without ground truth out of the means", () => {
  const box: Box = [0, 0, 10, 10];
  const { summary, perClass, curves } = evaluateCoco(set([truth(box)], ["seen", "unseen"]), [
    found(box, 0.5),
    found(box, 0.9, { classIndex: 1 }),
  ]);
  assertAlmostEquals(summary.AP, 1, 1e-15);
  assertEquals(perClass.unseen, { AP: -1, AP50: -1 });
  assertEquals(precisionRecallCurve(curves, 1), null);
});

Deno.test("evaluateCoco() ignores any number of detections in a crowd, but not one beside it", () => {
  const box: Box = [0, 0, 10, 10];
  const crowd = truth([100, 100, 300, 300], { isCrowd: true });
  const inCrowd = [found([110, 110, 120, 120], 0.9), found([130, 130, 140, 140], 0.8)];
  assertAlmostEquals(summaryOf([truth(box), crowd], [...inCrowd, found(box, 0.5)]).AP, 1, 1e-15);
  const beside = found([400, 400, 410, 410], 0.9);
  assertAlmostEquals(summaryOf([truth(box), crowd], [beside, found(box, 0.5)]).AP, 0.5, 1e-12);
});

Deno.test("matchCoco() ends at the 100 best detections of an image and class", () => {
  const box: Box = [0, 0, 10, 10];
  const wrong = Array.from({ length: 100 }, (_, i) => found([50, 50, 60, 60], 1 - i / 1000));
  assertEquals(summaryOf([truth(box)], [...wrong, found(box, 0.1)]).AR100, 0);
  assertEquals(summaryOf([truth(box)], [...wrong.slice(1), found(box, 0.1)]).AR100, 1);
});

Deno.test("matchCoco() lets the earlier of two equal scores take the box", () => {
  const near = found([0, 0, 10, 10], 0.5);
  const far = found([0, 0, 10, 16], 0.5); // IoU 100 / 160 = 0.625: a match up to 0.60
  const first = summaryOf([truth([0, 0, 10, 10])], [near, far]);
  const second = summaryOf([truth([0, 0, 10, 10])], [far, near]);
  assertAlmostEquals(first.AP, 1, 1e-12);
  // Thresholds 0.50, 0.55 and 0.60 go to `far`, the seven others to `near` at rank 2.
  assertAlmostEquals(second.AP, (3 * 1 + 7 * 0.5) / 10, 1e-12);
});

Deno.test("the weird cases have in them what they are for", async () => {
  const weird = (await cocoCases()).filter(({ name }) => name.startsWith("weird")).map(read);
  const count = (has: (example: ReturnType<typeof read>) => boolean): number => weird.filter(has).length;
  assert(count(({ groundTruth }) => groundTruth.columns.hasIdZero.includes(1)) >= 4);
  assert(count(({ groundTruth }) => groundTruth.columns.isCrowd.includes(1)) >= 4);
  assert(count(({ groundTruth }) => typeof groundTruth.imageIds[0] === "string") >= 2);
  assert(count(({ detections }) => detections.scores.length === 0) >= 1);
  assert(count(({ detections }) => detections.scores.length > 130) >= 1);
  assert(count(({ detections: { scores } }) => new Set(scores).size < scores.length / 2) >= 2);
  assert(
    count(({ detections: { boxesXywh } }) => boxesXywh.some((side, i) => i % 4 === 2 && side === 0)) >= 2,
  );
  assert(
    count(({ groundTruth: { columns, imageIds } }) => new Set(columns.imageIndices).size < imageIds.length) >=
      2,
  );
});

Deno.test("matchCoco() overlooks that the object with id 0 is found, as COCO's own tool does", () => {
  const annotations = [1, 2].map((id) => ({ id, image_id: id, category_id: 1, bbox: [0, 0, 10, 10] }));
  const results = [1, 2].map((id) => ({ image_id: id, category_id: 1, bbox: [0, 0, 10, 10], score: 0.5 }));
  const scoresWithIds = (...ids: number[]): number[] => {
    const lists = { images: [{ id: 1 }, { id: 2 }], categories: [{ id: 1, name: "cell" }] };
    const renamed = annotations.map((annotation, i) => ({ ...annotation, id: ids[i] }));
    const { columns, ...truth } = cocoGroundTruth({ ...lists, annotations: renamed }, "a");
    const { summary } = evaluateCocoColumns(
      columns,
      cocoDetections(results, keysOf(truth, "a"), "d"),
      truth.classes,
    );
    return [summary.AP, summary.AR100];
  };
  assertAlmostEquals(scoresWithIds(1, 2)[0], 1, 1e-12);
  // One of two found, and the other's detection first and wrong: precision 1/2 up to recall 1/2 (51 of 101 points).
  assertAlmostEquals(scoresWithIds(0, 1)[0], 0.5 * 51 / 101, 1e-12);
  assertEquals(scoresWithIds(0, 1)[1], 0.5);
});

Deno.test("matchCoco(), accumulateCoco() and summariseCoco() are the steps of the evaluation", async () => {
  const example = (await cocoCases())[0];
  const { groundTruth, detections } = read(example);
  const matches = matchCoco(groundTruth.columns, detections);
  assertEquals(matches.classStarts[matches.classCount], matches.scores.length);
  assert(matches.ranks.every((rank) => rank < 100));
  const counting = groundTruth.columns.isCrowd.filter((flag) => flag === 0).length;
  const inRangeAll = matches.positives.filter((_, i) => i % cocoAreaRanges.length === 0);
  assertEquals(inRangeAll.reduce((sum, count) => sum + count, 0), counting);
  assertAlmostEquals(summariseCoco(accumulateCoco(matches)).AP, example.expected.stats[0], 1e-9);
});

Deno.test("precisionRecallCurve() has the precision that counting gives", () => {
  const boxes: Box[] = [[0, 0, 10, 10], [20, 0, 30, 10]];
  const { curves } = evaluateCoco(set(boxes.map((box) => truth(box))), [
    found(boxes[0], 0.9), //            1 of 1 right: precision 1 at recall 0.5
    found([50, 50, 60, 60], 0.8), //    1 of 2
    found(boxes[1], 0.7), //            2 of 3: precision 2/3 at recall 1
  ]);
  const curve = precisionRecallCurve(curves, 0, 0.75);
  assertEquals(curve?.recall.length, 101);
  assertAlmostEquals(curve?.precision[50] ?? NaN, 1, 1e-12);
  assertAlmostEquals(curve?.precision[51] ?? NaN, 2 / 3, 1e-12);
  assertAlmostEquals(curve?.precision[100] ?? NaN, 2 / 3, 1e-12);
});

Deno.test("precisionRecallCurve() refuses unknown classes and thresholds", () => {
  const { curves } = evaluateCoco(set([]), []);
  assertThrows(() => precisionRecallCurve(curves, 1), RangeError, "class must be in 0..0");
  assertThrows(() => precisionRecallCurve(curves, 0, 0.52), RangeError, "current values are 0 and 0.52");
});

Deno.test("cocoIouThresholds hold 0.5, 0.75 and 0.95 exactly", () => {
  assertEquals(cocoIouThresholds.length, 10);
  assertEquals([cocoIouThresholds[0], cocoIouThresholds[5], cocoIouThresholds[9]], [0.5, 0.75, 0.95]);
});

Deno.test("evaluateCoco() names the record that is not valid", () => {
  const box: Box = [0, 0, 1, 1];
  const refuse = (detection: Detection, message: string): unknown =>
    assertThrows(() => evaluateCoco(set([truth(box)]), [found(box, 1), detection]), RangeError, message);
  refuse(
    found(box, 1, { imageId: "c" }),
    'detection 1 names image "c", which the ground truth does not have',
  );
  refuse(found(box, 1, { classIndex: 1 }), "detection 1 has class 1, which is not in 0..0");
  refuse(found(box, NaN), "detection 1 has score NaN, which is not a finite number");
  refuse(found([0, 0, NaN, 1], 1), "detection 1 has box 0,0,NaN,1, which is not four finite numbers");
  const refuseTruth = (annotation: GroundTruthAnnotation, message: string): unknown =>
    assertThrows(() => evaluateCoco(set([annotation]), []), RangeError, message);
  refuseTruth(
    truth(box, { imageId: "c" }),
    'annotation 0 of the ground truth names image "c", which is not listed',
  );
  refuseTruth(truth(box, { classIndex: 0.5 }), "has class 0.5, which is not in 0..0");
  refuseTruth(truth([0, 0, Infinity, 1]), "has box 0,0,Infinity,1");
  refuseTruth(truth(box, { areaPx: NaN }), "has areaPx NaN");
  const twice = { imageIds: ["a", "b", "a"], classes: [], annotations: [] };
  assertThrows(() => evaluateCoco(twice, []), RangeError, 'image "a" is listed twice');
  assertThrows(() => evaluateCoco(set([], ["x", "x"]), []), RangeError, 'two classes are named "x"');
});
