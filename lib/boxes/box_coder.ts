/**
 * Boxes as offsets from anchors, which is what a box head learns (R-CNN, Girshick et al. 2014, appendix C).
 *
 * @module
 */
import { boxCount } from "./box.ts";

/** What dx, dy, dw and dh are multiplied by, so that each has about unit variance as a target. */
export type BoxWeights = readonly [number, number, number, number];

/** The weights of R-CNN's descendants, and of the RetinaNet that DetNAS's authors trained. */
export const boxWeights: BoxWeights = [10, 10, 5, 5];

/** The weights of region proposals (Ren et al. 2015, eq. 2 as it stands). */
export const proposalWeights: BoxWeights = [1, 1, 1, 1];

/**
 * Largest dw and dh (after division by their weight) that decoding believes: e^4.135 = 62.5 turns an anchor of
 * 16 px into 1,000 px, and the exponential of anything larger would only overflow.
 */
export const maxLogScale: number = Math.log(1000 / 16);

/**
 * Encodes boxes relative to anchors, row by row:
 * dx = wx (x - xa) / wa, dy = wy (y - ya) / ha, dw = ww log(w / wa), dh = wh log(h / ha), with (x, y) centres.
 *
 * @param anchorsXyxy `[R, 4]`.
 * @param boxesXyxy `[R, 4]`, one a row of anchors.
 * @param weights Multipliers of dx, dy, dw, dh.
 * @returns Deltas `[R, 4]` float32.
 * @throws {RangeError} If the lengths disagree, or an anchor or box has no area.
 */
export function encodeBoxes(
  anchorsXyxy: Float32Array,
  boxesXyxy: Float32Array,
  weights: BoxWeights = boxWeights,
): Float32Array {
  checkSameLength("encode boxes", "boxesXyxy", boxesXyxy, anchorsXyxy);
  const deltas = new Float32Array(anchorsXyxy.length);
  for (let i = 0; i < boxCount(anchorsXyxy, "anchorsXyxy"); i++) {
    encodeBoxAt(anchorsXyxy, i, boxesXyxy, i, weights, deltas);
  }
  return deltas;
}

/**
 * Decodes deltas, the inverse of {@linkcode encodeBoxes}, but that no side becomes more than 1000 / 16 times its anchor's.
 *
 * @param anchorsXyxy `[R, 4]`.
 * @param deltas `[R, 4]`.
 * @param weights Those of the encoding.
 * @returns Boxes `[R, 4]` float32 x1, y1, x2, y2, not clipped to any image.
 * @throws {RangeError} If the lengths disagree.
 */
export function decodeBoxes(
  anchorsXyxy: Float32Array,
  deltas: Float32Array,
  weights: BoxWeights = boxWeights,
): Float32Array {
  checkSameLength("decode boxes", "deltas", deltas, anchorsXyxy);
  const boxes = new Float32Array(anchorsXyxy.length);
  for (let i = 0; i < boxCount(anchorsXyxy, "anchorsXyxy"); i++) {
    decodeBoxAt(anchorsXyxy, i, deltas, i, weights, boxes, i);
  }
  return boxes;
}

/**
 * Encodes box `j` relative to anchor `i` into row `i` of `deltas`; for the few anchors that have a box.
 *
 * @throws {RangeError} If the anchor or box has no area, whose logarithm would be infinite.
 */
export function encodeBoxAt(
  anchorsXyxy: Float32Array,
  i: number,
  boxesXyxy: Float32Array,
  j: number,
  weights: BoxWeights,
  deltas: Float32Array,
): void {
  const a = 4 * i;
  const b = 4 * j;
  const anchorWidth = anchorsXyxy[a + 2] - anchorsXyxy[a];
  const anchorHeight = anchorsXyxy[a + 3] - anchorsXyxy[a + 1];
  const width = boxesXyxy[b + 2] - boxesXyxy[b];
  const height = boxesXyxy[b + 3] - boxesXyxy[b + 1];
  if (!(width > 0 && height > 0)) throw withoutArea("boxesXyxy", boxesXyxy, j);
  if (!(anchorWidth > 0 && anchorHeight > 0)) throw withoutArea("anchorsXyxy", anchorsXyxy, i);
  const shiftX = boxesXyxy[b] + width / 2 - (anchorsXyxy[a] + anchorWidth / 2);
  const shiftY = boxesXyxy[b + 1] + height / 2 - (anchorsXyxy[a + 1] + anchorHeight / 2);
  deltas[a] = weights[0] * shiftX / anchorWidth;
  deltas[a + 1] = weights[1] * shiftY / anchorHeight;
  deltas[a + 2] = weights[2] * Math.log(width / anchorWidth);
  deltas[a + 3] = weights[3] * Math.log(height / anchorHeight);
}

/** Decodes row `k` of `deltas` at anchor `i` into row `j` of `boxes`; for the few rows that are detections. */
export function decodeBoxAt(
  anchorsXyxy: Float32Array,
  i: number,
  deltas: Float32Array,
  k: number,
  weights: BoxWeights,
  boxes: Float32Array,
  j: number,
): void {
  const a = 4 * i;
  const d = 4 * k;
  const b = 4 * j;
  const anchorWidth = anchorsXyxy[a + 2] - anchorsXyxy[a];
  const anchorHeight = anchorsXyxy[a + 3] - anchorsXyxy[a + 1];
  const x = anchorsXyxy[a] + anchorWidth / 2 + deltas[d] / weights[0] * anchorWidth;
  const y = anchorsXyxy[a + 1] + anchorHeight / 2 + deltas[d + 1] / weights[1] * anchorHeight;
  const width = anchorWidth * Math.exp(Math.min(deltas[d + 2] / weights[2], maxLogScale));
  const height = anchorHeight * Math.exp(Math.min(deltas[d + 3] / weights[3], maxLogScale));
  boxes[b] = x - width / 2;
  boxes[b + 1] = y - height / 2;
  boxes[b + 2] = x + width / 2;
  boxes[b + 3] = y + height / 2;
}

function checkSameLength(action: string, name: string, rows: Float32Array, anchors: Float32Array): void {
  if (rows.length !== anchors.length) {
    throw new RangeError(
      `Cannot ${action} as ${name} must be as long as anchorsXyxy: lengths are ${rows.length} and ${anchors.length}`,
    );
  }
}

function withoutArea(name: string, boxes: Float32Array, row: number): RangeError {
  return new RangeError(
    `Cannot encode boxes as widths and heights must be > 0: ${name}[${row}] is ${
      boxes.subarray(4 * row, 4 * row + 4)
    }`,
  );
}
