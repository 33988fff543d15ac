import { assertEquals, assertThrows } from "@std/assert";
import { encodeBoxes } from "../../lib/boxes/box_coder.ts";
import type { HeadTargets } from "../../lib/train/one_stage_detector.ts";
import { matchedTargets } from "../../lib/train/matched_targets.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";

await useCpuBackend();

const anchors = Float32Array.of(0, 0, 8, 8, 8, 0, 16, 8, 0, 8, 8, 16);
const boxes = Float32Array.of(1, 1, 5, 7, 8, 2, 14, 9);

/** Two images, of which the second has both boxes. */
function targets(assign: (boxXyxy: Float32Array) => number[]): HeadTargets {
  const placement = { widthPx: 16, heightPx: 16, scaleX: 1, scaleY: 1 };
  return matchedTargets(
    {
      images: new Uint8Array(2 * 16 * 16 * 3),
      shape: [2, 16, 16, 3],
      placements: [placement, placement],
      boxesXyxy: [new Float32Array(), boxes],
      classIndices: [new Int32Array(), Int32Array.of(4, 2)],
      ids: ["a", "b"],
    },
    anchors,
    5,
    assign,
  );
}

Deno.test("matchedTargets() gives an object's class and deltas to its anchors, and background to the others", () => {
  const { tensors: [labels, deltas], positives } = targets(([x1]) => x1 === 1 ? [0, 2] : [1]);
  assertEquals(Array.from(labels.dataSync()), [5, 5, 5, 4, 2, 4]);
  assertEquals(positives, 3);
  const [zero, own] = [new Float32Array(12), Float32Array.of(...boxes, ...boxes.subarray(0, 4))];
  assertEquals(Array.from(deltas.dataSync()), [...zero, ...encodeBoxes(anchors, own)]);
});

Deno.test("matchedTargets() gives a contested anchor to the later object", () => {
  const { tensors: [labels], positives } = targets(() => [1]);
  assertEquals([Array.from(labels.dataSync()), positives], [[5, 5, 5, 5, 2, 5], 1]);
});

Deno.test("matchedTargets() refuses what is no anchor", () => {
  for (const anchor of [3, -1, 0.5]) {
    assertThrows(
      () => targets(() => [anchor]),
      RangeError,
      `Cannot match an object as its anchor must be a whole number from 0 to 2: it is ${anchor}`,
    );
  }
});
