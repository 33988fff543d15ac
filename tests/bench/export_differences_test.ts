import { assertAlmostEquals, assertEquals } from "@std/assert";
import { differencesOf, noDifferences, together } from "../../bench/exports/differences.ts";

const wanted = {
  boxesXyxy: Float32Array.of(0, 0, 10, 10, 20, 20, 30, 30),
  scores: Float32Array.of(0.9, 0.8),
  classIndices: Int32Array.of(1, 0),
};
const same = { boxes: [...wanted.boxesXyxy], scores: [...wanted.scores], classes: [...wanted.classIndices] };

Deno.test("differencesOf() finds none between a detector's boxes and themselves in another order", () => {
  const turned = { boxes: [20, 20, 30, 30, 0, 0, 10, 10], scores: same.scores.toReversed(), classes: [0, 1] };
  for (const found of [same, turned]) {
    assertEquals(differencesOf(found, wanted), {
      ...noDifferences,
      images: 1,
      wantedBoxes: 2,
      foundBoxes: 2,
    });
  }
});

Deno.test("differencesOf() gives the largest distance of an edge and of a score", () => {
  const found = { ...same, boxes: [0, 0.25, 10, 10, 20, 20, 30, 30.125], scores: [0.9, 0.75] };
  const { unpaired, score, boxPx } = differencesOf(found, wanted);
  assertEquals([unpaired, boxPx], [0, 0.25]);
  assertAlmostEquals(score, 0.05, 1e-6);
});

Deno.test("differencesOf() counts what is missing, too many, or of another class", () => {
  const none = { boxes: [], scores: [], classes: [] };
  assertEquals(differencesOf(none, wanted).unpaired, 2);
  const more = { boxes: [...same.boxes, 0, 0, 10, 10], scores: [...same.scores, 0.1], classes: [1, 0, 1] };
  assertEquals(differencesOf(more, wanted).unpaired, 1);
  assertEquals(differencesOf({ ...same, classes: [1, 1] }, wanted).unpaired, 2); // one missing, one too many
});

Deno.test("together() adds counts and keeps the larger differences", () => {
  const a = { images: 1, wantedBoxes: 2, foundBoxes: 3, unpaired: 1, score: 0.1, boxPx: 0.2 };
  const b = { images: 2, wantedBoxes: 5, foundBoxes: 4, unpaired: 0, score: 0.3, boxPx: 0.1 };
  const sum = { images: 3, wantedBoxes: 7, foundBoxes: 7, unpaired: 1, score: 0.3, boxPx: 0.2 };
  assertEquals(together(a, b), sum);
});
