/**
 * One annotated box against its image: what the VOC and COCO readers share.
 *
 * @module
 */

/** A box x1, y1, x2, y2 in pixels; x2 and y2 are past the last pixel. */
export type BoxXyxy = readonly [number, number, number, number];

/** A box after clipping; null where nothing is left of it. */
export interface ClippedBox {
  /** What lies inside the image. */
  readonly boxXyxy: BoxXyxy | null;
  /** Whether anything was cut off. */
  readonly isClipped: boolean;
}

/** Cuts a box at the image's border. */
export function clipToImage(boxXyxy: BoxXyxy, widthPx: number, heightPx: number): ClippedBox {
  const [x1, y1, x2, y2] = boxXyxy;
  const clipped = [Math.max(0, x1), Math.max(0, y1), Math.min(widthPx, x2), Math.min(heightPx, y2)] as const;
  const isClipped = clipped.some((value, i) => value !== boxXyxy[i]);
  return { boxXyxy: clipped[0] < clipped[2] && clipped[1] < clipped[3] ? clipped : null, isClipped };
}

/** Width times height, in square pixels. */
export function boxArea([x1, y1, x2, y2]: BoxXyxy): number {
  return (x2 - x1) * (y2 - y1);
}
