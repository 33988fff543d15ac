/**
 * Looks at every image of a set before any training: a broken photograph should cost seconds, not a night.
 *
 * @module
 */
import { readHeader, readImage } from "./decode.ts";
import { hasWholeEnd } from "./image_end.ts";
import type { ImageProblem, ImageToCheck } from "./image_to_check.ts";
import { sideBySide } from "./side_by_side.ts";

/** Headers read side by side: enough to hide the disk's delay. */
const concurrency = 8;

/**
 * Reads the header and the end of every image file: it must exist, not be empty, be a JPEG, PNG or WebP, lie under the
 * pixel limit, have the annotated size and not break off. One that seems to is decoded. Other damage is found only when
 * an image is used.
 *
 * @param images Of one set, or of several.
 * @param maxPixels An image of more pixels is a problem.
 * @returns The problems in the images' order; empty if all is well.
 */
export async function checkImages(
  images: readonly ImageToCheck[],
  maxPixels: number,
): Promise<ImageProblem[]> {
  const problems = await sideBySide(images, concurrency, (image) => checkImage(image, maxPixels));
  return problems.filter((problem) => problem !== null);
}

async function checkImage({ file, sizePx }: ImageToCheck, maxPixels: number): Promise<ImageProblem | null> {
  try {
    const { format, widthPx, heightPx } = await readHeader(file, maxPixels);
    if (sizePx !== null && (widthPx !== sizePx[0] || heightPx !== sizePx[1])) {
      const wanted = `${sizePx[0]} x ${sizePx[1]} as annotated`;
      return { file, reason: `Cannot use ${file}: it is ${widthPx} x ${heightPx}, wanted ${wanted}` };
    }
    if (!await hasWholeEnd(file, format)) await readImage({ file }, { maxPixels });
    return null;
  } catch (error) {
    if (error instanceof Error) return { file, reason: error.message };
    throw error;
  }
}
