import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { pyramidAnchors } from "../../lib/boxes/anchors.ts";
import { decodeBoxes, encodeBoxes } from "../../lib/boxes/box_coder.ts";
import { iouMatrix } from "../../lib/boxes/iou.ts";
import { matchAnchors, matchByOverlap, retinaTargets } from "../../lib/boxes/matcher.ts";
import { stream } from "../../lib/base/random.ts";

const thresholds = { foregroundIou: 0.5, backgroundIou: 0.4 };

Deno.test("matchAnchors() has foreground, ignored and background by IoU, thresholds included below", () => {
  const box = Float32Array.of(0, 0, 10, 10);
  const anchors = Float32Array.of(
    ...[0, 0, 10, 10], //     IoU 1
    ...[0, 0, 10, 5], //      IoU 0.5, foreground
    ...[0, 0, 10, 4.5], //    IoU 0.45, ignored
    ...[0, 0, 10, 4], //      IoU 0.4, ignored
    ...[0, 0, 10, 3], //      IoU 0.3
    ...[20, 20, 30, 30], //   IoU 0
  );
  const { labels, matchedIndices } = matchAnchors(anchors, box, thresholds);
  assertEquals([...labels], [1, 1, -1, -1, 0, 0]);
  assertEquals([...matchedIndices], [0, 0, 0, 0, 0, -1]);
});

Deno.test("matchAnchors() gives every box its best anchors, all of them at a tie", () => {
  const boxes = Float32Array.of(0, 0, 10, 10);
  const anchors = Float32Array.of(0, 0, 10, 2, 0, 8, 10, 10, 0, 0, 10, 1); // IoU 0.2, 0.2, 0.1
  assertEquals([...matchAnchors(anchors, boxes, thresholds).labels], [1, 1, 0]);
});

Deno.test("matchByOverlap() goes by the thresholds alone", () => {
  const boxes = Float32Array.of(0, 0, 10, 10);
  const candidates = Float32Array.of(0, 0, 10, 2, 0, 0, 10, 6, 0, 0, 10, 4.5); // IoU 0.2, 0.6, 0.45
  assertEquals([...matchByOverlap(candidates, boxes, thresholds).labels], [0, 1, -1]);
  assertEquals([...matchByOverlap(candidates, new Float32Array(0), thresholds).labels], [0, 0, 0]);
});

Deno.test("matchAnchors() leaves a claimed anchor with the box that it overlaps most", () => {
  const boxes = Float32Array.of(0, 0, 10, 10, 0, 0, 10, 2);
  const anchors = Float32Array.of(0, 0, 10, 10);
  const { labels, matchedIndices } = matchAnchors(anchors, boxes, thresholds);
  assertEquals([labels[0], matchedIndices[0]], [1, 0]);
});

Deno.test("matchAnchors() does not let a box that no anchor touches claim any", () => {
  const { labels, matchedIndices } = matchAnchors(
    Float32Array.of(0, 0, 10, 10, 0, 0, 5, 5),
    Float32Array.of(100, 100, 110, 110),
    { foregroundIou: 0, backgroundIou: 0 },
  );
  assertEquals([[...labels], [...matchedIndices]], [[0, 0], [-1, -1]]);
});

