import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import sharp from "sharp";
import { architecturePng } from "../../lib/report/architecture_pixels.ts";
import { choiceStyle } from "../../lib/report/choice_style.ts";
import { PixelCanvas, pixelTextHeight, pixelTextWidth } from "../../lib/report/pixel_canvas.ts";
import { glyphColumns, glyphOf, glyphRows } from "../../lib/report/pixel_font.ts";
import { space } from "./records.ts";

/** The row of pixels through all blocks, above their labels. */
const throughBlocks = 106;

/** Each colour that a line through the blocks meets, from left to right, those of blocks only. */
async function blocksAcross(png: Uint8Array): Promise<string[]> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const row = data.subarray(3 * info.width * throughBlocks, 3 * info.width * (throughBlocks + 1));
  const colors = Array.from(
    { length: info.width },
    (_, x) => `#${new Uint8Array(row.subarray(3 * x, 3 * x + 3)).toHex().toUpperCase()}`,
  );
  return colors.filter((color, x) => color !== colors[x - 1] && color !== "#FFFFFF");
}

Deno.test("architecturePng() draws every block in its choice's colour, in order", async () => {
  const choices = [3, 0, 1, 2, 2, 0];
  const { bytes, widthPx, heightPx } = architecturePng(space, choices, "AP 0.5");
  const { width, height } = await sharp(bytes).metadata();
  assertEquals([width, height], [widthPx, heightPx]);
  assertEquals(await blocksAcross(bytes), choices.map((choice) => choiceStyle(space.choices[choice]).color));
});

Deno.test("architecturePng() keeps forty blocks within the picture", async () => {
  const large = { ...space, stageRepeats: [8, 8, 16, 8], stageChannels: [96, 240, 480, 960] };
  const choices = Array.from({ length: 40 }, (_, i) => i % 4);
  const { bytes } = architecturePng(large, choices, "");
  assertEquals((await blocksAcross(bytes)).length, 40);
});

Deno.test("architecturePng() names a choice or a count that the space does not have", () => {
  assertThrows(
    () => architecturePng(space, [0, 1, 2], ""),
    RangeError,
    'Cannot draw an architecture of 3 choices: space "six" has 6 blocks',
  );
  assertThrows(
    () => architecturePng(space, [0, 1, 2, 3, 4, 0], ""),
    RangeError,
    "Cannot draw choice 4 of block 4: wanted 0 to 3",
  );
});

Deno.test("every character of a caption has dots of its own, all of one size", () => {
  const characters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-/:()%+=_×²*"];
  const drawn = characters.map((character) => glyphOf(character));
  for (const [i, rows] of drawn.entries()) {
    assertEquals([rows.length, ...rows.map(({ length }) => length)], [
      glyphRows,
      ...rows.map(() => glyphColumns),
    ], characters[i]);
  }
  assertEquals(new Set(drawn.map((rows) => rows.join())).size, characters.length);
  assertEquals(glyphOf("a"), glyphOf("A"));
  for (const rows of drawn) assertNotEquals(rows, glyphOf("é"));
});

Deno.test("PixelCanvas leaves out what lies outside, and a text is as large as it is said to be", () => {
  const canvas = new PixelCanvas(40, 20);
  canvas.fill(-5, -5, 7, 7, "#102030");
  canvas.write("88", 4, 4, 2, "#000000");
  const dark = Array.from({ length: 800 }, (_, i) => i).filter((i) => canvas.rgb[3 * i] === 0);
  const [x, y] = [dark.map((i) => i % 40), dark.map((i) => Math.floor(i / 40))];
  assertEquals([Math.min(...x), Math.max(...x) + 1], [4, 4 + pixelTextWidth("88", 2)]);
  assertEquals([Math.min(...y), Math.max(...y) + 1], [4, 4 + pixelTextHeight(2)]);
  assertEquals([...canvas.rgb.subarray(0, 9)], [16, 32, 48, 16, 32, 48, 255, 255, 255]);
  assert(canvas.rgb.subarray(-3).every((value) => value === 255));
});
