/**
 * Rectangles and short texts as pixels, for pictures where no vectors and no native code are at hand.
 *
 * @module
 */
import { glyphColumns, glyphOf, glyphRows } from "./pixel_font.ts";
import type { RgbImage } from "../base/png.ts";

/** Columns from one character to the next: the letter and a gap. */
const pitchColumns = glyphColumns + 1;

/** An image to draw on. What lies outside is left out. */
export class PixelCanvas implements RgbImage {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly rgb: Uint8Array;

  /**
   * A white image.
   *
   * @param widthPx Its width.
   * @param heightPx Its height.
   */
  constructor(widthPx: number, heightPx: number) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.rgb = new Uint8Array(3 * widthPx * heightPx).fill(255);
  }

  /**
   * Fills a rectangle.
   *
   * @param color `#RRGGBB`.
   */
  fill(leftPx: number, topPx: number, widthPx: number, heightPx: number, color: string): void {
    const bytes = Uint8Array.fromHex(color.slice(1));
    const [left, right] = [leftPx, leftPx + widthPx].map((x) => Math.min(this.widthPx, Math.max(0, x)));
    const [top, bottom] = [topPx, topPx + heightPx].map((y) => Math.min(this.heightPx, Math.max(0, y)));
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) this.rgb.set(bytes, 3 * (y * this.widthPx + x));
    }
  }

  /**
   * Writes a text in capitals.
   *
   * @param dotPx Side of a letter's dot: letters are {@linkcode glyphRows} dots high.
   * @param color `#RRGGBB`.
   */
  write(text: string, leftPx: number, topPx: number, dotPx: number, color: string): void {
    [...text].forEach((character, i) => {
      const left = leftPx + i * pitchColumns * dotPx;
      glyphOf(character).forEach((row, y) =>
        [...row].forEach((dot, x) => {
          if (dot === "#") this.fill(left + x * dotPx, topPx + y * dotPx, dotPx, dotPx, color);
        })
      );
    });
  }
}

/** The width of a text as {@linkcode PixelCanvas.write} writes it, px. */
export function pixelTextWidth(text: string, dotPx: number): number {
  return Math.max(0, [...text].length * pitchColumns - 1) * dotPx;
}

/** The height of a text, px. */
export function pixelTextHeight(dotPx: number): number {
  return glyphRows * dotPx;
}
