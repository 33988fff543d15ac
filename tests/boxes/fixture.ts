/**
 * Reads the golden numbers of boxes.
 *
 * @module
 */

/** A stored array. */
export interface StoredArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** `ops_boxes.json`: torchvision's numbers. */
export interface GoldenBoxes {
  readonly boxCoder: {
    readonly weights: readonly [number, number, number, number];
    readonly anchors: StoredArray;
    readonly boxes: StoredArray;
    readonly deltas: StoredArray;
    readonly clampedDeltas: StoredArray;
    readonly decodedClamped: StoredArray;
    readonly clamp: number;
  };
  readonly nms: {
    readonly boxes: StoredArray;
    readonly scores: StoredArray;
    readonly classes: readonly number[];
    readonly iouThreshold: number;
    readonly keptClassWise: readonly number[];
    readonly kept: readonly number[];
    readonly iou: StoredArray;
  };
}

/** Parses `tests/fixtures/ops_boxes.json`. */
export async function goldenBoxes(): Promise<GoldenBoxes> {
  return JSON.parse(await Deno.readTextFile(new URL("../fixtures/ops_boxes.json", import.meta.url)));
}
