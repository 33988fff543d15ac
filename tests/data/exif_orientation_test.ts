import { assertEquals } from "@std/assert";
import sharp from "sharp";
import { readExifOrientation } from "../../lib/data/exif_orientation.ts";

function jpeg(orientation?: number): Promise<Uint8Array> {
  const image = sharp({ create: { width: 16, height: 8, channels: 3, background: "#808080" } }).jpeg();
  const turned = orientation === undefined ? image : image.withMetadata({ orientation });
  return turned.toBuffer().then((bytes) => new Uint8Array(bytes));
}

Deno.test("readExifOrientation() reads what sharp writes, for every orientation", async () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    assertEquals(readExifOrientation(await jpeg(orientation)), orientation);
  }
});

Deno.test("readExifOrientation() takes an image without EXIF, another format and any cut for upright", async () => {
  assertEquals(readExifOrientation(await jpeg()), 1);
  assertEquals(readExifOrientation(new Uint8Array([0x89, 0x50, 0x4e, 0x47])), 1);
  const turned = await jpeg(6);
  for (let length = 0; length < 40; length++) {
    const found = readExifOrientation(turned.subarray(0, length));
    assertEquals(found === 1 || found === 6, true, `cut at ${length}`);
  }
  assertEquals(readExifOrientation(turned.subarray(0, 20)), 1);
});
