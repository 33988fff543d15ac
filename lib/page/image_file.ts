/**
 * From a file that a person chose to pixels, in a browser.
 *
 * @module
 */
/// <reference lib="dom" />
import type { RgbImage } from "../data/sample.ts";

/** An image whose longer side is larger is shrunk to this by the browser: larger canvases are refused by some phones. */
const longestSidePx = 4096;

/**
 * Decodes an image that the browser can: upright, if it says how it was held, and transparency on white.
 *
 * @throws {TypeError} If the browser can't.
 */
export async function readImageFile(file: Blob, name: string): Promise<RgbImage> {
  using bitmap = await openBitmap(file, name);
  const scale = Math.min(1, longestSidePx / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap.image, 0, 0, width, height);
  return { width, height, data: withoutAlpha(context.getImageData(0, 0, width, height).data) };
}

interface OpenBitmap extends Disposable {
  readonly image: ImageBitmap;
  readonly width: number;
  readonly height: number;
}

async function openBitmap(file: Blob, name: string): Promise<OpenBitmap> {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image", premultiplyAlpha: "none" });
    return { image, width: image.width, height: image.height, [Symbol.dispose]: () => image.close() };
  } catch (cause) {
    const type = file.type === "" ? "of no type that this browser knows" : file.type;
    throw new TypeError(`Cannot read ${name} as an image: found a file ${type}, wanted a JPEG, PNG or WebP`, {
      cause,
    });
  }
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array(rgba.length / 4 * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  return rgb;
}
