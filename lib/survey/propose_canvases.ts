/**
 * The size of image that a data set's boxes need.
 *
 * @module
 */
import type { DetectionSample } from "../data/sample.ts";
import { quantilesOf } from "./quantiles.ts";

/** [height, width] in px, as a config has them. */
export type CanvasSize = [number, number];

/** Two cells of the finest map that every detector here has, P3: what is smaller is hardly found. */
const wantedSidePx = 16;
/** A class of fewer boxes says too little. */
const leastBoxes = 10;
/** Canvases are multiples of it: the backbone halves an image five times. */
const multiplePx = 32;
const longerSides = [256, 320, 384, 448, 512, 576, 640, 704, 768, 896, 1024];
/** Shapes nearer to a square than this share one canvas. */
const squareRatio = 1.1;

/**
 * Proposes canvases: the smallest on which three quarters of each class's boxes come out at 16 px or more, but none that
 * enlarges the median image, none over 1024 px, and none under the config's; one for landscapes, one for portraits, one
 * for squares, as far as there are such images. The config's own where these hold them.
 *
 * @param samples Training images; at least one.
 * @param current The config's canvases, [height, width] px.
 */
export function proposeCanvases(
  samples: Iterable<DetectionSample>,
  current: readonly (readonly [number, number])[],
): CanvasSize[] {
  const all = [...samples];
  const small = smallestClassSide(all);
  const currentPx = Math.max(...current.flat());
  const nativePx = quantilesOf(all.map(({ widthPx, heightPx }) => Math.max(widthPx, heightPx)))?.median ?? 0;
  const wantedPx = longerSides.find((side) => side * small >= wantedSidePx) ?? 1024;
  const proposed = shapesOf(all, Math.max(currentPx, Math.min(wantedPx, roundedUp(nativePx))));
  const own = new Set(current.map(String));
  return proposed.every((size) => own.has(String(size))) ? current.map(([h, w]) => [h, w]) : proposed;
}

/** The lower quartile of the sides of the class for which it is smallest, over the image's longer side. */
function smallestClassSide(samples: readonly DetectionSample[]): number {
  const sides = new Map<number, number[]>();
  for (const { annotations, widthPx, heightPx } of samples) {
    for (const { boxXyxy: [x1, y1, x2, y2], classIndex, isCrowd } of annotations) {
      if (isCrowd) continue;
      const ofClass = sides.get(classIndex) ?? [];
      ofClass.push(Math.sqrt((x2 - x1) * (y2 - y1)) / Math.max(widthPx, heightPx));
      sides.set(classIndex, ofClass);
    }
  }
  const quartiles = [...sides.values()].filter((ofClass) => ofClass.length >= leastBoxes)
    .map((ofClass) => ofClass.toSorted((a, b) => a - b)[Math.floor(ofClass.length / 4)]);
  return Math.min(1, ...quartiles);
}

function shapesOf(samples: readonly DetectionSample[], longerPx: number): CanvasSize[] {
  const ratios = samples.map(({ widthPx, heightPx }) => widthPx / heightPx);
  const wide = ratios.filter((ratio) => ratio > squareRatio);
  const tall = ratios.filter((ratio) => ratio < 1 / squareRatio);
  const isSquare = wide.length + tall.length < ratios.length;
  const shorter = (group: number[]): number => roundedUp(longerPx / (quantilesOf(group)?.median ?? 1));
  return [
    ...(wide.length > 0 ? [[shorter(wide), longerPx] satisfies CanvasSize] : []),
    ...(tall.length > 0 ? [[longerPx, shorter(tall.map((ratio) => 1 / ratio))] satisfies CanvasSize] : []),
    ...(isSquare ? [[longerPx, longerPx] satisfies CanvasSize] : []),
  ];
}

function roundedUp(px: number): number {
  return Math.ceil(px / multiplePx - 1e-9) * multiplePx;
}
