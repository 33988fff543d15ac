import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { anchorsPerLevel, pyramidAnchors } from "../../lib/boxes/anchors.ts";
import { clipBoxes } from "../../lib/boxes/box.ts";
import { decodeBoxes } from "../../lib/boxes/box_coder.ts";
import { decodeDetections, type RetinaOutputs } from "../../lib/boxes/detections.ts";
import { classWiseNms } from "../../lib/boxes/nms.ts";

const image = { widthPx: 100, heightPx: 50 };
const options = { scoreThreshold: 0.5, nmsIou: 0.5, candidatesPerLevel: 1000, maxDetections: 100 };

function outputs(anchors: number[][], logits: number[][], levels = [anchors.length]): RetinaOutputs {
  return {
    logits: Float32Array.from(logits.flat()),
    deltas: new Float32Array(4 * anchors.length),
    anchorsXyxy: Float32Array.from(anchors.flat()),
    anchorsPerLevel: levels,
  };
}

Deno.test("decodeDetections() takes classes above the threshold, decoded, clipped, best first", () => {
  const found = decodeDetections(
    outputs([[10, 10, 20, 20], [90, 40, 120, 60]], [[1, -1], [-0.1, 2]]),
    image,
    options,
  );
  assertEquals([...found.boxesXyxy], [90, 40, 100, 50, 10, 10, 20, 20]);
  assertEquals([...found.classIndices], [1, 0]);
  assertAlmostEquals(found.scores[0], 1 / (1 + Math.exp(-2)), 1e-6);
  assertAlmostEquals(found.scores[1], 1 / (1 + Math.exp(-1)), 1e-6);
});

Deno.test("decodeDetections() does not take a score that only equals the threshold", () => {
  assertEquals(decodeDetections(outputs([[0, 0, 9, 9]], [[0]]), image, options).scores.length, 0);
});

Deno.test("decodeDetections() lets an anchor have two classes, and a class have an object once", () => {
  const found = decodeDetections(outputs([[0, 0, 9, 9], [0, 0, 9, 9]], [[3, 2], [4, 1]]), image, options);
  assertEquals([...found.classIndices], [0, 1]);
  assertAlmostEquals(found.scores[0], 1 / (1 + Math.exp(-4)), 1e-6);
});

Deno.test("decodeDetections() limits candidates level by level, then detections", () => {
  const anchors = Array.from({ length: 6 }, (_, i) => [12 * i, 0, 12 * i + 10, 10]);
  const given = outputs(anchors, [[1], [3], [2], [2], [0.5], [0.7]], [4, 2]);
  const lefts = (more: Partial<typeof options>): number[] => {
    const { boxesXyxy } = decodeDetections(given, image, { ...options, ...more });
    return Array.from(boxesXyxy).filter((_, i) => i % 4 === 0);
  };
  assertEquals(lefts({ candidatesPerLevel: 2 }), [12, 24, 60, 48]); // of the tied 24 and 36 the earlier
  assertEquals(lefts({ maxDetections: 3 }), [12, 24, 36]);
});

Deno.test("decodeDetections() takes the best of many candidates, ties by position, whatever the limit", () => {
  const random = stream(7, "candidates");
  const anchors = Array.from({ length: 90 }, (_, i) => [i, 0, i + 0.9, 5]); // none overlaps another
  const logits = anchors.map(() => [1 + random.integer(12)]);
  const order = anchors.map((_, i) => i).sort((a, b) => logits[b][0] - logits[a][0] || a - b);
  for (const candidatesPerLevel of [1, 2, 3, 7, 20, 90, 1000]) {
    const { boxesXyxy } = decodeDetections(outputs(anchors, logits), image, {
      ...options,
      candidatesPerLevel,
    });
    const lefts = Array.from(boxesXyxy).filter((_, i) => i % 4 === 0);
    // Float32 boxes of 0.9 px have left edges a rounding away from whole numbers.
    assertEquals(lefts.map(Math.round), order.slice(0, candidatesPerLevel));
  }
});

Deno.test("decodeDetections() drops boxes that lie outside the image", () => {
  assertEquals(decodeDetections(outputs([[100, 0, 120, 9], [0, 50, 9, 60]], [[5], [5]]), image, options), {
    boxesXyxy: new Float32Array(0),
    scores: new Float32Array(0),
    classIndices: new Int32Array(0),
  });
});

Deno.test("decodeDetections() agrees with the plain way over all scores", () => {
  const random = stream(5, "outputs");
  const shape = { anchorScale: 2, scalesPerOctave: 1, aspectRatios: [0.5, 2] };
  const canvas = { heightPx: 64, widthPx: 112 };
  const anchorsXyxy = pyramidAnchors([3, 4], canvas, shape);
  const count = anchorsXyxy.length / 4;
  const logits = Float32Array.from({ length: 3 * count }, () => random.normal());
  const deltas = Float32Array.from({ length: 4 * count }, () => random.normal());
  const given = { logits, deltas, anchorsXyxy, anchorsPerLevel: anchorsPerLevel([3, 4], canvas, shape) };
  const found = decodeDetections(given, image, { ...options, scoreThreshold: 0.7 });

  const boxes = clipBoxes(decodeBoxes(anchorsXyxy, deltas), image);
  const rows = [...logits.keys()].filter((i) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * Math.floor(i / 3));
    return 1 / (1 + Math.exp(-logits[i])) > 0.7 && x2 > x1 && y2 > y1;
  });
  const candidates = Float32Array.from(rows.flatMap((i) => {
    const anchor = Math.floor(i / 3);
    return [...boxes.subarray(4 * anchor, 4 * anchor + 4)];
  }));
  const scores = Float32Array.from(rows, (i) => 1 / (1 + Math.exp(-logits[i])));
  const kept = classWiseNms(candidates, scores, Int32Array.from(rows, (i) => i % 3), 0.5, 100);
  assert(kept.length > 10 && kept.length < rows.length);
  assertEquals([...found.scores], Array.from(kept, (row) => scores[row]));
  assertEquals([...found.classIndices], Array.from(kept, (row) => rows[row] % 3));
  assertEquals(
    [...found.boxesXyxy],
    Array.from(kept, (row) => [...candidates.subarray(4 * row, 4 * row + 4)]).flat(),
  );
});

Deno.test("decodeDetections() ranks by logits where their scores round to 1", () => {
  const found = decodeDetections(outputs([[0, 0, 9, 9], [20, 0, 29, 9]], [[90], [91]]), image, options);
  assertEquals([...found.scores], [1, 1]);
  assertEquals(found.boxesXyxy[0], 20);
});

Deno.test("decodeDetections() refuses NaN, and lengths that disagree", () => {
  const given = outputs([[0, 0, 9, 9]], [[2, NaN]]);
  assertThrows(
    () => decodeDetections(given, image, options),
    RangeError,
    "logits must be numbers: logits[1] is NaN",
  );
  const broken = { ...outputs([[0, 0, 9, 9]], [[2]]), deltas: Float32Array.of(NaN, 0, 0, 0) };
  assertThrows(() => decodeDetections(broken, image, options), RangeError, "the box of anchor 0 is NaN");
  const short = { ...outputs([[0, 0, 9, 9]], [[2]]), anchorsPerLevel: [2] };
  assertThrows(() => decodeDetections(short, image, options), RangeError, "levels sum to 2");
});
