/**
 * What is asked about an image before it is used, and answered: plain data, for processes that can't decode images.
 *
 * @module
 */
import type { ClassificationSample, DetectionSample } from "./sample.ts";

/** An image to look at: plain data, for a process of its own. */
export interface ImageToCheck {
  readonly file: string;
  /** As annotated; null where any size will do. */
  readonly sizePx: readonly [width: number, height: number] | null;
}

/** An image that can't be used. */
export interface ImageProblem {
  /** As the sample names it. */
  readonly file: string;
  /** A full sentence that names the file, the value and what was wanted. */
  readonly reason: string;
}

/** What there is to check of a sample; null if it is generated. */
export function imageToCheck(sample: ClassificationSample | DetectionSample): ImageToCheck | null {
  if (!("file" in sample.source)) return null;
  const sizePx = "annotations" in sample ? [sample.widthPx, sample.heightPx] as const : null;
  return { file: sample.source.file, sizePx };
}
