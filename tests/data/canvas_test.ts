import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import {
  chooseCanvas,
  drawOnCanvas,
  fitOnCanvas,
  type PlacedImage,
  placeForEvaluation,
  placeForTraining,
} from "../../lib/data/canvas.ts";
import type { Annotation, DetectionSample, RgbImage } from "../../lib/data/sample.ts";

const box = [12, 20, 40, 36] as const;
const annotation: Annotation = {
  boxXyxy: box,
  classIndex: 2,
  isCrowd: false,
  isDifficult: false,
  areaPx: 448,
};

/** A black image of 80 x 60 with a white box. */
function boxed(
  annotations: readonly Annotation[] = [annotation],
): { sample: DetectionSample; image: RgbImage } {
  const image = { width: 80, height: 60, data: new Uint8Array(80 * 60 * 3) };
  for (let y = box[1]; y < box[3]; y++) image.data.fill(255, (y * 80 + box[0]) * 3, (y * 80 + box[2]) * 3);
  const source = { generate: (): RgbImage => image };
  return { image, sample: { id: "a", source, widthPx: 80, heightPx: 60, annotations } };
}

/** Edges of the white pixels (over half of full), x1, y1, x2, y2. */
function whiteBox({ width, height, data }: RgbImage): number[] {
  const edges = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[(y * width + x) * 3] < 128) continue;
      edges[0] = Math.min(edges[0], x);
      edges[1] = Math.min(edges[1], y);
      edges[2] = Math.max(edges[2], x + 1);
      edges[3] = Math.max(edges[3], y + 1);
    }
  }
  return edges;
}

function assertOnObject({ image, boxesXyxy }: PlacedImage, tolerancePx: number): void {
  const seen = whiteBox(image);
  const far = seen.some((edge, i) => Math.abs(edge - boxesXyxy[i]) > tolerancePx);
  assert(!far, `white pixels ${seen}, box ${boxesXyxy}`);
}

Deno.test("chooseCanvas() takes the canvas with the largest image, then the smaller canvas, then the first", () => {
  const canvases = [{ heightPx: 80, widthPx: 130 }, { heightPx: 130, widthPx: 80 }, {
    heightPx: 80,
    widthPx: 100,
  }];
  assertEquals(chooseCanvas(canvases, 300, 100), 0);
  assertEquals(chooseCanvas(canvases, 100, 300), 1);
  assertEquals(chooseCanvas(canvases, 100, 100), 2);
  assertEquals(chooseCanvas(canvases.slice(0, 2), 100, 100), 0);
});

Deno.test("fitOnCanvas() keeps the aspect ratio to a pixel and inverts", () => {
  const placement = fitOnCanvas({ heightPx: 240, widthPx: 320 }, 641, 479);
  assertEquals([placement.widthPx, placement.heightPx], [320, 239]);
  assertEquals([placement.widthPx / placement.scaleX, placement.heightPx / placement.scaleY], [641, 479]);
  assertEquals(fitOnCanvas({ heightPx: 240, widthPx: 320 }, 16, 12).scaleX, 20);
});

Deno.test("placeForEvaluation() scales boxes with the image and keeps crowds", () => {
  const { image, sample } = boxed([annotation, { ...annotation, isCrowd: true }]);
  const half = { heightPx: 30, widthPx: 40 };
  const { boxesXyxy, classIndices } = placeForEvaluation(image, sample, half);
  assertEquals([...boxesXyxy], [6, 10, 20, 18, 6, 10, 20, 18]);
  assertEquals([...classIndices], [2, 2]);
});

Deno.test("placeForTraining() keeps boxes on their objects under scale, crop and flips", () => {
  const { image, sample } = boxed();
  const canvas = { heightPx: 60, widthPx: 80 };
  const options = { flip: true, verticalFlip: true, scaleJitter: [0.5, 1.6] } as const;
  let found = 0;
  for (let i = 0; i < 200; i++) {
    const placed = placeForTraining(image, sample, canvas, options, stream(1, i));
    assertEquals([placed.placement.widthPx, placed.placement.heightPx], [
      placed.image.width,
      placed.image.height,
    ]);
    assert(placed.image.width <= 80 && placed.image.height <= 60);
    if (placed.classIndices.length === 0) continue;
    assertOnObject(placed, 0.75); // half a pixel of rounding at an edge of half-grey, and rounded sizes
    found++;
  }
  assert(found > 190, `${found} of 200 crops show the box`);
});

