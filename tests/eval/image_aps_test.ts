import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { evaluateCoco } from "../../lib/eval/coco.ts";
import type { Detection } from "../../lib/eval/detection.ts";
import type { GroundTruth, GroundTruthAnnotation } from "../../lib/eval/ground_truth.ts";
import { ImageAps, pairedDifference } from "../../lib/eval/image_aps.ts";

const classes = ["red", "white", "never there"];

/** Images of a few objects, most of them found, some of the detections wrong; scores without ties. */
function example(seed: number, images: number): { truths: GroundTruth[]; found: Detection[][] } {
  const truths: GroundTruth[] = [];
  const found: Detection[][] = [];
  for (let image = 0; image < images; image++) {
    const objects = stream(1, "objects", image); // the same for every detector
    const random = stream(seed, "found", image);
    const imageId = `${image}`;
    const annotations = Array.from({ length: objects.integer(4) }, (): GroundTruthAnnotation => {
      const [x, y] = [100 * objects.uniform(), 100 * objects.uniform()];
      const boxXyxy = [x, y, x + 40, y + 40] as const;
      const classIndex = objects.integer(2);
      return {
        imageId,
        classIndex,
        boxXyxy,
        isCrowd: objects.uniform() < 0.1,
        isDifficult: false,
        areaPx: 1600,
      };
    });
    truths.push({ imageIds: [imageId], classes, annotations });
    found.push(annotations.flatMap(({ classIndex, boxXyxy: [x1, y1, x2, y2] }): Detection[] => {
      const shift = 20 * random.uniform();
      const score = random.uniform();
      return [
        { imageId, classIndex, score, boxXyxy: [x1 + shift, y1, x2 + shift, y2] },
        { imageId, classIndex: random.integer(3), score: random.uniform(), boxXyxy: [0, 0, 30, 30] },
      ];
    }));
  }
  return { truths, found };
}

function together({ truths, found }: ReturnType<typeof example>, images: readonly number[]): number {
  const groundTruth = {
    classes,
    imageIds: images.map((image) => truths[image].imageIds[0]),
    annotations: images.flatMap((image) => truths[image].annotations),
  };
  return evaluateCoco(groundTruth, images.flatMap((image) => found[image])).summary.AP;
}

function apsOf({ truths, found }: ReturnType<typeof example>, images = truths.length): ImageAps {
  const aps = new ImageAps(classes.length);
  for (let image = 0; image < images; image++) aps.add(truths[image], found[image]);
  return aps;
}

Deno.test("AP of images that come one by one is COCO's of them together, at every number, and without each", () => {
  const one = example(2, 12);
  const aps = apsOf(one);
  assertEquals(aps.images, 12);
  for (let images = 2; images <= 12; images++) {
    const first = Array.from({ length: images }, (_, i) => i);
    assertAlmostEquals(aps.ap(images), together(one, first), 1e-12);
    aps.apsWithout(images).forEach((ap, without) =>
      assertAlmostEquals(ap, together(one, first.filter((image) => image !== without)), 1e-12)
    );
  }
  assertEquals(new ImageAps(3).ap(), -1, "no object, no AP");
});

Deno.test("a candidate has no difference from itself, and differences turn round with the sides", () => {
  const [a, b] = [apsOf(example(2, 12)), apsOf(example(3, 12))];
  assertEquals(pairedDifference(a, [a]), { difference: 0, standardError: 0 });
  const [there, back] = [pairedDifference(a, [b]), pairedDifference(b, [a])];
  assert(there.difference !== 0 && there.standardError > 0);
  assertAlmostEquals(back.difference, -there.difference, 1e-12);
  assertAlmostEquals(back.standardError, there.standardError, 1e-12);
  const half = pairedDifference(a, [a, b]);
  assertAlmostEquals(half.difference, there.difference / 2, 1e-12);
  assertAlmostEquals(half.standardError, there.standardError / 2, 1e-12);
});

Deno.test("the standard error is about what other images make of a difference", () => {
  const images = 40;
  const [a, b] = [example(2, 1200), example(3, 1200)];
  const part = (of: typeof a, start: number): ImageAps =>
    apsOf({ truths: of.truths.slice(start, start + images), found: of.found.slice(start, start + images) });
  const all = Array.from(
    { length: 30 },
    (_, i) => pairedDifference(part(a, i * images), [part(b, i * images)]),
  );
  const mean = all.reduce((sum, { difference }) => sum + difference, 0) / all.length;
  const spread = Math.sqrt(
    all.reduce((sum, { difference }) => sum + (difference - mean) ** 2, 0) / (all.length - 1),
  );
  const claimed = all.reduce((sum, { standardError }) => sum + standardError, 0) / all.length;
  assert(claimed > 0.7 * spread && claimed < 1.5 * spread, `claimed ${claimed}, found ${spread}`);
});
