/**
 * Batches that no benchmark has to load.
 *
 * @module
 */
import { stream } from "../lib/base/random.ts";
import type { ClassificationBatch, DetectionBatch } from "../lib/data/sample.ts";
import type { DetectionStepWorkload } from "./workloads.ts";

/** Random images with random labels, the same each time. */
export function randomBatch(images: number, sizePx: number, classes: number): ClassificationBatch {
  const random = stream(0, "bench", "labels");
  return {
    ...randomImages(images, sizePx, sizePx),
    classIndices: Int32Array.from({ length: images }, () => random.integer(classes)),
  };
}

/** Random images with the workload's boxes; each image fills its canvas. */
export function randomDetectionBatch(workload: DetectionStepWorkload): DetectionBatch {
  const { images, heightPx, widthPx, boxesXyxy, classIndices } = workload;
  return {
    ...randomImages(images, heightPx, widthPx),
    placements: boxesXyxy.map(() => ({ widthPx, heightPx, scaleX: 1, scaleY: 1 })),
    boxesXyxy: boxesXyxy.map((boxes) => Float32Array.from(boxes)),
    classIndices: classIndices.map((classes) => Int32Array.from(classes)),
  };
}

function randomImages(
  images: number,
  heightPx: number,
  widthPx: number,
): Pick<ClassificationBatch, "images" | "shape" | "ids"> {
  const random = stream(0, "bench", "images");
  return {
    images: Uint8Array.from({ length: images * heightPx * widthPx * 3 }, () => random.integer(256)),
    shape: [images, heightPx, widthPx, 3],
    ids: Array.from({ length: images }, (_, i) => `random ${i}`),
  };
}
