import { assert, assertEquals, assertRejects } from "@std/assert";
import sharp, { type Sharp } from "sharp";
import { checkImages } from "../../lib/data/check.ts";
import { imageToCheck } from "../../lib/data/image_to_check.ts";
import { readHeader, readImage } from "../../lib/data/decode.ts";
import type { ClassificationSample, DetectionSample, RgbImage } from "../../lib/data/sample.ts";
import { png, withTree } from "./temp_tree.ts";

const maxPixels = 10_000;

/** The colour of a one-coloured image. */
function colorOf({ data }: RgbImage): number[] {
  for (let i = 3; i < data.length; i++) assertEquals(data[i], data[i - 3]);
  return [...data.subarray(0, 3)];
}

/** A 4 x 2 image of one colour, `[r, g, b, alpha]`. */
function plain(r: number, g: number, b: number, alpha = 1): Sharp {
  return sharp({ create: { width: 4, height: 2, channels: 4, background: { r, g, b, alpha } } });
}

async function bytes(image: Sharp): Promise<Uint8Array> {
  return new Uint8Array(await image.toBuffer());
}

/** A photograph-like JPEG, large enough to be cut. */
async function jpeg(): Promise<Uint8Array> {
  const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
  return await bytes(
    sharp({ create: { width: 64, height: 48, channels: 3, background: "#000", noise } }).jpeg(),
  );
}

Deno.test("readImage() gives RGB whatever the file holds", async () => {
  const files = {
    "rgb.png": await bytes(plain(10, 200, 30).removeAlpha().png()),
    "palette.png": await bytes(plain(10, 200, 30).png({ palette: true })),
    "grey.png": await bytes(plain(90, 90, 90).removeAlpha().toColourspace("b-w").png()),
    "grey.jpg": await bytes(plain(90, 90, 90).removeAlpha().toColourspace("b-w").jpeg()),
    "deep.png": await bytes(plain(10, 200, 30).removeAlpha().toColourspace("rgb16").png()),
    "half.png": await bytes(plain(0, 0, 0, 0.5).png()),
    "lossless.webp": await bytes(plain(10, 200, 30).webp({ lossless: true })),
    "cmyk.jpg": await bytes(plain(255, 255, 255).removeAlpha().toColourspace("cmyk").jpeg({ quality: 100 })),
  };
  await withTree(files, async (folder) => {
    const read = (name: string): Promise<RgbImage> => readImage({ file: `${folder}/${name}` }, { maxPixels });
    for (const name of ["rgb.png", "palette.png", "deep.png", "lossless.webp"]) {
      assertEquals(colorOf(await read(name)), [10, 200, 30], name);
    }
    for (const name of ["grey.png", "grey.jpg"]) assertEquals(colorOf(await read(name)), [90, 90, 90], name);
    assertEquals(colorOf(await read("half.png")), [127, 127, 127]); // its alpha is 128
    const white = colorOf(await read("cmyk.jpg"));
    assert(white.length === 3 && white.every((value) => value > 245), `${white}`);
    const { width, height, data } = await read("rgb.png");
    assertEquals([width, height, data.length], [4, 2, 24]);
  });
});

Deno.test("readImage() lays every colour of every transparency on white, rounded to the nearest", async () => {
  const rgba = Uint8Array.from({ length: 4 * 256 * 256 }, (_, i) => i % 4 < 3 ? (i >> 2) & 255 : i >> 10);
  const wanted = Array.from({ length: 256 * 256 }, (_, i) => {
    const [alpha, value] = [i >> 8, i & 255];
    return Math.round((alpha * value + (255 - alpha) * 255) / 255);
  });
  const raw = { width: 256, height: 256, channels: 4 } as const;
  const grey = sharp(rgba, { raw });
  const files = {
    "colour.png": await bytes(grey.clone().png()),
    "colour.webp": await bytes(grey.clone().webp({ lossless: true, exact: true })),
    "deep.png": await bytes(grey.clone().toColourspace("rgb16").png()),
  };
  await withTree(files, async (folder) => {
    for (const name of Object.keys(files)) {
      const { data } = await readImage({ file: `${folder}/${name}` }, { maxPixels: 65_536 });
      assertEquals(data.length, 3 * wanted.length, name);
      for (const c of [0, 1, 2]) {
        assertEquals(wanted.filter((value, i) => data[3 * i + c] !== value), [], name);
      }
    }
  });
});

Deno.test("readImage() keeps the stored orientation", async () =>
  await withTree(
    { "turned.jpg": await bytes(plain(9, 9, 9).jpeg().withMetadata({ orientation: 6 })) },
    async (folder) => {
      const { width, height } = await readImage({ file: `${folder}/turned.jpg` }, { maxPixels });
      assertEquals([width, height], [4, 2]);
      assertEquals(await readHeader(`${folder}/turned.jpg`, maxPixels), {
        format: "jpeg",
        widthPx: 4,
        heightPx: 2,
      });
    },
  ));

