/**
 * Resizes a window of an image in plain memory. Crops, scale jitter and evaluation's centre crop are all one
 * call of this, so no image is resampled twice after decoding.
 *
 * @module
 */
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

/** Which pixels make one output pixel along one axis, and with what weights. */
interface Taps {
  /** `[size]`: the first source pixel. */
  readonly first: Int32Array;
  /** `[size, width]`: weights, sum 1, zero past the window. */
  readonly weights: Float32Array;
  readonly width: number;
}

/**
 * Bilinear resize with a triangle filter that widens when the window shrinks (antialiasing, as Pillow's
 * `BILINEAR`). Pixels outside the window do not bleed in.
 *
 * @param image `[height, width, 3]` uint8.
 * @param window What part of it; by default all.
 * @param widthPx Width of the result.
 * @param heightPx Height of the result.
 * @returns A new image, or the same one where nothing changes.
 */
export function resample(
  image: RgbImage,
  widthPx: number,
  heightPx: number,
  window: PixelWindow = { x: 0, y: 0, width: image.width, height: image.height },
): RgbImage {
  const isWhole = window.width === image.width && window.height === image.height;
  if (isWhole && widthPx === image.width && heightPx === image.height) return image;
  const across = taps(window.x, window.width, image.width, widthPx);
  const down = taps(window.y, window.height, image.height, heightPx);
  const firstRow = down.first[0];
  const rows = Math.min(image.height, down.first[heightPx - 1] + down.width) - firstRow;
  const squeezed = resampleRows(image, across, widthPx, firstRow, rows);
  return {
    width: widthPx,
    height: heightPx,
    data: resampleColumns(squeezed, down, widthPx, heightPx, firstRow),
  };
}

function taps(start: number, length: number, limit: number, size: number): Taps {
  const scale = length / size;
  const support = Math.max(1, scale); // half the triangle's base
  const low = Math.max(0, Math.floor(start));
  const high = Math.min(limit, Math.ceil(start + length)); // past the last pixel
  const width = Math.min(Math.ceil(2 * support), high - low);
  const first = new Int32Array(size);
  const weights = new Float32Array(size * width);
  for (let i = 0; i < size; i++) {
    const centre = start + (i + 0.5) * scale;
    first[i] = Math.min(Math.max(low, Math.floor(centre - support + 0.5)), high - width);
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const weight = Math.max(0, 1 - Math.abs(first[i] + k + 0.5 - centre) / support);
      weights[i * width + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < width; k++) weights[i * width + k] /= sum;
  }
  return { first, weights, width };
}

/** `[rows, widthPx, 3]` float32. */
function resampleRows(
  image: RgbImage,
  taps: Taps,
  widthPx: number,
  firstRow: number,
  rows: number,
): Float32Array {
  const { data, width } = image;
  const { first, weights, width: tapCount } = taps; // locals: the inner loop runs a million times
  const out = new Float32Array(rows * widthPx * 3);
  for (let y = 0, to = 0; y < rows; y++) {
    const row = (firstRow + y) * width;
    for (let x = 0, k = 0; x < widthPx; x++, to += 3) {
      let from = (row + first[x]) * 3;
      let red = 0, green = 0, blue = 0;
      for (const end = k + tapCount; k < end; k++, from += 3) {
        const weight = weights[k];
        red += weight * data[from];
        green += weight * data[from + 1];
        blue += weight * data[from + 2];
      }
      out[to] = red;
      out[to + 1] = green;
      out[to + 2] = blue;
    }
  }
  return out;
}

/** `[heightPx, widthPx, 3]` uint8, rounded to nearest. */
function resampleColumns(
  rows: Float32Array,
  taps: Taps,
  widthPx: number,
  heightPx: number,
  firstRow: number,
): Uint8Array {
  const { first, weights, width: tapCount } = taps;
  const stride = widthPx * 3;
  const out = new Uint8Array(heightPx * stride);
  const sums = new Float32Array(stride); // row by row, so that memory is read in order
  for (let y = 0; y < heightPx; y++) {
    sums.fill(0.5); // rounds on truncation; weights sum to 1, so values stay within 0..255
    for (let k = 0, from = (first[y] - firstRow) * stride; k < tapCount; k++, from += stride) {
      const weight = weights[y * tapCount + k];
      for (let i = 0; i < stride; i++) sums[i] += weight * rows[from + i];
    }
    out.set(sums, y * stride);
  }
  return out;
}
