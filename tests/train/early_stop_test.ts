import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { ImageAps } from "../../lib/eval/image_aps.ts";
import { leastAp, normalBound, standingOf } from "../../lib/train/early_stop.ts";

/** One object an image; the detector finds it where `hits` says so, and something else in every image. */
function detector(hits: readonly boolean[]): ImageAps {
  const aps = new ImageAps(1);
  hits.forEach((isHit, image) => {
    const at = { imageId: `${image}`, classIndex: 0 };
    const truth = {
      ...at,
      boxXyxy: [0, 0, 10, 10],
      isCrowd: false,
      isDifficult: false,
      areaPx: 100,
    } as const;
    aps.add({ imageIds: [at.imageId], classes: ["it"], annotations: [truth] }, [
      { ...at, score: 0.9, boxXyxy: isHit ? [0, 0, 10, 10] : [50, 50, 60, 60] },
    ]);
  });
  return aps;
}

const [best, good] = [[1, 1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 1, 1, 1, 0]].map((hits) => hits.map(Boolean));
const settings = { confidence: 0.95, chunkImages: 4 };

Deno.test("normalBound() is the normal distribution's quantile", () => {
  for (
    const [probability, bound] of [[0.5, 0], [0.1, 1.281552], [0.05, 1.644854], [0.01, 2.326348], [
      1e-4,
      3.719016,
    ]]
  ) {
    assertAlmostEquals(normalBound(probability), bound, 4.5e-4);
  }
});

Deno.test("a candidate that has seen all images stands where it is, whatever the confidence", () => {
  const rivals = [detector(best), detector(good)];
  const candidate = detector([1, 0, 1, 0, 1, 0, 1, 0].map(Boolean));
  const { estimate, upperBound } = standingOf(candidate, rivals, 8, settings);
  assertAlmostEquals(estimate, candidate.ap(), 1e-12);
  assertAlmostEquals(upperBound, candidate.ap(), 1e-12);
  assertEquals(leastAp(rivals), detector(good).ap());
});

Deno.test("an estimate is the rivals' mean and the lead over them; the bound widens with confidence and looks", () => {
  const rivals = [detector(best), detector(good)];
  const candidate = detector([true, false, true, false]);
  const mean = (images: number): number => (rivals[0].ap(images) + rivals[1].ap(images)) / 2;
  const at = standingOf(candidate, rivals, 8, settings);
  assertAlmostEquals(at.estimate, mean(8) + candidate.ap() - mean(4), 1e-12);
  assert(at.upperBound > at.estimate);
  const surer = standingOf(candidate, rivals, 8, { ...settings, confidence: 0.99 });
  const oftener = standingOf(candidate, rivals, 8, { ...settings, chunkImages: 2 });
  assertEquals([surer.estimate, oftener.estimate], [at.estimate, at.estimate]);
  assert(surer.upperBound > at.upperBound && oftener.upperBound > at.upperBound);
});
