import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import {
  augmentImage,
  blendBrightness,
  blendContrast,
  blendSaturation,
  evaluationView,
  jitterColor,
  randomCrop,
} from "../../lib/data/augment.ts";
import { resample } from "../../lib/data/resample.ts";
import type { RgbImage } from "../../lib/data/sample.ts";

/** What Pillow and torchvision made, see tests/fixtures/make_augment_fixtures.py. */
interface Golden {
  readonly width: number;
  readonly height: number;
  readonly data: readonly number[];
  readonly resize: readonly { width: number; height: number; window: number[]; data: number[] }[];
  readonly blend: readonly { name: string; factor: number; data: number[] }[];
}

async function golden(): Promise<Golden & { image: RgbImage }> {
  const stored: Golden = JSON.parse(
    await Deno.readTextFile(new URL("../fixtures/augment.json", import.meta.url)),
  );
  return {
    ...stored,
    image: { width: stored.width, height: stored.height, data: Uint8Array.from(stored.data) },
  };
}

/** `[height, width, 3]` of random bytes. */
function noise(width: number, height: number): RgbImage {
  const random = stream(5, "noise");
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
}

Deno.test("resample() agrees with Pillow's bilinear filter to one grey level", async () => {
  const { image, resize } = await golden();
  for (const { width, height, window: [x, y, w, h], data } of resize) {
    const resized = resample(image, width, height, { x, y, width: w, height: h });
    assertEquals([resized.width, resized.height], [width, height]);
    // Pillow rounds to bytes between its two passes.
    assert(largestDifference(resized.data, data) <= 1, `${w} x ${h} to ${width} x ${height}`);
  }
});

Deno.test("resample() keeps a constant image constant, also from a window between pixels", () => {
  const image = { width: 9, height: 7, data: new Uint8Array(9 * 7 * 3).fill(201) };
  const window = { x: 0.3, y: 1.7, width: 8.7, height: 4.9 };
  for (const side of [1, 4, 30]) {
    assert(resample(image, side, side, window).data.every((value) => value === 201));
  }
  assert(resample(image, 5, 5).data.every((value) => value === 201));
});

Deno.test("blends agree with torchvision's on uint8 to one grey level", async () => {
  const { image, blend } = await golden();
  const blends = { brightness: blendBrightness, contrast: blendContrast, saturation: blendSaturation };
  for (const { name, factor, data } of blend) {
    const blended = image.data.slice();
    blends[name as keyof typeof blends](blended, factor);
    // torchvision multiplies in float32: where the product lies on a whole number, truncation may fall either way.
    assert(largestDifference(blended, data) <= 1, `${name} ${factor}`);
  }
});

Deno.test("jitterColor() of strength 0 changes nothing; a strength changes the image within its range", () => {
  const image = noise(8, 8);
  const still = { ...image, data: image.data.slice() };
  jitterColor(still, 0, stream(1, "a"));
  assert(largestDifference(still.data, image.data) <= 1); // saturation's sum may truncate just below a whole number
  const moved = { ...image, data: image.data.slice() };
  jitterColor(moved, 0.4, stream(1, "a"));
  assertNotEquals(moved.data, image.data);
});

Deno.test("randomCrop() lies inside, and covers its share at its aspect ratio", () => {
  let areas = 0;
  for (let i = 0; i < 2000; i++) {
    const { x, y, width, height } = randomCrop(120, 100, [0.2, 0.6], stream(3, i));
    assert(x >= 0 && y >= 0 && x + width <= 120 && y + height <= 100);
    assert(width / height > 0.72 && width / height < 1.39); // 3/4 to 4/3, and rounding
    areas += width * height / 12000;
  }
  assertAlmostEquals(areas / 2000, 0.4, 0.02); // the mean of a uniform share
});

Deno.test("randomCrop() falls back on the largest central window of an allowed ratio", () => {
  const random = stream(1, "long");
  assertEquals(randomCrop(1000, 30, [1, 1], random), { x: 480, y: 0, width: 40, height: 30 });
  assertEquals(randomCrop(30, 1000, [1, 1], random), { x: 0, y: 480, width: 30, height: 40 });
  const square = randomCrop(100, 100, [1, 1], { uniform: () => 0, integer: () => 0, normal: () => 0 });
  assertEquals(square, { x: 0, y: 0, width: 100, height: 100 }); // area 1 at 3:4 never fits
});

Deno.test("augmentImage() repeats for the same keys, differs for others, leaves the image alone", () => {
  const image = noise(40, 30);
  const before = image.data.slice();
  const options = { cropScale: [0.3, 1], colorJitter: 0.4, flip: true } as const;
  const view = (epoch: number): RgbImage =>
    augmentImage(image, 16, options, stream(1, "augment", epoch, "id"));
  assertEquals(view(0), view(0));
  assertNotEquals(view(0), view(1));
  assertEquals(view(0).data.length, 16 * 16 * 3);
  assertEquals(image.data, before);
  augmentImage(image, 30, { cropScale: [1, 1], colorJitter: 0.4, flip: true }, stream(2, "x"));
  assertEquals(image.data, before);
});

Deno.test("augmentImage() flips half of the images", () => {
  const image = { width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) };
  for (let i = 0; i < 64; i++) image.data.fill(i % 8 * 30, i * 3, i * 3 + 3); // brighter to the right
  const options = { cropScale: [1, 1], colorJitter: 0, flip: true } as const;
  let flipped = 0;
  for (let i = 0; i < 400; i++) {
    const { data } = augmentImage({ ...image }, 8, options, stream(4, i));
    flipped += data[0] > data[7 * 3] ? 1 : 0;
  }
  assert(flipped > 160 && flipped < 240, `${flipped} of 400`);
});

Deno.test("resample() turns what it would make without a turn", () => {
  const image = noise(13, 9);
  const window = { x: 1.5, y: 0.25, width: 10, height: 8 };
  const [width, height] = [7, 21];
  const plain = resample(image, width, height, window).data;
  for (const isMirrored of [false, true]) {
    for (const isUpsideDown of [false, true]) {
      const { data } = resample(image, width, height, window, { isMirrored, isUpsideDown });
      for (let i = 0; i < data.length; i++) {
        const [y, x, c] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
        const from = [isUpsideDown ? height - 1 - y : y, isMirrored ? width - 1 - x : x];
        assertEquals(data[i], plain[(from[0] * width + from[1]) * 3 + c]);
      }
    }
  }
});

Deno.test("evaluationView() is the centre: 224/256 of the shorter side", () => {
  const image = { width: 48, height: 32, data: new Uint8Array(48 * 32 * 3) };
  for (let y = 2; y < 30; y++) image.data.fill(255, (y * 48 + 10) * 3, (y * 48 + 38) * 3);
  const view = evaluationView(image, 28); // the white square exactly
  assertEquals([view.width, view.height], [28, 28]);
  assert(view.data.every((value) => value === 255));
});
