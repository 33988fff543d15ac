/**
 * Tree crowns in aerial photographs: makes a data set in Pascal VOC's layout of the four annotated photographs that
 * the Python package deepforest holds. A pixel is 0.1 m; boxes are drawn by hand.
 *
 * @module
 */
import { join } from "node:path";
import sharp from "sharp";
import { boxInTile, type Tile, tilesOf } from "./tiles.ts";
import { treePhotographs } from "./tree_photographs.ts";
import { parseVocAnnotation, type VocAnnotation, type VocObject } from "./voc_annotation.ts";
import { vocAnnotationText } from "./voc_text.ts";

/** The test photographs are 400 x 400, so they stay whole, and all tiles have their size. */
const tiling = { tilePx: 400, stridePx: 320 };
/** A crown of which less is inside a tile can't be told from its neighbour. */
const minShare = 0.4;
/** One class: only SOAP_061 tells `Alive` from `Dead`, and no other photograph could teach it. */
const className = "Tree";

/**
 * Makes the data set. Photographs larger than 400 px are cut into tiles; crowns at a tile's border are cut, and left out
 * where less than 40 % is inside. The classes `Tree`, `Alive` and `Dead` become `Tree`.
 *
 * @param source Folder of the package's `data`: the photographs and their annotations.
 * @param folder Where the data set goes; must not exist.
 * @throws {Deno.errors.NotFound} If a photograph or an annotation is missing.
 * @throws {SyntaxError} If one can't be read.
 */
export async function makeTreeCrowns(source: string, folder: string): Promise<void> {
  for (const part of ["ImageSets/Main", "Annotations", "JPEGImages"]) {
    await Deno.mkdir(join(folder, part), { recursive: true });
  }
  const ids = { train: [] as string[], val: [] as string[], test: [] as string[] };
  for (const { name, split } of treePhotographs) {
    ids[split].push(...await cutPhotograph(source, name, folder));
  }
  for (const [split, names] of Object.entries(ids)) {
    await writeSynced(join(folder, "ImageSets/Main", `${split}.txt`), names.map((id) => `${id}\n`).join(""));
  }
}

/** Writes a photograph's tiles; returns their ids. */
async function cutPhotograph(source: string, name: string, folder: string): Promise<string[]> {
  const file = join(source, `${name}.xml`);
  const annotation = parseVocAnnotation(await Deno.readTextFile(file), file);
  const photograph = sharp(await Deno.readFile(join(source, `${name}.png`))).removeAlpha();
  const ids: string[] = [];
  for (const tile of tilesOf(annotation.widthPx, annotation.heightPx, tiling)) {
    const id = `${name}_${tile.x}_${tile.y}`;
    const window = { left: tile.x, top: tile.y, width: tile.widthPx, height: tile.heightPx };
    const picture = await photograph.clone().extract(window).png().toBuffer();
    await writeSynced(join(folder, "JPEGImages", `${id}.png`), new Uint8Array(picture));
    const { widthPx, heightPx } = tile;
    const text = vocAnnotationText({ widthPx, heightPx, objects: crownsOf(annotation, tile) }, `${id}.png`);
    await writeSynced(join(folder, "Annotations", `${id}.xml`), text);
    ids.push(id);
  }
  return ids;
}

/** VOC's corners include the last pixel and begin at 1. */
function crownsOf({ objects }: VocAnnotation, tile: Tile): VocObject[] {
  return objects.flatMap(({ corners: [xmin, ymin, xmax, ymax], isDifficult }): VocObject[] => {
    const inside = boxInTile([xmin - 1, ymin - 1, xmax, ymax], tile, minShare);
    if (inside === null) return [];
    const [x1, y1, x2, y2] = inside;
    return [{ name: className, isDifficult, corners: [x1 + 1, y1 + 1, x2, y2] }];
  });
}

async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  await file.sync();
}
