/**
 * A batch that no benchmark has to load.
 *
 * @module
 */
import { stream } from "../lib/base/random.ts";
import type { ClassificationBatch } from "../lib/data/sample.ts";

/** Random images with random labels, the same each time. */
export function randomBatch(images: number, sizePx: number, classes: number): ClassificationBatch {
  const random = stream(0, "bench", "images");
  const shape = [images, sizePx, sizePx, 3] as const;
  return {
    images: Uint8Array.from({ length: images * sizePx * sizePx * 3 }, () => random.integer(256)),
    shape,
    classIndices: Int32Array.from({ length: images }, () => random.integer(classes)),
    ids: Array.from({ length: images }, (_, i) => `random ${i}`),
  };
}
