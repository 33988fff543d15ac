/**
 * Overlap of boxes: intersection over union (Jaccard index), and COCO's variant for crowds.
 *
 * @module
 */
import { boxCount } from "./box.ts";

/**
 * Intersection over union of every box with every other; 0 where both have no area.
 *
 * @param boxesXyxy `[N, 4]`.
 * @param othersXyxy `[M, 4]`.
 * @returns `[N, M]` float32 in 0..1, row by row.
 * @throws {RangeError} If a length is no multiple of 4.
 */
export function iouMatrix(boxesXyxy: Float32Array, othersXyxy: Float32Array): Float32Array {
  return overlapMatrix(boxesXyxy, othersXyxy, (intersection, area, other) => {
    const union = area + other - intersection;
    return intersection / union;
  });
}

/**
 * Overlap of detections with crowd regions: intersection over the detection's own area, as COCO's evaluation
 * defines it, so that a detection inside a crowd counts as wholly explained by it.
 *
 * @param detectionsXyxy `[N, 4]`.
 * @param crowdsXyxy `[M, 4]`.
 * @returns `[N, M]` float32 in 0..1, row by row.
 * @throws {RangeError} If a length is no multiple of 4.
 */
export function crowdIouMatrix(detectionsXyxy: Float32Array, crowdsXyxy: Float32Array): Float32Array {
  return overlapMatrix(detectionsXyxy, crowdsXyxy, (intersection, area) => intersection / area);
}

function overlapMatrix(
  boxes: Float32Array,
  others: Float32Array,
  ratio: (intersection: number, boxArea: number, otherArea: number) => number,
): Float32Array {
  const rows = boxCount(boxes);
  const columns = boxCount(others, "othersXyxy");
  const matrix = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const intersection = intersectionAt(boxes, 4 * i, others, 4 * j);
      if (intersection === 0) continue;
      matrix[i * columns + j] = ratio(intersection, areaAt(boxes, 4 * i), areaAt(others, 4 * j));
    }
  }
  return matrix;
}

function intersectionAt(a: Float32Array, i: number, b: Float32Array, j: number): number {
  const width = Math.min(a[i + 2], b[j + 2]) - Math.max(a[i], b[j]);
  if (width <= 0) return 0;
  const height = Math.min(a[i + 3], b[j + 3]) - Math.max(a[i + 1], b[j + 1]);
  return height <= 0 ? 0 : width * height;
}

function areaAt(boxes: Float32Array, at: number): number {
  return (boxes[at + 2] - boxes[at]) * (boxes[at + 3] - boxes[at + 1]);
}
