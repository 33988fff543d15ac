/**
 * How well anchors fit a data set's boxes, by the matcher's own thresholds.
 *
 * @module
 */
import { type AnchorOptions, cellAnchors } from "../boxes/anchors.ts";
import type { BoxExtent } from "./data_survey.ts";

/** Anchors and the pyramid that they stand on. */
export interface PyramidAnchors extends AnchorOptions {
  /** First and last level; level l has stride 2^l. */
  readonly levels: readonly [number, number];
}

/** How well they fit. */
export interface AnchorFit {
  /** Share of the boxes that some anchor overlaps by the foreground threshold. */
  readonly recall: number;
  /** Share of the boxes for which every anchor is background; what they teach comes from one forced match. */
  readonly background: number;
  /** Mean over the boxes of the best anchor's IoU. */
  readonly meanIou: number;
}

/**
 * Fits anchors to boxes. Of a level's shape the anchor that is nearest to a box's centre overlaps it most, and where a
 * box lies relative to the grid is chance: its centre is taken a quarter of a stride off in x and y, the mean distance.
 *
 * @param extents Boxes on the canvas, px.
 * @param anchors The pyramid's.
 * @param thresholds The matcher's.
 * @returns All 0 without boxes.
 */
export function anchorFit(
  extents: readonly BoxExtent[],
  anchors: PyramidAnchors,
  thresholds: { readonly foregroundIou: number; readonly backgroundIou: number },
): AnchorFit {
  const shapes = pyramidShapes(anchors);
  const ious = extents.map((extent) => Math.max(...shapes.map((shape) => shapeIou(extent, shape))));
  const share = (condition: (iou: number) => boolean): number =>
    ious.filter(condition).length / Math.max(1, ious.length);
  return {
    recall: share((iou) => iou >= thresholds.foregroundIou),
    background: share((iou) => iou < thresholds.backgroundIou),
    meanIou: ious.reduce((sum, iou) => sum + iou, 0) / Math.max(1, ious.length),
  };
}

interface AnchorShape extends BoxExtent {
  readonly stridePx: number;
}

function pyramidShapes(anchors: PyramidAnchors): AnchorShape[] {
  const [first, last] = anchors.levels;
  const cell = cellAnchors(anchors);
  const shapes: AnchorShape[] = [];
  for (let level = first; level <= last; level++) {
    const stridePx = 2 ** level;
    for (let i = 0; i < cell.length; i += 4) {
      const [widthPx, heightPx] = [
        (cell[i + 2] - cell[i]) * stridePx,
        (cell[i + 3] - cell[i + 1]) * stridePx,
      ];
      shapes.push({ widthPx, heightPx, stridePx });
    }
  }
  return shapes;
}

function shapeIou(box: BoxExtent, anchor: AnchorShape): number {
  const offPx = anchor.stridePx / 4;
  const intersection = common(box.widthPx, anchor.widthPx, offPx) *
    common(box.heightPx, anchor.heightPx, offPx);
  return intersection / (box.widthPx * box.heightPx + anchor.widthPx * anchor.heightPx - intersection);
}

/** What two stretches share whose middles are so far apart. */
function common(a: number, b: number, offPx: number): number {
  return Math.max(0, Math.min(a, b, (a + b) / 2 - offPx));
}
