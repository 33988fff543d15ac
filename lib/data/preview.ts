/**
 * Small encoded pictures of samples, for people to look at.
 *
 * @module
 */
import sharp from "sharp";
import { readImage } from "./decode.ts";
import type { ImageSource } from "./sample.ts";

/** An encoded picture and its size relative to the original. */
export interface Preview {
  /** JPEG. */
  readonly bytes: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Preview pixels per original pixel; boxes are multiplied by it. */
  readonly scale: number;
}

/**
 * Encodes a sample as a JPEG whose longer side is at most a limit. The image is the detector's: stored
 * orientation, transparency on white.
 *
 * @throws What {@linkcode readImage} throws.
 */
export async function encodePreview(
  source: ImageSource,
  maxPixels: number,
  longerSidePx: number,
): Promise<Preview> {
  const { data, width, height } = await readImage(source, { maxPixels });
  const scale = Math.min(1, longerSidePx / Math.max(width, height));
  const { data: bytes, info } = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)), { fit: "fill" })
    .jpeg({ quality: 85 })
    .toBuffer({ resolveWithObject: true });
  return { bytes: new Uint8Array(bytes), widthPx: info.width, heightPx: info.height, scale };
}

/** An encoded drawing. */
export type Drawing = Omit<Preview, "scale">;

/** An SVG's pixels an inch, which make one of its units one pixel. */
const unitDensity = 72;

/**
 * A drawing as a JPEG on white.
 *
 * @param svg One `svg` element with a width and a height that needs nothing from elsewhere; its text is set in the
 * machine's fonts.
 * @param scale Pixels a unit of the drawing.
 * @throws {Error} If it can't be parsed.
 */
export async function encodeDrawing(svg: string, scale: number): Promise<Drawing> {
  const drawn = sharp(new TextEncoder().encode(svg), { density: unitDensity * scale });
  const { data, info } = await drawn.flatten({ background: "#fff" }).jpeg({ quality: 85 })
    .toBuffer({ resolveWithObject: true });
  return { bytes: new Uint8Array(data), widthPx: info.width, heightPx: info.height };
}
