import { assertEquals, assertThrows } from "@std/assert";
import sharp, { type Sharp } from "sharp";
import { readImage } from "../../lib/data/decode.ts";
import { openJpegDecoder } from "../../lib/engine/jpeg_decoder.ts";
import { ensureLibrary, TensorFlowError } from "../../lib/engine/mod.ts";
import { withTree } from "../data/temp_tree.ts";

const library = await ensureLibrary();

function noise(width: number, height: number): Sharp {
  const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
  return sharp({ create: { width, height, channels: 3, background: "#000", noise } });
}

Deno.test("openJpegDecoder() gives sharp's pixels to the bit", async () => {
  const files = {
    "halved.jpg": await noise(61, 47).jpeg({ quality: 85 }).toBuffer(),
    "full.jpg": await noise(40, 33).jpeg({ chromaSubsampling: "4:4:4", quality: 100 }).toBuffer(),
    "progressive.jpg": await noise(50, 50).jpeg({ progressive: true }).toBuffer(),
    "grey.jpg": await noise(19, 23).toColourspace("b-w").jpeg().toBuffer(),
    "dot.jpg": await noise(1, 1).jpeg().toBuffer(),
  };
  using decoder = openJpegDecoder(library.path);
  await withTree(files, async (folder) => {
    for (const [name, bytes] of Object.entries(files)) {
      const wanted = await readImage({ file: `${folder}/${name}` }, { maxPixels: 1e6 });
      assertEquals(decoder.decode(new Uint8Array(bytes)), wanted, name);
    }
  });
});

Deno.test("openJpegDecoder() refuses what is no whole JPEG", async () => {
  using decoder = openJpegDecoder(library.path);
  const bytes = new Uint8Array(await noise(60, 40).jpeg().toBuffer());
  assertThrows(() => decoder.decode(bytes.subarray(0, bytes.length >> 1)), TensorFlowError);
  assertThrows(() => decoder.decode(new Uint8Array(100)), TensorFlowError);
});