Deno.test("placeForTraining() is a pure function of its keys and leaves the image alone", () => {
  const { image, sample } = boxed();
  const before = image.data.slice();
  const options = { flip: true, verticalFlip: true, scaleJitter: [0.8, 1.2] } as const;
  const place = (key: number): PlacedImage =>
    placeForTraining(image, sample, { heightPx: 60, widthPx: 80 }, options, stream(9, key));
  assertEquals(place(1), place(1));
  assertNotEquals(place(1), place(2));
  assertEquals(image.data, before);
});

Deno.test("colour jitter changes the pixels alone, and of a copy", () => {
  const { image, sample } = boxed();
  image.data.forEach((_, i) => image.data[i] = 60 + (i * 37) % 120); // no colour that can't get darker and lighter
  const before = image.data.slice();
  const place = (colorJitter: number, flip: boolean, key: number): PlacedImage => {
    const scaleJitter: [number, number] = flip ? [0.8, 1.2] : [1, 1];
    const options = { flip, verticalFlip: flip, scaleJitter, colorJitter };
    return placeForTraining(image, sample, { heightPx: 60, widthPx: 100 }, options, stream(9, key));
  };
  for (let key = 0; key < 20; key++) {
    for (const flip of [false, true]) {
      const [plain, jittered] = [place(0, flip, key), place(0.4, flip, key)];
      assertNotEquals(jittered.image.data, plain.image.data);
      assertEquals({ ...jittered, image: plain.image }, plain);
      assertEquals(place(0.4, flip, key), jittered);
    }
  }
  assertEquals(image.data, before);
});

Deno.test("placeForTraining() without augmentation is evaluation without crowds", () => {
  const { image, sample } = boxed([annotation, { ...annotation, isCrowd: true }]);
  const canvas = { heightPx: 60, widthPx: 100 };
  const options = { flip: false, verticalFlip: false, scaleJitter: [1, 1] } as const;
  const placed = placeForTraining(image, sample, canvas, options, stream(1, "x"));
  const evaluated = placeForEvaluation(image, { ...sample, annotations: [annotation] }, canvas);
  assertEquals(placed, evaluated);
});

Deno.test("placeForTraining() drops a box of which a crop leaves a sliver", () => {
  const edge: Annotation = { ...annotation, boxXyxy: [0, 0, 20, 20] };
  const { image, sample } = boxed([edge]);
  // Twice the size, cropped at the far corner: the box ends at 40, the crop starts at 80 and 60.
  const far = { uniform: () => 1 - 1e-9, integer: () => 0, normal: () => 0 };
  const options = { flip: false, verticalFlip: false, scaleJitter: [2, 2] } as const;
  const placed = placeForTraining(image, sample, { heightPx: 60, widthPx: 80 }, options, far);
  assertEquals([placed.boxesXyxy.length, placed.classIndices.length], [0, 0]);
});

Deno.test("placeForTraining() flips box and pixels together", () => {
  const { image, sample } = boxed();
  const low = { uniform: () => 0, integer: () => 0, normal: () => 0 }; // each flip that may be, is
  const place = (flip: boolean, verticalFlip: boolean): PlacedImage => {
    const options = { flip, verticalFlip, scaleJitter: [1, 1] } as const;
    return placeForTraining(image, sample, { heightPx: 60, widthPx: 80 }, options, low);
  };
  const across = place(true, false);
  assertEquals([...across.boxesXyxy], [40, 20, 68, 36]);
  assertOnObject(across, 0);
  const down = place(false, true);
  assertEquals([...down.boxesXyxy], [12, 24, 40, 40]);
  assertOnObject(down, 0);
  const both = place(true, true);
  assertEquals([...both.boxesXyxy], [40, 24, 68, 40]);
  assertOnObject(both, 0);
});

Deno.test("placing needs no image of the canvas's size: boxes stay on their objects", () => {
  const { image, sample } = boxed();
  const evaluated = placeForEvaluation(image, sample, { heightPx: 120, widthPx: 200 });
  assertEquals([evaluated.image.width, evaluated.image.height], [160, 120]);
  assertOnObject(evaluated, 0.5);
});

Deno.test("drawOnCanvas() leaves the padding zero", () => {
  const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const target = new Uint8Array(3 * 2 * 3);
  drawOnCanvas(image, { heightPx: 2, widthPx: 3 }, target);
  assertEquals([...target], [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});
