import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { drawSample } from "../../lib/boxes/sampling.ts";

/** `positives` foreground rows, then `negatives` background ones, then two that are ignored. */
function labels(positives: number, negatives: number): Int8Array {
  return Int8Array.from([
    ...new Array<number>(positives).fill(1),
    ...new Array<number>(negatives).fill(0),
    -1,
    -1,
  ]);
}

function counts(positives: number, negatives: number, count: number, positiveShare: number): number[] {
  const drawn = drawSample(labels(positives, negatives), { count, positiveShare }, stream(1, "draw"));
  return [drawn.positives.length, drawn.negatives.length];
}

Deno.test("drawSample() draws positives up to their share and fills up with negatives, as far as there are any", () => {
  assertEquals(counts(40, 100, 20, 0.25), [5, 15]);
  assertEquals(counts(3, 100, 20, 0.25), [3, 17]);
  assertEquals(counts(3, 10, 20, 0.25), [3, 10]);
  assertEquals(counts(40, 10, 20, 0.5), [10, 10]);
  assertEquals(counts(0, 0, 20, 0.5), [0, 0]);
  assertEquals(counts(5, 5, 2, 0.25), [0, 2]);
});

Deno.test("drawSample() draws different rows with the right labels, ascending, the same for the same stream", () => {
  const size = { count: 30, positiveShare: 0.5 };
  const drawn = drawSample(labels(50, 50), size, stream(1, "draw", 3));
  const rows = [...drawn.positives, ...drawn.negatives];
  assertEquals(rows, [...new Set(rows)].sort((a, b) => a - b));
  assert(drawn.positives.every((row) => row < 50) && drawn.negatives.every((row) => row >= 50 && row < 100));
  assertEquals(drawSample(labels(50, 50), size, stream(1, "draw", 3)), drawn);
  assertNotEquals(drawSample(labels(50, 50), size, stream(1, "draw", 4)), drawn);
});

Deno.test("drawSample() draws every row as often as any other", () => {
  const hits = new Array<number>(8).fill(0);
  for (let i = 0; i < 4000; i++) {
    const { positives } = drawSample(labels(8, 0), { count: 2, positiveShare: 1 }, stream(1, "fair", i));
    for (const row of positives) hits[row]++;
  }
  for (const hit of hits) assertAlmostEquals(hit / 4000, 0.25, 0.03); // 4.4 standard deviations
});
