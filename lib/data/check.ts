/**
 * Looks at every image of a set before any training: a broken photograph should cost seconds, not a night.
 *
 * @module
 */
import { readHeader } from "./decode.ts";
import type { ClassificationSample, DetectionSample } from "./sample.ts";

/** An image that can't be used. */
export interface ImageProblem {
  /** As the sample names it. */
  readonly file: string;
  /** A full sentence that names the file, the value and what was wanted. */
  readonly reason: string;
}

/** Headers read side by side: enough to hide the disk's delay. */
const concurrency = 8;

/**
 * Reads the header of every image file: it must exist, not be empty, be a JPEG, PNG or WebP, lie under the pixel
 * limit and have the annotated size. Generated samples are passed over. An image that breaks off after its header
 * is found only when it is decoded.
 *
 * @param samples Of one set, or of several.
 * @param maxPixels An image of more pixels is a problem.
 * @returns The problems in the samples' order; empty if all is well.
 */
export async function checkImages(
  samples: readonly (ClassificationSample | DetectionSample)[],
  maxPixels: number,
): Promise<ImageProblem[]> {
  const problems: (ImageProblem | null)[] = new Array(samples.length).fill(null);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < samples.length; i = next++) {
      problems[i] = await checkImage(samples[i], maxPixels);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return problems.filter((problem) => problem !== null);
}

async function checkImage(
  sample: ClassificationSample | DetectionSample,
  maxPixels: number,
): Promise<ImageProblem | null> {
  if (!("file" in sample.source)) return null;
  const { file } = sample.source;
  try {
    const { widthPx, heightPx } = await readHeader(file, maxPixels);
    if (!("annotations" in sample)) return null;
    if (widthPx === sample.widthPx && heightPx === sample.heightPx) return null;
    const wanted = `${sample.widthPx} x ${sample.heightPx} as annotated`;
    return { file, reason: `Cannot use ${file}: it is ${widthPx} x ${heightPx}, wanted ${wanted}` };
  } catch (error) {
    if (error instanceof Error) return { file, reason: error.message };
    throw error;
  }
}