Deno.test("readImage() shrinks files and generated images alike", async () =>
  await withTree({ "a.png": await png(40, 20) }, async (folder) => {
    const data = new Uint8Array(40 * 20 * 3).fill(7);
    for (
      const source of [{ file: `${folder}/a.png` }, { generate: () => ({ width: 40, height: 20, data }) }]
    ) {
      const sizeOf = async (options: { shorterSidePx?: number }): Promise<number[]> => {
        const image = await readImage(source, { maxPixels, ...options });
        assertEquals(image.data.length, image.width * image.height * 3);
        return [image.width, image.height];
      };
      assertEquals(await sizeOf({}), [40, 20]);
      assertEquals(await sizeOf({ shorterSidePx: 10 }), [20, 10]);
      assertEquals(await sizeOf({ shorterSidePx: 7 }), [14, 7]);
      assertEquals(await sizeOf({ shorterSidePx: 11 }), [40, 20]); // not twice as large
    }
  }));

Deno.test("readImage() lays a translucent image on white where it shrinks it", async () =>
  await withTree({ "a.png": await bytes(plain(10, 200, 30, 0.5).resize(40, 20).png()) }, async (folder) => {
    const image = await readImage({ file: `${folder}/a.png` }, { maxPixels, shorterSidePx: 5 });
    assertEquals([image.width, image.height, image.data.length], [10, 5, 150]);
    for (const [i, value] of [132, 227, 142].entries()) {
      assert(Math.abs(image.data[i] - value) <= 1, `${image.data.subarray(0, 3)}`);
    }
  }));

Deno.test("readImage() asks the JPEG decoder for JPEGs without profile, CMYK, shrinking or fault, and sharp for the rest", async () => {
  const grey = sharp({ create: { width: 4, height: 2, channels: 3, background: "#777" } });
  const files = {
    "plain.jpg": await bytes(plain(9, 9, 9).jpeg()),
    "grey.jpg": await bytes(grey.clone().toColourspace("b-w").jpeg()),
    "profile.jpg": await bytes(grey.clone().withIccProfile("p3").jpeg()),
    "cmyk.jpg": await bytes(grey.clone().toColourspace("cmyk").jpeg()),
    "a.png": await png(4, 2),
    "cut.jpg": (await jpeg()).subarray(0, 60),
    "large.jpg": await bytes(sharp(await png(200, 100)).jpeg()),
  };
  await withTree(files, async (folder) => {
    let asked: string[] = [];
    const read = (name: string, shorterSidePx = 100): Promise<RgbImage> =>
      readImage({ file: `${folder}/${name}` }, {
        maxPixels,
        shorterSidePx,
        decodeJpeg: () => {
          asked.push(name);
          return { width: 1, height: 1, data: new Uint8Array(3) };
        },
      });
    for (const name of ["plain.jpg", "grey.jpg"]) assertEquals((await read(name)).width, 1);
    assertEquals(asked, ["plain.jpg", "grey.jpg"]);
    asked = [];
    for (const name of ["profile.jpg", "cmyk.jpg", "a.png"]) assertEquals((await read(name)).width, 4);
    assertEquals((await read("plain.jpg", 1)).width, 2);
    await assertRejects(() => read("cut.jpg"), SyntaxError, "it is not a readable image");
    await assertRejects(() => read("large.jpg"), RangeError, "over the limit");
    await assertRejects(() => read("none.jpg"), Deno.errors.NotFound, "no such file");
    assertEquals(asked, []);
    const failing = {
      maxPixels,
      decodeJpeg: (): RgbImage => {
        throw new Error("no");
      },
    };
    assertEquals((await readImage({ file: `${folder}/plain.jpg` }, failing)).width, 4);
  });
});

Deno.test("readImage() names file and fault", async () => {
  const whole = await jpeg();
  const files = {
    "empty.jpg": new Uint8Array(),
    "text.jpg": "this is no image",
    "cut.jpg": whole.subarray(0, whole.length >> 1),
    "large.png": await png(200, 100),
  };
  await withTree(files, async (folder) => {
    const fails = async (
      name: string,
      kind: new (message?: string) => Error,
      message: string,
    ): Promise<void> => {
      const file = `${folder}/${name}`;
      await assertRejects(() => readImage({ file }, { maxPixels }), kind, `Cannot read ${file}: ${message}`);
    };
    await fails("none.jpg", Deno.errors.NotFound, "no such file");
    await fails("empty.jpg", SyntaxError, "it is empty (0 bytes)");
    await fails(
      "text.jpg",
      SyntaxError,
      "it is not a readable image (the file contains unsupported image format)",
    );
    await fails("cut.jpg", SyntaxError, "it is not a readable image (VipsJpeg: premature end of JPEG image)");
    await fails("large.png", RangeError, "it is 200 x 100, 20000 pixels, over the limit of 10000");
    await fails("", SyntaxError, "it is a folder, wanted an image");
  });
});

