import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { type RandomStream, stream } from "../../lib/base/random.ts";
import { anchorsPerLevel, pyramidAnchors } from "../../lib/boxes/anchors.ts";
import { clipBoxes } from "../../lib/boxes/box.ts";
import { decodeBoxes, encodeBoxes, proposalWeights } from "../../lib/boxes/box_coder.ts";
import { iouMatrix } from "../../lib/boxes/iou.ts";
import {
  anchorTargets,
  type ProposalOutputs,
  repeatedBoxes,
  selectProposals,
} from "../../lib/boxes/proposals.ts";

const canvas = { heightPx: 64, widthPx: 96 };
const image = { heightPx: 60, widthPx: 80 };
const levels = [2, 4] as const;
const shape = { anchorScale: 4, scalesPerOctave: 1, aspectRatios: [0.5, 1, 2] };
const anchorsXyxy = pyramidAnchors(levels, canvas, shape);
const anchors = anchorsXyxy.length / 4;

function outputs(name: string): ProposalOutputs {
  const random = stream(1, name);
  const normals = (count: number, std: number): Float32Array =>
    Float32Array.from({ length: count }, () => std * random.normal());
  return {
    // A few values only, so that there are ties.
    logits: normals(anchors, 3).map(Math.round),
    deltas: normals(4 * anchors, 0.3),
    anchorsXyxy,
    anchorsPerLevel: anchorsPerLevel(levels, canvas, shape),
  };
}

/** The definition, with sorted lists and the whole IoU matrix. */
function byDefinition(
  given: ProposalOutputs,
  candidates: number,
  nmsIou: number,
  proposals: number,
): number[][] {
  const boxes = clipBoxes(decodeBoxes(anchorsXyxy, given.deltas, proposalWeights), image);
  const iou = iouMatrix(boxes, boxes);
  const byLogit = (a: number, b: number): number => given.logits[b] - given.logits[a] || a - b;
  const box = (row: number): number[] => [...boxes.subarray(4 * row, 4 * row + 4)];
  const kept: number[][] = [];
  let begin = 0;
  given.anchorsPerLevel.forEach((count) => {
    const rows = Array.from({ length: count }, (_, i) => begin + i).sort(byLogit).slice(0, candidates)
      .filter((row) => box(row)[2] > box(row)[0] && box(row)[3] > box(row)[1]);
    const own: number[] = [];
    for (const row of rows) {
      if (own.every((other) => iou[row * anchors + other] <= nmsIou)) own.push(row);
    }
    kept.push(own);
    begin += count;
  });
  // A stable sort: of equal logits the finer level's comes first, on one level the better one.
  return kept.flat().map((row, i) => ({ row, i }))
    .sort((a, b) => given.logits[b.row] - given.logits[a.row] || a.i - b.i)
    .slice(0, proposals).map(({ row }) => box(row));
}

function rowsOf(boxes: Float32Array): number[][] {
  return Array.from({ length: boxes.length / 4 }, (_, i) => [...boxes.subarray(4 * i, 4 * i + 4)]);
}

Deno.test("selectProposals() is what the definition gives: per level the best, decoded, clipped, suppressed; then the best", () => {
  for (const [candidatesPerLevel, nmsIou, proposals] of [[1000, 0.7, 1000], [20, 0.7, 30], [50, 0.3, 7]]) {
    const given = outputs(`outputs ${proposals}`);
    const actual = selectProposals(given, image, { candidatesPerLevel, nmsIou, proposals });
    assertEquals(rowsOf(actual), byDefinition(given, candidatesPerLevel, nmsIou, proposals));
  }
});

Deno.test("selectProposals() proposes the whole image if no anchor leads to a box within it", () => {
  const given = { ...outputs("outside"), anchorsXyxy: anchorsXyxy.map((value) => value + 1000) };
  const options = { candidatesPerLevel: 10, nmsIou: 0.7, proposals: 10 };
  assertEquals([...selectProposals(given, image, options)], [0, 0, 80, 60]);
});

