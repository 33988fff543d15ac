/**
 * Pixels from files, by sharp (libvips), or by a faster decoder where one is given and does. The only file of the readers and loaders that needs the permissions
 * of a native library: `--allow-ffi`, with `--allow-read` and `--allow-env`.
 *
 * @module
 */
import sharp, { type Metadata, type Sharp } from "sharp";
import { readJpegHeader } from "./jpeg_header.ts";
import { resample } from "./resample.ts";
import type { ImageSource, RgbImage } from "./sample.ts";

/** Decodes a whole JPEG of 8-bit grey or colour to RGB; throws if it can't. */
export type JpegDecoder = (bytes: Uint8Array) => RgbImage;

/** How to read an image. */
export interface ReadOptions {
  /** An image of more pixels is refused from its header, before it is decoded. */
  readonly maxPixels: number;
  /**
   * An image whose shorter side is at least twice this is shrunk to it, keeping the aspect ratio; decoding costs less
   * then. By default none is.
   */
  readonly shorterSidePx?: number;
  /** Decodes the JPEGs that need no shrinking and no conversion, the same pixels in less time. Default: sharp does. */
  readonly decodeJpeg?: JpegDecoder;
}

/** What a file's header says. */
export interface ImageHeader {
  /** e.g. `jpeg`. */
  readonly format: string;
  /** As stored, before any EXIF rotation. */
  readonly widthPx: number;
  /** As stored, before any EXIF rotation. */
  readonly heightPx: number;
}

/** What a photograph may come as; libvips reads more (SVG, GIF, TIFF), which {@linkcode readHeader} refuses. */
const formats: readonly string[] = ["jpeg", "png", "webp"];

/** Sharp's version, which brings its own decoders: another one may read other pixels. */
export function decoderVersion(): string {
  return sharp.versions.sharp ?? "unknown";
}

/**
 * Reads an image as RGB: greyscale, palette, CMYK and 16-bit images are converted to 8-bit sRGB, transparency is
 * laid on white. Pixels keep their stored orientation: EXIF rotation is ignored, as annotation tools write
 * boxes in stored pixels and COCO's and VOC's sizes are stored ones.
 *
 * Sharp decodes and shrinks in one pipeline on a thread of its own (bilinear, antialiased).
 *
 * @returns A new image.
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {RangeError} If the image is over the pixel limit.
 * @throws {SyntaxError} If the file is empty, not an image, or does not decode to its end.
 */
export async function readImage(source: ImageSource, options: ReadOptions): Promise<RgbImage> {
  const { maxPixels, shorterSidePx = Infinity, decodeJpeg } = options;
  if ("generate" in source) return shrunk(source.generate(), shorterSidePx);
  const plain = decodeJpeg && readPlainJpeg(source.file, maxPixels, shorterSidePx, decodeJpeg);
  if (plain) return plain;
  try {
    const { data, info } = await (await shrinking(open(source.file, maxPixels), shorterSidePx))
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { width, height, data: channels === 4 ? onWhite(pixels) : pixels };
  } catch (cause) {
    await readHeader(source.file, maxPixels); // names the fault where the header shows it
    throw unreadable(source.file, cause);
  }
}

/**
 * Reads an image's format and stored size, without decoding it.
 *
 * @throws As {@linkcode readImage}, but for faults past the header; {SyntaxError} also if the image is no JPEG, PNG
 * or WebP.
 */
export async function readHeader(file: string, maxPixels: number): Promise<ImageHeader> {
  let header: Metadata;
  try {
    header = await open(file, false).metadata();
  } catch (cause) {
    await checkNotEmpty(file);
    throw unreadable(file, cause);
  }
  const { format, width, height } = header;
  if (!formats.includes(format)) {
    throw new SyntaxError(`Cannot read ${file}: it is ${format}, wanted JPEG, PNG or WebP`);
  }
  if (width * height > maxPixels) {
    throw new RangeError(
      `Cannot read ${file}: it is ${width} x ${height}, ${
        width * height
      } pixels, over the limit of ${maxPixels}`,
    );
  }
  return { format, widthPx: width, heightPx: height };
}

/** libvips runs one thread an image, as images are decoded side by side, and keeps no cache: the loader has its own. */
function open(file: string, maxPixels: number | false): Sharp {
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp(file, { failOn: "error", limitInputPixels: maxPixels, autoOrient: false });
}

/** A JPEG that the decoder gives as sharp would; null for all others, and for those with a fault, which sharp names. */
function readPlainJpeg(
  file: string,
  maxPixels: number,
  shorterSidePx: number,
  decodeJpeg: JpegDecoder,
): RgbImage | null {
  try {
    const bytes = Deno.readFileSync(file);
    const header = readJpegHeader(bytes);
    if (header === null || header.hasProfile || header.components > 3) return null;
    const { widthPx, heightPx } = header;
    if (widthPx * heightPx > maxPixels || isTwice(widthPx, heightPx, shorterSidePx)) return null;
    return decodeJpeg(bytes);
  } catch {
    return null;
  }
}

function isTwice(widthPx: number, heightPx: number, shorterSidePx: number): boolean {
  return Math.min(widthPx, heightPx) >= 2 * shorterSidePx;
}

/** RGBA on white, rounded to the nearest as browsers do; libvips rounds down. */
function onWhite(rgba: Uint8Array): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(rgba.length / 4 * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const alpha = rgba[from + 3];
    for (let c = 0; c < 3; c++) rgb[to++] = 255 - Math.round((255 - rgba[from + c]) * alpha / 255);
  }
  return rgb;
}

async function shrinking(pipeline: Sharp, shorterSidePx: number): Promise<Sharp> {
  if (shorterSidePx === Infinity) return pipeline;
  const { width, height } = await pipeline.metadata();
  if (!isTwice(width, height, shorterSidePx)) return pipeline;
  return pipeline.resize(shorterSidePx, shorterSidePx, { fit: "outside", kernel: "linear" });
}

function shrunk(image: RgbImage, shorterSidePx: number): RgbImage {
  const { width, height } = image;
  if (!isTwice(width, height, shorterSidePx)) return image;
  const scale = shorterSidePx / Math.min(width, height);
  return resample(image, Math.round(width * scale), Math.round(height * scale));
}

async function checkNotEmpty(file: string): Promise<void> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(file);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Deno.errors.NotFound(`Cannot read ${file}: no such file`, { cause });
  }
  if (!info.isFile) throw new SyntaxError(`Cannot read ${file}: it is a folder, wanted an image`);
  if (info.size === 0) throw new SyntaxError(`Cannot read ${file}: it is empty (0 bytes)`);
}

function unreadable(file: string, cause: unknown): SyntaxError {
  const reason = cause instanceof Error ? cause.message.replace(/^Input file /, "the file ") : String(cause);
  return new SyntaxError(`Cannot read ${file}: it is not a readable image (${reason})`, { cause });
}
