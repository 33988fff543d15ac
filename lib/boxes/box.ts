/**
 * Boxes in bulk: flat `[N, 4]` arrays of x1, y1, x2, y2 in pixels, where x2 and y2 are past the last pixel.
 * Every function returns a new array and leaves its input as it was.
 *
 * @module
 */

/**
 * The number of boxes in a flat array.
 *
 * @param boxes `[N, 4]`.
 * @param name What the array is called in the caller's message.
 * @throws {RangeError} If the length is no multiple of 4.
 */
export function boxCount(boxes: ArrayLike<number>, name = "boxesXyxy"): number {
  if (boxes.length % 4 !== 0) {
    throw new RangeError(
      `Cannot read ${name} as its length must be a multiple of 4: current length is ${boxes.length}`,
    );
  }
  return boxes.length / 4;
}

/**
 * Areas in square pixels; a box turned inside out has area 0.
 *
 * @param boxesXyxy `[N, 4]`.
 * @returns `[N]` float32.
 */
export function boxAreas(boxesXyxy: Float32Array): Float32Array {
  const areas = new Float32Array(boxCount(boxesXyxy));
  for (let i = 0, at = 0; i < areas.length; i++, at += 4) {
    areas[i] = Math.max(0, boxesXyxy[at + 2] - boxesXyxy[at]) *
      Math.max(0, boxesXyxy[at + 3] - boxesXyxy[at + 1]);
  }
  return areas;
}

/**
 * Clips boxes to an image; what lies wholly outside becomes a box without area on the border.
 *
 * @param boxesXyxy `[N, 4]`.
 * @param size The image's size.
 * @returns `[N, 4]` float32 with x in 0..widthPx and y in 0..heightPx.
 * @throws {RangeError} If the length is no multiple of 4.
 */
export function clipBoxes(
  boxesXyxy: Float32Array,
  size: { readonly widthPx: number; readonly heightPx: number },
): Float32Array {
  boxCount(boxesXyxy);
  return boxesXyxy.map((value, i) =>
    Math.min(Math.max(value, 0), i % 2 === 0 ? size.widthPx : size.heightPx)
  );
}

/**
 * Corner and size to two corners.
 *
 * @param boxesXywh `[N, 4]` x1, y1, width, height (COCO's layout).
 * @returns `[N, 4]` float32 x1, y1, x2, y2.
 */
export function xywhToXyxy(boxesXywh: Float32Array): Float32Array {
  boxCount(boxesXywh, "boxesXywh");
  return boxesXywh.map((value, i) => i % 4 < 2 ? value : boxesXywh[i - 2] + value);
}

/**
 * Two corners to corner and size.
 *
 * @param boxesXyxy `[N, 4]` x1, y1, x2, y2.
 * @returns `[N, 4]` float32 x1, y1, width, height.
 */
export function xyxyToXywh(boxesXyxy: Float32Array): Float32Array {
  boxCount(boxesXyxy);
  return boxesXyxy.map((value, i) => i % 4 < 2 ? value : value - boxesXyxy[i - 2]);
}

/**
 * Boxes after their image was resized.
 *
 * @param boxesXyxy `[N, 4]`.
 * @param scaleX New width over old width.
 * @param scaleY New height over old height.
 * @returns `[N, 4]` float32.
 */
export function scaleBoxes(boxesXyxy: Float32Array, scaleX: number, scaleY: number): Float32Array {
  boxCount(boxesXyxy);
  return boxesXyxy.map((value, i) => value * (i % 2 === 0 ? scaleX : scaleY));
}

/**
 * Boxes after their image was mirrored left to right.
 *
 * @param boxesXyxy `[N, 4]`.
 * @param widthPx The image's width.
 * @returns `[N, 4]` float32.
 */
export function flipBoxesHorizontally(boxesXyxy: Float32Array, widthPx: number): Float32Array {
  boxCount(boxesXyxy);
  // The right edge becomes the left one, so x1 and x2 change places.
  return boxesXyxy.map((value, i) => i % 2 === 1 ? value : widthPx - boxesXyxy[i ^ 2]);
}

/**
 * Boxes after their image was mirrored top to bottom.
 *
 * @param boxesXyxy `[N, 4]`.
 * @param heightPx The image's height.
 * @returns `[N, 4]` float32.
 */
export function flipBoxesVertically(boxesXyxy: Float32Array, heightPx: number): Float32Array {
  boxCount(boxesXyxy);
  return boxesXyxy.map((value, i) => i % 2 === 0 ? value : heightPx - boxesXyxy[i ^ 2]);
}

/** Clips box `i` to an image, in place. */
export function clipBoxAt(
  boxesXyxy: Float32Array,
  i: number,
  size: { readonly widthPx: number; readonly heightPx: number },
): void {
  for (let at = 4 * i; at < 4 * i + 4; at++) {
    boxesXyxy[at] = Math.min(Math.max(boxesXyxy[at], 0), at % 2 === 0 ? size.widthPx : size.heightPx);
  }
}

/** Whether box `i` has an area. */
export function hasAreaAt(boxesXyxy: Float32Array, i: number): boolean {
  return boxesXyxy[4 * i + 2] > boxesXyxy[4 * i] && boxesXyxy[4 * i + 3] > boxesXyxy[4 * i + 1];
}

/**
 * Some of many boxes, in the order of the rows.
 *
 * @returns `[rows, 4]`, a copy.
 */
export function takeBoxes(boxesXyxy: Float32Array, rows: ArrayLike<number>): Float32Array {
  const taken = new Float32Array(4 * rows.length);
  for (let i = 0; i < rows.length; i++) {
    taken.set(boxesXyxy.subarray(4 * rows[i], 4 * rows[i] + 4), 4 * i);
  }
  return taken;
}

/** Arrays, of boxes or of anything, one after the other; a copy. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