Deno.test("matchAnchors() agrees with the IoU matrix on random boxes", () => {
  const random = stream(3, "boxes");
  const side = (): number => 10 + 90 * random.uniform();
  const boxes = Float32Array.from(
    Array.from({ length: 7 }, () => {
      const [x, y] = [150 * random.uniform(), 100 * random.uniform()];
      return [x, y, x + side(), y + side()];
    }).flat(),
  );
  const anchors = pyramidAnchors([3, 5], { heightPx: 128, widthPx: 192 }, {
    anchorScale: 4,
    scalesPerOctave: 2,
    aspectRatios: [0.5, 1, 2],
  });
  const ious = iouMatrix(anchors, boxes);
  const { labels, matchedIndices } = matchAnchors(anchors, boxes, thresholds);
  const bestOfBox = Array.from({ length: 7 }, (_, j) => Math.max(...ious.filter((_, i) => i % 7 === j)));
  labels.forEach((label, i) => {
    const row = ious.subarray(7 * i, 7 * i + 7);
    const best = Math.max(...row);
    assertEquals(matchedIndices[i], best === 0 ? -1 : row.indexOf(best));
    const claimed = row.some((iou, j) => iou > 0 && iou === bestOfBox[j]);
    assertEquals(label, claimed || best >= 0.5 ? 1 : best < 0.4 ? 0 : -1, `anchor ${i} of IoU ${best}`);
  });
  assert(labels.includes(1) && labels.includes(0) && labels.includes(-1));
});

Deno.test("retinaTargets() has classes, K for background, -1 for ignored, and deltas of foreground only", () => {
  const boxes = Float32Array.of(0, 0, 10, 10, 50, 50, 60, 70);
  const anchors = Float32Array.of(
    ...[1, 1, 11, 11], //     IoU 81 / 119 with box 0
    ...[0, 0, 10, 4.5], //    ignored
    ...[50, 50, 60, 68], //   box 1
    ...[80, 80, 90, 90], //   background
  );
  const targets = retinaTargets(anchors, boxes, Int32Array.of(2, 0), { ...thresholds, classCount: 3 });
  assertEquals([...targets.labels], [2, -1, 0, 3]);
  assertEquals(targets.positives, 2);
  const deltas = encodeBoxes(
    anchors,
    Float32Array.of(
      ...boxes.subarray(0, 4),
      ...anchors.subarray(4, 8),
      ...boxes.subarray(4),
      ...anchors.subarray(12),
    ),
  );
  assertEquals(targets.deltas, deltas);
  const decoded = decodeBoxes(anchors, targets.deltas);
  assertLess(Math.abs(decoded[11] - 70), 1e-4);
});

Deno.test("retinaTargets() of an image without boxes is all background", () => {
  const options = { ...thresholds, classCount: 5 };
  const targets = retinaTargets(Float32Array.of(0, 0, 8, 8), new Float32Array(0), new Int32Array(0), options);
  assertEquals(targets, { labels: Int32Array.of(5), deltas: new Float32Array(4), positives: 0 });
});

Deno.test("retinaTargets() follows a permutation of the boxes", () => {
  const canvas = { heightPx: 64, widthPx: 64 };
  const anchors = pyramidAnchors([3, 4], canvas, { anchorScale: 3, scalesPerOctave: 1, aspectRatios: [1] });
  const a = [3, 5, 30, 28], b = [35, 33, 60, 61], c = [4, 40, 24, 60];
  const options = { ...thresholds, classCount: 3 };
  const one = retinaTargets(anchors, Float32Array.of(...a, ...b, ...c), Int32Array.of(0, 1, 2), options);
  const two = retinaTargets(anchors, Float32Array.of(...c, ...a, ...b), Int32Array.of(2, 0, 1), options);
  assert(one.positives > 3);
  assertEquals(one, two);
});

Deno.test("retinaTargets() says what does not fit", () => {
  const boxes = Float32Array.of(0, 0, 8, 8);
  const options = { ...thresholds, classCount: 2 };
  assertThrows(
    () => retinaTargets(boxes, boxes, new Int32Array(2), options),
    RangeError,
    "classIndices must have one entry a box: lengths are 2 and 1",
  );
  assertThrows(
    () => retinaTargets(boxes, boxes, Int32Array.of(2), options),
    RangeError,
    "classes must be in 0..1: classIndices[0] is 2",
  );
  assertThrows(
    () => matchAnchors(boxes, boxes, { foregroundIou: 0.3, backgroundIou: 0.4 }),
    RangeError,
    "backgroundIou must be <= foregroundIou: current values are 0.4 and 0.3",
  );
});
