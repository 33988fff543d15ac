import { assertEquals, assertStringIncludes } from "@std/assert";
import sharp from "sharp";
import { makeTreeCrowns } from "../../lib/data/tree_crowns.ts";
import { treePhotographs } from "../../lib/data/tree_photographs.ts";
import { openDetectionFolder } from "../../lib/data/open_folder.ts";
import { readImage } from "../../lib/data/decode.ts";
import { vocXml, withTree } from "./temp_tree.ts";

/** A PNG whose pixel (x, y) is (x mod 256, y mod 256, 7). */
async function gridPng(width: number, height: number): Promise<Uint8Array> {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set([i % width, Math.floor(i / width), 7], 3 * i);
  return new Uint8Array(await sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer());
}

async function photographs(): Promise<Record<string, string | Uint8Array>> {
  const files: Record<string, string | Uint8Array> = {};
  for (const { name, split } of treePhotographs) {
    const [width, height] = split === "test" ? [400, 400] : [500, 400];
    const objects = [
      { name: split === "test" ? "Dead" : "Tree", box: [1, 1, 20, 30] },
      { name: "Tree", box: [391, 101, 410, 120] }, // of a wide image, half is in each tile
    ].slice(0, split === "test" ? 1 : 2);
    files[`${name}.png`] = await gridPng(width, height);
    files[`${name}.xml`] = vocXml({ filename: `${name}.png`, width, height, objects });
  }
  return files;
}

Deno.test("makeTreeCrowns() gives splits by photograph, tiles of 400 px and one class", async () => {
  await withTree(await photographs(), async (source) => {
    const folder = `${source}/made`;
    await makeTreeCrowns(source, folder);
    const { train, val, test, layout } = await openDetectionFolder(folder);
    assertEquals(layout, "voc");
    assertEquals([train, val, test].map(({ samples }) => samples.length), [2, 2, 2]);
    assertEquals(train.classes, ["Tree"]);
    for (const { id } of train.samples) assertStringIncludes(id, "YELL_2_528000");
    for (const { id } of val.samples) assertStringIncludes(id, "YELL_2_541000");
    const [left, right] = [...train.samples];
    assertEquals(left.annotations.map(({ boxXyxy }) => boxXyxy), [[0, 0, 20, 30], [390, 100, 400, 120]]);
    assertEquals(right.annotations.map(({ boxXyxy }) => boxXyxy), [[290, 100, 310, 120]]);
    const { data } = await readImage(right.source, { maxPixels: 1e6 });
    assertEquals([...data.subarray(0, 3)], [100, 0, 7], "its first pixel is the photograph's at x = 100");
  });
});
