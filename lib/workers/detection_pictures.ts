/**
 * Photographs with what a detector found on them, small enough to be sent and shown.
 *
 * @module
 */
import { encodePreview } from "../data/preview.ts";
import type { DetectionSample, DetectionSet } from "../data/sample.ts";
import type { Detection } from "../eval/detection.ts";
import type { DetectionPicture } from "./worker_api.ts";

/** Longer side of a picture. */
const pictureSidePx = 640;

/**
 * Draws nothing: gives each image as a JPEG with the boxes that belong on it, in the picture's pixels.
 *
 * @param maxImagePixels A larger image is refused.
 */
export async function detectionPictures(
  { classes, samples }: DetectionSet,
  detections: readonly Detection[],
  maxImagePixels: number,
): Promise<DetectionPicture[]> {
  const pictures = Array.from(samples, (sample) => {
    const found = detections.filter(({ imageId }) => imageId === sample.id);
    return detectionPicture(sample, found, classes, maxImagePixels);
  });
  return await Promise.all(pictures);
}

async function detectionPicture(
  sample: DetectionSample,
  found: readonly Detection[],
  classes: readonly string[],
  maxImagePixels: number,
): Promise<DetectionPicture> {
  const { scale, ...preview } = await encodePreview(sample.source, maxImagePixels, pictureSidePx);
  const inPicture = ([x1, y1, x2, y2]: readonly number[]): [number, number, number, number] => [
    x1 * scale,
    y1 * scale,
    x2 * scale,
    y2 * scale,
  ];
  return {
    id: sample.id,
    ...preview,
    detections: found.map(({ classIndex, score, boxXyxy }) => ({
      className: classes[classIndex],
      score,
      boxXyxy: inPicture(boxXyxy),
    })),
    truths: sample.annotations.map(({ classIndex, boxXyxy }) => ({
      className: classes[classIndex],
      boxXyxy: inPicture(boxXyxy),
    })),
  };
}
