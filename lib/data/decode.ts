/**
 * Pixels from files, by sharp (libvips). The only file of the readers and loaders that needs the permissions
 * of a native library: `--allow-ffi`, with `--allow-read` and `--allow-env`.
 *
 * @module
 */
import sharp, { type Metadata, type Sharp } from "sharp";
import { resample } from "./resample.ts";
import type { ImageSource, RgbImage } from "./sample.ts";

/** The size wanted of a read image. */
export type ReadSize =
  /** Exactly this, the aspect ratio may change. */
  | { readonly kind: "exact"; readonly widthPx: number; readonly heightPx: number }
  /** Shrunk, keeping the aspect ratio, until the shorter side is at most this; never enlarged. */
  | { readonly kind: "shorterSide"; readonly atMostPx: number };

/** How to read an image. */
export interface ReadOptions {
  /** An image of more pixels is refused from its header, before it is decoded. */
  readonly maxPixels: number;
  /** By default the stored size. */
  readonly size?: ReadSize;
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
 * A file is decoded and resized in one pipeline on a thread of its own (bilinear, antialiased); a generated
 * image is resized by {@linkcode resample}.
 *
 * @returns A new image.
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {RangeError} If the image is over the pixel limit.
 * @throws {SyntaxError} If the file is empty, not an image, or does not decode to its end.
 */
export async function readImage(source: ImageSource, options: ReadOptions): Promise<RgbImage> {
  if ("generate" in source) return resizeGenerated(source.generate(), options.size);
  try {
    const pipeline = open(source.file, options.maxPixels).flatten({ background: "#ffffff" });
    const { data, info } = await resized(pipeline, options.size)
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  } catch (cause) {
    await readHeader(source.file, options.maxPixels); // names the fault where the header shows it
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

function resized(pipeline: Sharp, size: ReadSize | undefined): Sharp {
  const kernel = "linear";
  if (size === undefined) return pipeline;
  if (size.kind === "exact") return pipeline.resize(size.widthPx, size.heightPx, { fit: "fill", kernel });
  return pipeline.resize(size.atMostPx, size.atMostPx, { fit: "outside", withoutEnlargement: true, kernel });
}

function resizeGenerated(image: RgbImage, size: ReadSize | undefined): RgbImage {
  if (size === undefined) return image;
  if (size.kind === "exact") return resample(image, size.widthPx, size.heightPx);
  const scale = Math.min(1, size.atMostPx / Math.min(image.width, image.height));
  return resample(image, Math.round(image.width * scale), Math.round(image.height * scale));
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
