import { assertAlmostEquals, assertEquals } from "@std/assert";
import { surveyData } from "../../lib/survey/data_survey.ts";
import { quantilesOf } from "../../lib/survey/quantiles.ts";
import { findSuspicions, untaughtClasses } from "../../lib/survey/suspicions.ts";
import { dataOf, sampleOf } from "./planted.ts";

/** Twice as large as the images: everything doubles. */
const canvases = [{ heightPx: 200, widthPx: 400 }];

Deno.test("quantilesOf() gives numbers of the data, and null of none", () => {
  assertEquals(quantilesOf([5, 1, 3, 2, 4]), { min: 1, p10: 1, median: 3, p90: 5, max: 5 });
  assertEquals(quantilesOf([7]), { min: 7, p10: 7, median: 7, p90: 7, max: 7 });
  assertEquals(quantilesOf([]), null);
});

Deno.test("surveyData() counts images, boxes and classes by split, and measures on the canvas", () => {
  const data = dataOf({
    train: [sampleOf("1", [[0, 0, 0, 10, 10], [1, 0, 0, 40, 90]]), sampleOf("2", [])],
    test: [sampleOf("3", [[1, 0, 0, 20, 20]])],
  });
  const survey = surveyData(data, canvases);
  const { boxesPerImage: _, ...train } = survey.splits.train;
  assertEquals(train, { images: 2, emptyImages: 1, boxes: 2 });
  assertEquals(survey.splits.val, { images: 0, emptyImages: 0, boxes: 0, boxesPerImage: null });
  assertEquals(survey.classes, [
    { name: "a", train: 1, val: 0, test: 0 },
    { name: "b", train: 1, val: 0, test: 1 },
    { name: "c", train: 0, val: 0, test: 0 },
  ]);
  assertEquals(survey.sidePx?.min, 10);
  assertEquals(survey.canvasSidePx?.min, 20); // doubled
  assertAlmostEquals(survey.aspectRatio?.max ?? 0, 90 / 40);
  // Sides 20, 40 and 120 px on the canvas.
  assertEquals(survey.sizes, { small: 1 / 3, medium: 1 / 3, large: 1 / 3 });
  assertEquals(survey.sideOctaves, [0, 0, 0, 1, 1, 1, 0, 0]);
});

Deno.test("surveyData() counts no crowds", () => {
  const one = sampleOf("1", [[0, 0, 0, 10, 10]]);
  const crowd = { ...one, annotations: one.annotations.map((a) => ({ ...a, isCrowd: true })) };
  assertEquals(surveyData(dataOf({ train: [crowd] }), canvases).splits.train.boxes, 0);
});

Deno.test("findSuspicions() finds each planted defect where it is, and nothing else", () => {
  const data = dataOf({
    train: [
      sampleOf("fine", [[0, 0, 0, 20, 20], [0, 10, 0, 30, 20]]),
      sampleOf("twice", [[0, 0, 0, 20, 20], [0, 0, 0, 20, 20]]),
      sampleOf("conflict", [[0, 0, 0, 20, 20], [1, 0, 0, 20, 20]]),
    ],
    val: [sampleOf("tiny", [[0, 50, 50, 51, 52]]), sampleOf("thin", [[0, 0, 0, 100, 9]])],
    test: [sampleOf("whole", [[0, 0, 0, 200, 99]]), sampleOf("empty", [])],
  });
  assertEquals(
    findSuspicions(data, canvases).map(({ kind, split, index, imageId, annotation }) =>
      [kind, split, index, imageId, annotation].join(" ")
    ),
    [
      "duplicate train 1 twice 1",
      "conflict train 2 conflict 1",
      "tiny val 0 tiny 0",
      "thin val 1 thin 0",
      "whole test 0 whole 0",
      "empty test 1 empty ",
    ],
  );
});

Deno.test("untaughtClasses() names classes that training lacks, and not those that are nowhere", () => {
  const data = dataOf({
    train: [sampleOf("1", [[0, 0, 0, 20, 20]])],
    val: [sampleOf("2", [[1, 0, 0, 20, 20], [0, 0, 0, 30, 20]])],
    test: [sampleOf("3", [[1, 0, 0, 20, 20]])],
  });
  assertEquals(untaughtClasses(data), [{ name: "b", splits: ["val", "test"] }]);
});
