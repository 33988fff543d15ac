import { assert, assertEquals, assertThrows } from "@std/assert";
import { boxInTile, tilesOf } from "../../lib/data/tiles.ts";
import { parseVocAnnotation } from "../../lib/data/voc_annotation.ts";
import { vocAnnotationText } from "../../lib/data/voc_text.ts";

const tile = { x: 100, y: 50, widthPx: 40, heightPx: 40 };

Deno.test("tilesOf() covers every pixel, with all tiles of full size", () => {
  const tiles = tilesOf(1249, 1035, { tilePx: 400, stridePx: 320 });
  const isCovered = (x: number, y: number): boolean =>
    tiles.some((t) => x >= t.x && x < t.x + t.widthPx && y >= t.y && y < t.y + t.heightPx);
  for (let x = 0; x < 1249; x += 8) for (let y = 0; y < 1035; y += 9) assert(isCovered(x, y), `${x},${y}`);
  assert(isCovered(1248, 1034));
  for (const { x, y, widthPx, heightPx } of tiles) {
    assertEquals([widthPx, heightPx], [400, 400]);
    assert(x + 400 <= 1249 && y + 400 <= 1035);
  }
});

Deno.test("tilesOf() leaves an image that is no larger than a tile whole", () => {
  assertEquals(tilesOf(400, 300, { tilePx: 400, stridePx: 320 }), [{
    x: 0,
    y: 0,
    widthPx: 400,
    heightPx: 300,
  }]);
});

Deno.test("tilesOf() cuts no tile twice where the stride fits", () => {
  assertEquals(tilesOf(720, 400, { tilePx: 400, stridePx: 320 }).map(({ x }) => x), [0, 320]);
});

Deno.test("tilesOf() refuses strides that leave gaps", () => {
  assertThrows(
    () => tilesOf(800, 800, { tilePx: 400, stridePx: 401 }),
    RangeError,
    "stridePx is 401, wanted 1..400",
  );
});

Deno.test("boxInTile() moves and cuts a box, and drops one that is mostly outside", () => {
  assertEquals(boxInTile([110, 60, 120, 80], tile, 0.4), [10, 10, 20, 30]);
  assertEquals(boxInTile([95, 60, 105, 70], tile, 0.4), [0, 10, 5, 20]); // half of it
  assertEquals(boxInTile([94, 60, 104, 70], tile, 0.4), [0, 10, 4, 20]); // 40 %: just kept
  assertEquals(boxInTile([93, 60, 103, 70], tile, 0.4), null);
  assertEquals(boxInTile([0, 0, 50, 50], tile, 0.4), null);
});

Deno.test("vocAnnotationText() is inverted by parseVocAnnotation()", () => {
  const objects = [
    { name: "a <b> & c", isDifficult: true, corners: [1, 2, 30, 40] as const },
    { name: "Tree", isDifficult: false, corners: [3, 4, 5, 6] as const },
  ];
  const text = vocAnnotationText({ widthPx: 40, heightPx: 50, objects }, "1.png");
  assertEquals(parseVocAnnotation(text, "1.xml"), { file: "1.xml", widthPx: 40, heightPx: 50, objects });
});
