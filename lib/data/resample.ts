/**
 * Resizes a window of an image in plain memory. Crops, scale jitter and evaluation's centre crop are all one
 * call of this, so no image is resampled twice after decoding.
 *
 * @module
 */
import { type Taps, tapsSum, weightedSums } from "./pixels.ts";
import type { RgbImage } from "./sample.ts";

/** A window of an image, in pixels; edges may lie between pixels but not outside the image. */
export interface PixelWindow {
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Right edge minus left. */
  readonly width: number;
  /** Bottom edge minus top. */
  readonly height: number;
}

/** How an image is turned after resizing. */
export interface Turn {
  /** Left and right change sides. */
  readonly isMirrored: boolean;
  /** Top and bottom change sides. */
  readonly isUpsideDown: boolean;
}

/**
 * Bilinear resize with a triangle filter that widens when the window shrinks (antialiasing, as Pillow's
 * `BILINEAR`). Pixels outside the window do not bleed in. Weights are whole numbers, so all machines give the same bytes.
 *
 * @param image `[height, width, 3]` uint8.
 * @param widthPx Width of the result.
 * @param heightPx Height of the result.
 * @param window What part of it; by default all.
 * @param turn By default none.
 * @returns A new image, or the same one where nothing changes.
 */
export function resample(
  image: RgbImage,
  widthPx: number,
  heightPx: number,
  window: PixelWindow = { x: 0, y: 0, width: image.width, height: image.height },
  turn: Turn = { isMirrored: false, isUpsideDown: false },
): RgbImage {
  const isWhole = window.width === image.width && window.height === image.height;
  const isTurned = turn.isMirrored || turn.isUpsideDown;
  if (isWhole && !isTurned && widthPx === image.width && heightPx === image.height) return image;
  const top = Math.max(0, Math.floor(window.y));
  const bottom = Math.min(image.height, Math.ceil(window.y + window.height));
  const rows = image.data.subarray(top * image.width * 3, bottom * image.width * 3);
  const across = taps(window.x, window.width, image.width, widthPx, turn.isMirrored);
  const down = taps(window.y - top, window.height, bottom - top, heightPx, turn.isUpsideDown);
  return { width: widthPx, height: heightPx, data: weightedSums(rows, image.width, across, down) };
}

function taps(start: number, length: number, limit: number, size: number, isReversed: boolean): Taps {
  const scale = length / size;
  const support = Math.max(1, scale); // half the triangle's base
  const low = Math.max(0, Math.floor(start));
  const high = Math.min(limit, Math.ceil(start + length)); // past the last pixel
  const width = Math.min(Math.ceil(2 * support), high - low);
  const pairs = (width + 1) >> 1;
  const first = new Int32Array(size);
  const weights = new Int16Array(size * pairs * 2);
  const exact = new Float64Array(width);
  for (let i = 0; i < size; i++) {
    const centre = start + (i + 0.5) * scale;
    const to = isReversed ? size - 1 - i : i;
    first[to] = Math.min(Math.max(low, Math.floor(centre - support + 0.5)), high - width);
    for (let k = 0; k < width; k++) {
      exact[k] = Math.max(0, 1 - Math.abs(first[to] + k + 0.5 - centre) / support);
    }
    toWholeNumbers(exact, weights, to * pairs * 2);
  }
  return { first, weights, pairs };
}

/** Scales weights to a sum of exactly {@linkcode tapsSum}; each rounding's error goes into the next weight's. */
function toWholeNumbers(exact: Float64Array, target: Int16Array, offset: number): void {
  const scale = tapsSum / exact.reduce((sum, weight) => sum + weight, 0);
  let [before, after] = [0, 0]; // running sums, exact and rounded
  for (let k = 0; k < exact.length; k++) {
    before += exact[k] * scale;
    const rounded = Math.round(before);
    target[offset + k] = rounded - after;
    after = rounded;
  }
}
