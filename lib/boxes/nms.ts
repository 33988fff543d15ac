/**
 * Greedy non-maximum suppression: of boxes that overlap, the one with the best score stays.
 *
 * @module
 */
import { boxCount } from "./box.ts";
import { sortByScore } from "./score_order.ts";

/**
 * Suppresses a box if it overlaps a kept one by more than the threshold (an IoU equal to it is kept, as in
 * torchvision). Of boxes with equal scores the earlier row comes first.
 *
 * @param boxesXyxy `[N, 4]`.
 * @param scores `[N]`, none NaN.
 * @param iouThreshold Overlap from which a box is suppressed.
 * @param maxKept Stop after so many; by default never.
 * @returns Rows kept, best first.
 * @throws {RangeError} If lengths disagree or a score is NaN.
 *
 * @example Boxes that overlap
 * ```ts
 * import { iouMatrix, nms } from "@detnas/detnas/train";
 *
 * const boxesXyxy = Float32Array.of(0, 0, 10, 10, 1, 0, 11, 10, 20, 20, 30, 30); // [3, 4]
 * console.log([...iouMatrix(boxesXyxy.subarray(0, 4), boxesXyxy)].map((iou) => iou.toFixed(2))); // [ "1.00", "0.82", "0.00" ]
 * console.log([...nms(boxesXyxy, Float32Array.of(0.8, 0.9, 0.3), 0.5)]); // [ 1, 2 ]
 * ```
 */
export function nms(
  boxesXyxy: Float32Array,
  scores: Float32Array,
  iouThreshold: number,
  maxKept = Infinity,
): Uint32Array {
  return classWiseNms(boxesXyxy, scores, new Int32Array(scores.length), iouThreshold, maxKept);
}

/**
 * As {@linkcode nms}, but boxes suppress only boxes of their own class.
 *
 * @param boxesXyxy `[N, 4]`.
 * @param scores `[N]`, none NaN.
 * @param classIndices `[N]`, at least 0.
 * @param iouThreshold Overlap from which a box is suppressed.
 * @param maxKept Stop after so many over all classes; by default never.
 * @returns Rows kept, best first over all classes.
 * @throws {RangeError} If lengths disagree or a score is NaN.
 */
export function classWiseNms(
  boxesXyxy: Float32Array,
  scores: Float32Array,
  classIndices: Int32Array,
  iouThreshold: number,
  maxKept = Infinity,
): Uint32Array {
  checkRows(boxesXyxy, scores, classIndices);
  const order = sortByScore(new Uint32Array(scores.length).map((_, row) => row), scores);
  const kept: number[] = [];
  const rivalsByClass = new Map<number, number[]>();
  for (let i = 0; i < order.length && kept.length < maxKept; i++) {
    const row = order[i];
    let rivals = rivalsByClass.get(classIndices[row]);
    if (rivals === undefined) rivalsByClass.set(classIndices[row], rivals = []);
    if (addUnlessOverlapping(rivals, boxesXyxy, row, iouThreshold)) kept.push(row);
  }
  return Uint32Array.from(kept);
}

/**
 * Adds a box to the kept ones of its class, five numbers each: x1, y1, x2, y2 and area. The hot loop of a two-stage
 * detector's host side: a thousand candidates a level, each against hundreds.
 *
 * @returns Whether it was added.
 */
function addUnlessOverlapping(
  kept: number[],
  boxes: Float32Array,
  row: number,
  iouThreshold: number,
): boolean {
  const x1 = boxes[4 * row], y1 = boxes[4 * row + 1], x2 = boxes[4 * row + 2], y2 = boxes[4 * row + 3];
  const area = (x2 - x1) * (y2 - y1);
  for (let k = 0; k < kept.length; k += 5) {
    const width = (x2 < kept[k + 2] ? x2 : kept[k + 2]) - (x1 > kept[k] ? x1 : kept[k]);
    if (width <= 0) continue;
    const height = (y2 < kept[k + 3] ? y2 : kept[k + 3]) - (y1 > kept[k + 1] ? y1 : kept[k + 1]);
    if (height <= 0) continue;
    const intersection = width * height;
    if (intersection / (area + kept[k + 4] - intersection) > iouThreshold) return false;
  }
  kept.push(x1, y1, x2, y2, area);
  return true;
}

function checkRows(boxes: Float32Array, scores: Float32Array, classIndices: Int32Array): void {
  const count = boxCount(boxes);
  if (scores.length !== count || classIndices.length !== count) {
    throw new RangeError(
      `Cannot suppress boxes as boxes, scores and classes must be equally many: they are ${count}, ${scores.length} and ${classIndices.length}`,
    );
  }
  const row = scores.findIndex(Number.isNaN);
  if (row >= 0) {
    throw new RangeError(`Cannot suppress boxes as scores must be numbers: scores[${row}] is NaN`);
  }
}
