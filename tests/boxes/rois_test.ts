import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { encodeBoxes } from "../../lib/boxes/box_coder.ts";
import { iouMatrix } from "../../lib/boxes/iou.ts";
import { decodeRois, roiLevel, roiTargets } from "../../lib/boxes/rois.ts";

const image = { widthPx: 100, heightPx: 80 };
const sampling = { foregroundIou: 0.5, proposalsPerImage: 16, positiveShare: 0.25, classCount: 3 };
const objects = Float32Array.of(10, 10, 30, 30, 50, 20, 90, 60);
const classes = Int32Array.of(2, 0);

/** Boxes near the objects and boxes anywhere. */
function proposals(count: number): Float32Array {
  const random = stream(1, "proposals", count);
  return Float32Array.from(
    Array.from({ length: count }, (_, i) => {
      if (i % 2 === 0) {
        return [...objects.subarray(4 * (i % 4 / 2), 4 * (i % 4 / 2) + 4)].map((x) => x + random.normal());
      }
      const [x, y] = [70 * random.uniform(), 50 * random.uniform()];
      return [x, y, x + 5 + 20 * random.uniform(), y + 5 + 20 * random.uniform()];
    }).flat(),
  );
}

Deno.test("roiTargets() draws positives up to their share, with class and box, then background", () => {
  const { boxesXyxy, labels, deltas, sampled } = roiTargets(
    proposals(60),
    objects,
    classes,
    sampling,
    stream(1, "draw"),
  );
  assertEquals([labels.length, sampled], [16, 16]);
  const iou = iouMatrix(boxesXyxy, objects);
  labels.forEach((label, i) => {
    const best = iou[2 * i] >= iou[2 * i + 1] ? 0 : 1;
    const delta = [...deltas.subarray(4 * i, 4 * i + 4)];
    if (label === 3) {
      assert(iou[2 * i + best] < 0.5);
      return assertEquals(delta, [0, 0, 0, 0]);
    }
    assert(iou[2 * i + best] >= 0.5);
    assertEquals(label, classes[best]);
    const [own, object] = [boxesXyxy.slice(4 * i, 4 * i + 4), objects.slice(4 * best, 4 * best + 4)];
    assertEquals(delta, [...encodeBoxes(own, object)]);
  });
  assertEquals(labels.filter((label) => label < 3).length, 4);
});

Deno.test("roiTargets() has the objects' own boxes among the candidates", () => {
  const far = Float32Array.of(0, 60, 8, 70);
  const { boxesXyxy, labels, sampled } = roiTargets(far, objects, classes, sampling, stream(1, "draw"));
  assertEquals(sampled, 3);
  assertEquals([...boxesXyxy.subarray(0, 12)], [...objects, ...far]);
  assertEquals([...labels.subarray(0, 3)], [2, 0, 3]);
});

Deno.test("roiTargets() always gives as many: what was drawn is repeated, and the repeats are ignored", () => {
  const few = proposals(5);
  const { boxesXyxy, labels, deltas, sampled } = roiTargets(
    few,
    new Float32Array(0),
    new Int32Array(0),
    sampling,
    stream(1, "draw"),
  );
  assertEquals([boxesXyxy.length, labels.length, deltas.length, sampled], [64, 16, 64, 5]);
  assertEquals([...labels], [...new Array(5).fill(3), ...new Array(11).fill(-1)]);
  assertEquals([...boxesXyxy], [...few, ...few, ...few, ...few.subarray(0, 4)]);
  assertEquals(deltas.every((delta) => delta === 0), true);
});

Deno.test("roiTargets() may draw none at all: then all are ignored", () => {
  const options = { ...sampling, proposalsPerImage: 3 }; // a quarter of three is none
  const { labels, sampled } = roiTargets(objects, objects, classes, options, stream(1, "draw"));
  assertEquals([[...labels], sampled], [[-1, -1, -1], 0]);
});

Deno.test("roiTargets() draws the same for the same stream, others for another", () => {
  const draw = (step: number): unknown =>
    roiTargets(proposals(60), objects, classes, sampling, stream(1, "draw", step));
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
});

Deno.test("roiTargets() refuses a class that there is none of", () => {
  assertThrows(
    () => roiTargets(objects, objects, Int32Array.of(0, 3), sampling, stream(1, "draw")),
    RangeError,
    "classIndices[1] is 3",
  );
});

Deno.test("roiLevel() puts 224 px on level 4, half of it one level lower, and none outside of the levels", () => {
  const levelOf = (width: number, height: number): number =>
    roiLevel(Float32Array.of(5, 7, 5 + width, 7 + height), 0, [2, 5]);
  assertEquals([56, 111.9, 112, 223.9, 224, 447.9, 448].map((side) => levelOf(side, side)), [
    2,
    2,
    3,
    3,
    4,
    4,
    5,
  ]);
  assertEquals([levelOf(1, 1), levelOf(0, 0), levelOf(9000, 9000)], [2, 2, 5]);
  assertEquals([levelOf(112, 448), levelOf(448, 112)], [4, 4]); // by area
});

/** Two regions, two classes. */
const regions = Float32Array.of(10, 10, 30, 30, 60, 40, 90, 70);
const options = { scoreThreshold: 0.2, nmsIou: 0.5, maxDetections: 10 };

Deno.test("decodeRois() gives every class above the threshold its own box, clipped, and never background", () => {
  const logits = Float32Array.from([0.5, 0.3, 0.2, 0.05, 0.25, 0.7].map(Math.log));
  const deltas = new Float32Array(16);
  deltas[4] = 10 * 0.5; //  region 0, class 1: half a width to the right
  deltas[12] = 10 * 0.5; // region 1, class 1: the same, out of the image
  const found = decodeRois({ logits, deltas, boxesXyxy: regions }, image, options);
  assertEquals([...found.classIndices], [0, 1, 1]);
  [0.5, 0.3, 0.25].forEach((score, i) => assertAlmostEquals(found.scores[i], score, 1e-6));
  assertEquals([...found.boxesXyxy], [10, 10, 30, 30, 20, 10, 40, 30, 75, 40, 100, 70]);
});

Deno.test("decodeRois() suppresses class by class and keeps the best", () => {
  const twice = Float32Array.of(...regions.subarray(0, 4), 11, 10, 31, 30, ...regions.subarray(0, 4));
  const logits = Float32Array.from([0.5, 0.1, 0.4, 0.6, 0.1, 0.3, 0.1, 0.6, 0.3].map(Math.log));
  const given = { logits, deltas: new Float32Array(24), boxesXyxy: twice };
  const found = decodeRois(given, image, options);
  assertEquals([[...found.classIndices], [...found.boxesXyxy]], [[0, 1], [11, 10, 31, 30, 10, 10, 30, 30]]);
  assertEquals([...decodeRois(given, image, { ...options, maxDetections: 1 }).classIndices], [0]);
  assertEquals(decodeRois(given, image, { ...options, nmsIou: 1 }).scores.length, 3);
});

Deno.test("decodeRois() refuses lengths that disagree and outputs that are not numbers", () => {
  const given = { logits: new Float32Array(6), deltas: new Float32Array(16), boxesXyxy: regions };
  assertThrows(
    () => decodeRois({ ...given, deltas: new Float32Array(8) }, image, options),
    RangeError,
    "lengths are 6, 8 and 8",
  );
  given.logits[1] = NaN;
  assertThrows(() => decodeRois(given, image, options), RangeError, "NaN");
});
