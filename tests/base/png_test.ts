import { assertEquals, assertThrows } from "@std/assert";
import sharp from "sharp";
import { encodePng } from "../../lib/base/png.ts";

Deno.test("a PNG of encodePng() decodes to the same pixels", async () => {
  const [widthPx, heightPx] = [37, 11];
  const rgb = Uint8Array.from({ length: 3 * widthPx * heightPx }, (_, i) => (i * i + 7 * i) % 256);
  const { data, info } = await sharp(encodePng({ widthPx, heightPx, rgb })).raw().toBuffer({
    resolveWithObject: true,
  });
  assertEquals([info.width, info.height, info.channels], [widthPx, heightPx, 3]);
  assertEquals(new Uint8Array(data), rgb);
});

Deno.test("encodePng() wants three bytes a pixel, and a pixel at least", () => {
  assertThrows(
    () => encodePng({ widthPx: 2, heightPx: 3, rgb: new Uint8Array(17) }),
    RangeError,
    "Cannot encode 2 x 3 px as PNG: found 17 bytes, wanted three a pixel",
  );
  assertThrows(() => encodePng({ widthPx: 0, heightPx: 3, rgb: new Uint8Array() }), RangeError);
});
