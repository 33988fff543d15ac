import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  type BatchLimits,
  type BatchMeasurement,
  decideBatch,
  fitMemory,
  gibibytes,
  largestFitting,
} from "../../lib/stages/batch_fit.ts";

const [MiB, GiB] = [2 ** 20, 2 ** 30];

/** A machine: 500 MiB for the program, 40 MiB an image; twice the images take up to `bestSize` no longer. */
function measurement(batchSize: number, bestSize = Infinity): BatchMeasurement {
  const imagesPerSecond = 10 * Math.min(batchSize, bestSize);
  return { batchSize, peakBytes: (500 + 40 * batchSize) * MiB, imagesPerSecond };
}

/** The sizes that are tried one after the other, and what is chosen. */
function walk(
  limits: BatchLimits,
  first: number,
  { bestSize = Infinity, breaksFrom = Infinity }: { bestSize?: number; breaksFrom?: number } = {},
): { tried: number[]; chosen: number; reason: string } {
  const measured: BatchMeasurement[] = [];
  const tried: number[] = [];
  let failed: number | null = null;
  for (;;) {
    const decision = decideBatch(measured, failed, limits, first);
    if (!("next" in decision)) return { tried, ...decision };
    tried.push(decision.next);
    if (decision.next >= breaksFrom) failed = decision.next;
    else measured.push(measurement(decision.next, bestSize));
  }
}

Deno.test("fitMemory() finds the line that measurements lie on, and largestFitting() keeps a share of the memory free", () => {
  const fit = fitMemory([2, 4, 16].map((size) => measurement(size)));
  assertAlmostEquals(fit.fixedBytes, 500 * MiB, 1);
  assertAlmostEquals(fit.bytesPerImage, 40 * MiB, 1);
  assertEquals(largestFitting({ fixedBytes: 0.35 * GiB, bytesPerImage: 0.1 * GiB }, 2 * GiB), 13);
  assertEquals(largestFitting({ fixedBytes: 2 * GiB, bytesPerImage: 1 }, 2 * GiB), 0);
  assertEquals(largestFitting({ fixedBytes: 1, bytesPerImage: 0 }, 2 * GiB), Infinity);
  assertThrows(
    () => fitMemory([measurement(2)]),
    RangeError,
    "Cannot fit memory to batch sizes 2: wanted at least two",
  );
});

Deno.test("decideBatch() doubles up to the largest size that fits into the memory", () => {
  // 0.85 * 4 GiB less 500 MiB are 2981.6 MiB: 74 images of 40 MiB
  assertEquals(walk({ bytes: 4 * GiB, images: 1000 }, 8), {
    tried: [8, 16, 32, 64, 74],
    chosen: 74,
    reason: "largest that fits in 4.0 GiB",
  });
});

Deno.test("decideBatch() takes no more images than there are", () => {
  const { tried, chosen, reason } = walk({ bytes: Infinity, images: 20 }, 8);
  assertEquals([tried, chosen, reason], [[8, 16, 20], 20, "all images there are"]);
  assertEquals(walk({ bytes: Infinity, images: 5 }, 8).tried, [5]);
});

Deno.test("decideBatch() goes back to the size after which images a second no longer grow, two sizes later", () => {
  const { tried, chosen, reason } = walk({ bytes: Infinity, images: 1000 }, 4, { bestSize: 16 });
  assertEquals([tried, chosen], [[4, 8, 16, 32, 64], 16]);
  assertEquals(reason, "more images a step are not more images a second");
});

Deno.test("decideBatch() is not misled by one slow measurement", () => {
  const slow = { ...measurement(16), imagesPerSecond: 1 };
  const measured = [measurement(8), slow];
  assertEquals(decideBatch(measured, null, { bytes: Infinity, images: 1000 }, 8), { next: 32 });
  const better = [...measured, measurement(32)];
  assertEquals(decideBatch(better, null, { bytes: Infinity, images: 1000 }, 8), { next: 64 });
});

Deno.test("decideBatch() keeps the last size that ran, and begins with less where the first does not", () => {
  const above = walk({ bytes: Infinity, images: 1000 }, 8, { breaksFrom: 40 });
  assertEquals([above.tried, above.chosen], [[8, 16, 32, 64], 32]);
  assertEquals(above.reason, "largest that ran; 64 did not");
  const below = walk({ bytes: Infinity, images: 1000 }, 16, { breaksFrom: 7 });
  assertEquals([below.tried, below.chosen], [[16, 8, 4], 4]);
  const nothing = (): unknown => walk({ bytes: Infinity, images: 1000 }, 4, { breaksFrom: 1 });
  assertThrows(nothing, RangeError, "Cannot find a batch that fits, as not even one image does: free memory");
});

Deno.test("gibibytes() names a memory's size", () => {
  assertEquals([1.25 * GiB, Infinity].map(gibibytes), ["1.3 GiB", "the device's memory"]);
});
