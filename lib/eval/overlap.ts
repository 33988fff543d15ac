/**
 * Overlap in float64 and COCO's box layout, so that results equal those of COCO's own tool to the last bit.
 *
 * @module
 */

/**
 * Intersection over union of two boxes of flat arrays, or over the first box's area alone.
 *
 * @param detections `[N, 4]` x, y, width, height.
 * @param i Which detection.
 * @param truths `[M, 4]` x, y, width, height.
 * @param j Which ground-truth box.
 * @param isCrowd Whether box j is a crowd, whose own area then does not matter.
 */
export function overlapAt(
  detections: Float64Array,
  i: number,
  truths: Float64Array,
  j: number,
  isCrowd: boolean,
): number {
  const a = 4 * i, b = 4 * j;
  const width = Math.min(detections[a] + detections[a + 2], truths[b] + truths[b + 2]) -
    Math.max(detections[a], truths[b]);
  if (width <= 0) return 0;
  const height = Math.min(detections[a + 1] + detections[a + 3], truths[b + 1] + truths[b + 3]) -
    Math.max(detections[a + 1], truths[b + 1]);
  if (height <= 0) return 0;
  const intersection = width * height;
  const area = detections[a + 2] * detections[a + 3];
  return intersection / (isCrowd ? area : area + truths[b + 2] * truths[b + 3] - intersection);
}
