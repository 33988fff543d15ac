/**
 * Greedy non-maximum suppression: of boxes that overlap, the one with the best score stays.
 *
 * @module
 */
import { boxCount } from "./box.ts";
import { iouAt } from "./iou.ts";
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
 * @throws RangeError if lengths disagree or a score is NaN.
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
 * @throws RangeError if lengths disagree or a score is NaN.
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
  const keptByClass = new Map<number, number[]>();
  for (let i = 0; i < order.length && kept.length < maxKept; i++) {
    const row = order[i];
    const rivals = keptByClass.get(classIndices[row]) ?? [];
    if (rivals.some((rival) => iouAt(boxesXyxy, row, boxesXyxy, rival) > iouThreshold)) continue;
    kept.push(row);
    rivals.push(row);
    keptByClass.set(classIndices[row], rivals);
  }
  return Uint32Array.from(kept);
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
