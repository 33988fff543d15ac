import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { shapeNames, shapesClassification, shapesDetection } from "../../lib/data/shapes.ts";
import type { DetectionSample, ImageSource, RgbImage } from "../../lib/data/sample.ts";

function draw(source: ImageSource): RgbImage {
  if ("generate" in source) return source.generate();
  throw new TypeError("wanted a generated image");
}

/** Pixels of shapes are colourful, those of the background nearly grey. */
function colorfulPixels({ data, width }: RgbImage): { x: number; y: number }[] {
  const pixels: { x: number; y: number }[] = [];
  for (let i = 0; i < data.length; i += 3) {
    const rgb = data.subarray(i, i + 3);
    const pixel = i / 3;
    if (Math.max(...rgb) - Math.min(...rgb) > 25) {
      pixels.push({ x: pixel % width, y: Math.floor(pixel / width) });
    }
  }
  return pixels;
}

const options = { seed: 3, split: "train", count: 60, widthPx: 96, heightPx: 80 };

Deno.test("shapesDetection() is a pure function of seed, split and index", () => {
  const set = shapesDetection(options);
  assertEquals(set.classes, shapeNames);
  assertEquals(set.samples.length, 60);
  const again = shapesDetection({ ...options, count: 5 });
  for (let i = 0; i < 5; i++) {
    assertEquals(again.samples.at(i).annotations, set.samples.at(i).annotations);
    assertEquals(draw(again.samples.at(i).source), draw(set.samples.at(i).source));
  }
  for (const other of [{ ...options, seed: 4 }, { ...options, split: "val" }]) {
    assertNotEquals(draw(shapesDetection(other).samples.at(0).source), draw(set.samples.at(0).source));
  }
  assertEquals(new Set([...set.samples].map(({ id }) => id)).size, 60);
});

Deno.test("shapesDetection() has boxes inside the image, several sizes, overlaps and all classes", () => {
  const samples = [...shapesDetection(options).samples];
  const annotations = samples.flatMap((sample) => sample.annotations);
  for (const { boxXyxy: [x1, y1, x2, y2], areaPx } of annotations) {
    assert(x1 >= 0 && y1 >= 0 && x2 <= 96 && y2 <= 80 && x1 < x2 && y1 < y2);
    assert(areaPx > 0 && areaPx <= (x2 - x1) * (y2 - y1));
  }
  const sides = annotations.map(({ boxXyxy: [x1, , x2] }) => x2 - x1);
  assert(Math.min(...sides) < 14 && Math.max(...sides) > 36, "small and large shapes");
  assertEquals(new Set(annotations.map(({ classIndex }) => classIndex)).size, shapeNames.length);
  assert(samples.some(hasOverlap), "some boxes overlap");
  assert(samples.every((sample) => sample.annotations.length >= 1 && sample.annotations.length <= 6));
});

Deno.test("shapesDetection()'s boxes are exact to the pixel where one shape is drawn", () => {
  const seen = new Set<number>();
  for (const { annotations, source } of shapesDetection({ ...options, count: 200 }).samples) {
    if (annotations.length !== 1) continue;
    const pixels = colorfulPixels(draw(source));
    const xs = pixels.map(({ x }) => x), ys = pixels.map(({ y }) => y);
    const edges = [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
    assertEquals([...annotations[0].boxXyxy], edges);
    assertEquals(annotations[0].areaPx, pixels.length);
    seen.add(annotations[0].classIndex);
  }
  assertEquals(seen.size, shapeNames.length);
});

Deno.test("shapesDetection()'s boxes hold every shape pixel and nothing hidden where shapes overlap", () => {
  for (const { annotations, source } of shapesDetection(options).samples) {
    const pixels = colorfulPixels(draw(source));
    assertEquals(annotations.reduce((sum, { areaPx }) => sum + areaPx, 0), pixels.length);
    const inside = ({ x, y }: { x: number; y: number }): boolean =>
      annotations.some(({ boxXyxy: [x1, y1, x2, y2] }) => x >= x1 && x < x2 && y >= y1 && y < y2);
    assert(pixels.every(inside));
  }
});

Deno.test("shapesClassification() takes turns through ten classes and repeats itself", () => {
  const set = shapesClassification({ seed: 1, split: "val", imagesPerClass: 2, imagePx: 32 });
  assertEquals(set.classes.length, 10);
  assertEquals(set.classes.slice(0, 2), ["striped circle", "checked circle"]);
  assertEquals([...set.samples].map(({ classIndex }) => classIndex), [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
  ]);
  const image = draw(set.samples.at(3).source);
  assertEquals([image.width, image.height, image.data.length], [32, 32, 32 * 32 * 3]);
  assertEquals(draw(set.samples.at(3).source), image);
  assertNotEquals(draw(set.samples.at(13).source), image);
});

function hasOverlap({ annotations }: DetectionSample): boolean {
  return annotations.some(({ boxXyxy: a }, i) =>
    annotations.some(({ boxXyxy: b }, j) => i < j && a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3])
  );
}
