/**
 * A data set's content in one line: what a resumed training compares, so that it does not go on with other data.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { ClassificationSample, ClassificationSet, DetectionSample, DetectionSet } from "./sample.ts";

/** Text that is hashed at a time: a call for each of a million samples would take longer than the hash. */
const chunkLength = 2 ** 16;

/**
 * SHA-256 (hexadecimal) over classes, sample ids, image sizes and labels, in order: all that a reader parses. Pixels
 * are left out, as reading them takes hours; so are files' places, as moving a data set changes no result.
 *
 * @param sets One or more; their order counts.
 */
export function dataFingerprint(...sets: readonly (ClassificationSet | DetectionSet)[]): string {
  const hash = createHash("sha256");
  for (const { classes, samples } of sets) {
    let text = JSON.stringify([classes, samples.length]);
    for (const sample of samples) {
      text += JSON.stringify(contentOf(sample));
      if (text.length < chunkLength) continue;
      hash.update(text);
      text = "";
    }
    hash.update(text);
  }
  return hash.digest("hex");
}

function contentOf(sample: ClassificationSample | DetectionSample): unknown[] {
  if (!("annotations" in sample)) return [sample.id, sample.classIndex];
  const { id, widthPx, heightPx, annotations } = sample;
  return [
    id,
    widthPx,
    heightPx,
    annotations.map(({ boxXyxy, classIndex, isCrowd, isDifficult, areaPx }) => [
      ...boxXyxy,
      classIndex,
      isCrowd ? 1 : 0,
      isDifficult ? 1 : 0,
      areaPx,
    ]),
  ];
}
