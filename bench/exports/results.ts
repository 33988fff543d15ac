/**
 * Results as COCO's files, which `deno task evaluate` reads.
 *
 * @module
 */
import type { DetectionSet } from "../../lib/data/sample.ts";
import type { Detection } from "../../lib/eval/detection.ts";

/** The content of an annotation file. */
export function annotationFile({ samples, classes }: DetectionSet): string {
  const all = Array.from(samples);
  return JSON.stringify({
    images: all.map(({ id, widthPx, heightPx }) => ({ id, width: widthPx, height: heightPx })),
    categories: classes.map((name, k) => ({ id: k + 1, name })),
    annotations: all.flatMap(({ id, annotations }) =>
      annotations.map(({ boxXyxy, classIndex, areaPx, isCrowd }) => ({
        image_id: id,
        category_id: classIndex + 1,
        bbox: toXywh(boxXyxy),
        area: areaPx,
        iscrowd: isCrowd ? 1 : 0,
      }))
    ).map((annotation, i) => ({ id: i + 1, ...annotation })),
  });
}

/** The content of a result file. */
export function resultFile(detections: readonly Detection[]): string {
  return JSON.stringify(detections.map(({ imageId, classIndex, score, boxXyxy }) => ({
    image_id: imageId,
    category_id: classIndex + 1,
    bbox: toXywh(boxXyxy),
    score,
  })));
}

function toXywh([x1, y1, x2, y2]: readonly [number, number, number, number]): number[] {
  return [x1, y1, x2 - x1, y2 - y1];
}
