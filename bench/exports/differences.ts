/**
 * How far an exported detector is from the trained one.
 *
 * @module
 */
import type { CanvasDetections } from "../../lib/boxes/detections.ts";
import type { Found } from "./formats.ts";

/** Over all images so far. */
export interface Differences {
  readonly images: number;
  /** Boxes that the trained detector finds. */
  readonly wantedBoxes: number;
  /** Boxes that the export finds. */
  readonly foundBoxes: number;
  /** Boxes of either that the other has no equal of: none of its class nearer than `pairingPx`, each used once. */
  readonly unpaired: number;
  /** Largest difference of paired scores. */
  readonly score: number;
  /** Largest difference of paired boxes' edges, in pixels of the canvas. */
  readonly boxPx: number;
}

/** Before the first image. */
export const noDifferences: Differences = {
  images: 0,
  wantedBoxes: 0,
  foundBoxes: 0,
  unpaired: 0,
  score: 0,
  boxPx: 0,
};

/** Boxes further apart are two; those of one object are pixels apart, rounding's are far less. */
const pairingPx = 0.5;

/** One image's. Order counts for nothing: equal scores are ranked by rounding. */
export function differencesOf(found: Found, wanted: CanvasDetections): Differences {
  const free = new Set(Array.from(found.scores, (_, i) => i));
  let [missing, score, boxPx] = [0, 0, 0];
  for (let w = 0; w < wanted.scores.length; w++) {
    const best = nearest(found, free, wanted, w);
    if (best === null) missing++;
    else {
      free.delete(best.index);
      score = Math.max(score, Math.abs(found.scores[best.index] - wanted.scores[w]));
      boxPx = Math.max(boxPx, best.apartPx);
    }
  }
  const [wantedBoxes, foundBoxes] = [wanted.scores.length, found.scores.length];
  return { images: 1, wantedBoxes, foundBoxes, unpaired: missing + free.size, score, boxPx };
}

/** Those of all images of both. */
export function together(a: Differences, b: Differences): Differences {
  return {
    images: a.images + b.images,
    wantedBoxes: a.wantedBoxes + b.wantedBoxes,
    foundBoxes: a.foundBoxes + b.foundBoxes,
    unpaired: a.unpaired + b.unpaired,
    score: Math.max(a.score, b.score),
    boxPx: Math.max(a.boxPx, b.boxPx),
  };
}

/** For people. */
export function differencesText({ foundBoxes, wantedBoxes, unpaired, score, boxPx }: Differences): string {
  return `${foundBoxes} boxes of ${wantedBoxes}, ${unpaired} without a pair, scores to ${
    score.toExponential(1)
  }, edges to ${boxPx.toExponential(1)} px`;
}

function nearest(
  found: Found,
  free: ReadonlySet<number>,
  wanted: CanvasDetections,
  w: number,
): { index: number; apartPx: number } | null {
  let best: { index: number; apartPx: number } | null = null;
  for (const index of free) {
    if (found.classes[index] !== wanted.classIndices[w]) continue;
    let apartPx = 0;
    for (let edge = 0; edge < 4; edge++) {
      apartPx = Math.max(
        apartPx,
        Math.abs(found.boxes[4 * index + edge] - wanted.boxesXyxy[4 * w + edge]),
      );
    }
    if (apartPx < (best?.apartPx ?? pairingPx)) best = { index, apartPx };
  }
  return best;
}
