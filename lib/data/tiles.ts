/**
 * Cutting large aerial photographs into tiles of a size that a detector takes.
 *
 * @module
 */
import { boxArea, type BoxXyxy, clipToImage } from "./annotated_box.ts";

/** A square window of an image, as far as the image reaches. */
export interface Tile {
  /** Its left edge in the image's pixels. */
  readonly x: number;
  /** Its top edge in the image's pixels. */
  readonly y: number;
  /** Columns; fewer than the tile's side only where the image has no more. */
  readonly widthPx: number;
  /** Rows, likewise. */
  readonly heightPx: number;
}

/** How to cut. */
export interface TileOptions {
  /** A tile's side. */
  readonly tilePx: number;
  /** From one tile's edge to the next one's; the last tile ends with the image, so it may overlap more. */
  readonly stridePx: number;
}

/**
 * The tiles of an image, row by row; together they cover all of it. An image that is no larger than a tile is one.
 *
 * @param widthPx The image's width.
 * @param heightPx The image's height.
 * @param options The tiles' size.
 * @throws {RangeError} If tiles would leave gaps: the stride is not in 1..tilePx.
 */
export function tilesOf(widthPx: number, heightPx: number, options: TileOptions): Tile[] {
  const { tilePx, stridePx } = options;
  if (!(stridePx >= 1 && stridePx <= tilePx)) {
    throw new RangeError(`Cannot cut tiles of ${tilePx} px: stridePx is ${stridePx}, wanted 1..${tilePx}`);
  }
  const columns = tileStarts(widthPx, options);
  return tileStarts(heightPx, options).flatMap((y) =>
    columns.map((x) => ({ x, y, widthPx: Math.min(tilePx, widthPx), heightPx: Math.min(tilePx, heightPx) }))
  );
}

function tileStarts(lengthPx: number, { tilePx, stridePx }: TileOptions): number[] {
  const last = Math.max(0, lengthPx - tilePx);
  const count = Math.ceil(last / stridePx) + 1;
  return Array.from({ length: count }, (_, i) => Math.min(i * stridePx, last));
}

/**
 * A box as a tile sees it: cut at the tile's border, in the tile's pixels.
 *
 * @param boxXyxy In the image's pixels.
 * @param minShare A box of which less than this share of its area is inside is none of the tile's.
 * @returns Null if it is not the tile's.
 */
export function boxInTile(boxXyxy: BoxXyxy, tile: Tile, minShare: number): BoxXyxy | null {
  const [x1, y1, x2, y2] = boxXyxy;
  const moved = [x1 - tile.x, y1 - tile.y, x2 - tile.x, y2 - tile.y] as const;
  const inside = clipToImage(moved, tile.widthPx, tile.heightPx).boxXyxy;
  return inside !== null && boxArea(inside) >= minShare * boxArea(boxXyxy) ? inside : null;
}
