/**
 * Photographs with what a detector found on them, small enough to be sent and shown.
 *
 * @module
 */
import { encodePreview, type Preview } from "../data/preview.ts";
import type { DetectionSample, DetectionSet } from "../data/sample.ts";
import type { Detection } from "../eval/detection.ts";
import type { DetectionPicture } from "./worker_api.ts";

/** Longer side of a picture that has half a page. */
const reportSidePx = 640;

/**
 * Draws nothing: gives each image as a JPEG with the boxes that belong on it, in the picture's pixels.
 *
 * @param maxImagePixels A larger image is refused.
 * @param longerSidePx The pictures' longer side at most.
 */
export async function detectionPictures(
  { classes, samples }: DetectionSet,
  detections: readonly Detection[],
  maxImagePixels: number,
  longerSidePx = reportSidePx,
): Promise<DetectionPicture[]> {
  const pictures = Array.from(samples, (sample) => {
    const found = detections.filter(({ imageId }) => imageId === sample.id);
    const preview = encodePreview(sample.source, maxImagePixels, longerSidePx);
    return preview.then((preview) => detectionPicture(sample, found, classes, preview));
  });
  return await Promise.all(pictures);
}

function detectionPicture(
  sample: DetectionSample,
  found: readonly Detection[],
  classes: readonly string[],
  { scale, ...preview }: Preview,
): DetectionPicture {
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