Deno.test("readImage() refuses a huge image from its header, without decoding it", async () => {
  const huge = (await png(4, 4)).slice();
  new DataView(huge.buffer).setUint32(16, 60_000); // the header's width and height; there is no such data
  new DataView(huge.buffer).setUint32(20, 60_000);
  const typeAndFields = huge.subarray(12, 29);
  new DataView(huge.buffer).setUint32(29, crc32(typeAndFields));
  await withTree({ "huge.png": huge }, async (folder) => {
    await assertRejects(
      () => readImage({ file: `${folder}/huge.png` }, { maxPixels: 50_000_000 }),
      RangeError,
      "it is 60000 x 60000, 3600000000 pixels, over the limit of 50000000",
    );
  });
});

Deno.test("checkImages() lists every image that can't be used, and why", async () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`;
  const files = {
    "good.png": await png(40, 30),
    "empty.jpg": new Uint8Array(),
    "text.jpg": "no image",
    "large.png": await png(200, 100),
    "drawing.jpg": svg,
  };
  await withTree(files, async (folder) => {
    const detection = (name: string, widthPx: number, heightPx: number): DetectionSample => {
      return { id: name, source: { file: `${folder}/${name}` }, widthPx, heightPx, annotations: [] };
    };
    const classified: ClassificationSample = {
      id: "d",
      source: { file: `${folder}/drawing.jpg` },
      classIndex: 0,
    };
    const generated: ClassificationSample = {
      id: "g",
      source: { generate: () => ({ width: 1, height: 1, data: new Uint8Array(3) }) },
      classIndex: 0,
    };
    const samples = [
      detection("good.png", 40, 30),
      detection("good.png", 30, 40),
      detection("empty.jpg", 1, 1),
      classified,
      generated,
      detection("text.jpg", 1, 1),
      detection("large.png", 200, 100),
      detection("none.png", 1, 1),
    ];
    const images = samples.map(imageToCheck).filter((image) => image !== null);
    assertEquals(images.length, samples.length - 1);
    const problems = await checkImages(images, maxPixels);
    assertEquals(
      problems.map(({ file, reason }) =>
        [file, reason.replaceAll(`${folder}/`, "")].map((s) => s.replace(`${folder}/`, ""))
      ),
      [
        ["good.png", "Cannot use good.png: it is 40 x 30, wanted 30 x 40 as annotated"],
        ["empty.jpg", "Cannot read empty.jpg: it is empty (0 bytes)"],
        ["drawing.jpg", "Cannot read drawing.jpg: it is svg, wanted JPEG, PNG or WebP"],
        [
          "text.jpg",
          "Cannot read text.jpg: it is not a readable image (the file contains unsupported image format)",
        ],
        ["large.png", "Cannot read large.png: it is 200 x 100, 20000 pixels, over the limit of 10000"],
        ["none.png", "Cannot read none.png: no such file"],
      ],
    );
  });
});

/** PNG's checksum. */
function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

Deno.test("checkImages() finds images that break off wherever they do, and takes what is written after an image", async () => {
  const whole = {
    jpg: await jpeg(),
    png: await bytes(sharp(await jpeg()).png()),
    webp: await bytes(sharp(await jpeg()).webp()),
  };
  const written = new Uint8Array(10_000);
  const files = Object.fromEntries(
    Object.entries(whole).flatMap(([type, all]) => [
      [`whole.${type}`, all],
      [`more.${type}`, new Uint8Array([...all, ...written])],
      [`half.${type}`, all.subarray(0, all.length / 2)],
      [`late.${type}`, all.subarray(0, -20)],
    ]),
  );
  await withTree(files, async (folder) => {
    const images = Object.keys(files).map((name) => ({
      file: `${folder}/${name}`,
      sizePx: [64, 48] as const,
    }));
    const problems = await checkImages(images, maxPixels);
    assertEquals(
      problems.map(({ file }) => file.slice(folder.length + 1)),
      Object.keys(files).filter((name) => /^(half|late)/.test(name)),
    );
    for (const { file, reason } of problems) {
      assert(reason.startsWith(`Cannot read ${file}: it is not a readable image (`), reason);
    }
  });
});