Deno.test("selectProposals() refuses logits and boxes that are not numbers", () => {
  const options = { candidatesPerLevel: 10, nmsIou: 0.7, proposals: 10 };
  const given = outputs("NaN");
  given.logits[7] = NaN;
  assertThrows(() => selectProposals(given, image, options), RangeError, "logits[7] is NaN");
  given.logits[7] = 100;
  given.deltas[4 * 7 + 1] = NaN;
  assertThrows(() => selectProposals(given, image, options), RangeError, "the box of anchor 7 is NaN");
});

Deno.test("repeatedBoxes() begins anew when boxes run out, and leaves out what is too much", () => {
  const two = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assertEquals([...repeatedBoxes(two, 3)], [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4]);
  assertEquals([...repeatedBoxes(two, 1)], [1, 2, 3, 4]);
});

const sampling = { foregroundIou: 0.7, backgroundIou: 0.3, anchorsPerImage: 32, positiveShare: 0.5 };
const objects = Float32Array.of(10, 12, 27, 27, 30, 20, 62, 50, 40, 2, 48, 20);

function targets(
  boxes: Float32Array,
  random: RandomStream,
  options = sampling,
): ReturnType<typeof anchorTargets> {
  return anchorTargets(anchorsXyxy, boxes, image, options, random);
}

Deno.test("anchorTargets() draws anchors within the image only: positives with their box, and negatives", () => {
  const { labels, deltas, sampled } = targets(objects, stream(1, "anchors"));
  const iou = iouMatrix(anchorsXyxy, objects);
  assertEquals(sampled, labels.filter((label) => label >= 0).length);
  assertEquals(sampled, 32);
  let positives = 0;
  labels.forEach((label, i) => {
    const [x1, y1, x2, y2] = anchorsXyxy.subarray(4 * i, 4 * i + 4);
    const overlaps = [...iou.subarray(3 * i, 3 * i + 3)];
    const best = overlaps.indexOf(Math.max(...overlaps));
    const delta = [...deltas.subarray(4 * i, 4 * i + 4)];
    if (label >= 0) assert(x1 >= 0 && y1 >= 0 && x2 <= 80 && y2 <= 60);
    if (label === 0) assert(overlaps[best] < 0.3);
    if (label !== 1) return assertEquals(delta, [0, 0, 0, 0]);
    positives++;
    const anchor = anchorsXyxy.slice(4 * i, 4 * i + 4);
    assertEquals(delta, [...encodeBoxes(anchor, objects.slice(4 * best, 4 * best + 4), proposalWeights)]);
  });
  assert(positives >= 1 && positives <= 16, `${positives}`);
});

Deno.test("anchorTargets() takes an anchor that reaches out of the image out of the loss", () => {
  const anchor = Float32Array.of(-1, 0, 9, 10, 0, 0, 10, 10);
  const { labels } = anchorTargets(anchor, Float32Array.of(0, 0, 10, 10), image, sampling, stream(1, "edge"));
  assertEquals([...labels], [-1, 1]);
  const narrow = { widthPx: 9, heightPx: 60 };
  assertEquals(
    [...anchorTargets(anchor, Float32Array.of(0, 0, 9, 10), narrow, sampling, stream(1, "edge")).labels],
    [-1, -1],
  );
});

Deno.test("anchorTargets() without objects draws negatives alone; other streams draw others", () => {
  const none = new Float32Array(0);
  const { labels, sampled } = targets(none, stream(1, "anchors", 1));
  assertEquals([labels.filter((label) => label === 0).length, labels.includes(1), sampled], [32, false, 32]);
  assertEquals(targets(none, stream(1, "anchors", 1)).labels, labels);
  assertNotEquals(targets(none, stream(1, "anchors", 2)).labels, labels);
});
