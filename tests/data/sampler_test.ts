import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { epochOrder, TrainingBatches } from "../../lib/data/sampler.ts";

const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

Deno.test("epochOrder() is a permutation that seed, epoch and group change", () => {
  assertEquals(sorted(epochOrder(1, 0, 20)), range(20));
  assertEquals(epochOrder(1, 0, 20), epochOrder(1, 0, 20));
  for (const other of [epochOrder(2, 0, 20), epochOrder(1, 1, 20), epochOrder(1, 0, 20, 1)]) {
    assertNotEquals(other, epochOrder(1, 0, 20));
  }
});

Deno.test("TrainingBatches uses every sample equally often, over batches that straddle epochs", () => {
  const batches = new TrainingBatches(1, [range(10)], 4);
  assertEquals(batches.batchesPerRound, 3);
  // Batches of a round come in shuffled order: two rounds of 3 batches and 10 / 4 hold 60 draws after 5 rounds.
  const draws = range(15).flatMap((step) => batches.batch(step).draws);
  const byEpoch = range(6).map((epoch) => sorted(draws.filter((d) => d.epoch === epoch).map((d) => d.index)));
  for (const indices of byEpoch) assertEquals(indices, range(10));
});

Deno.test("TrainingBatches gives the same batch whatever was asked before", () => {
  const straight = new TrainingBatches(3, [range(7), range(5).map((i) => i + 7)], 3);
  const wanted = range(40).map((step) => straight.batch(step));
  for (const step of [39, 0, 17, 17, 3]) {
    assertEquals(straight.batch(step), wanted[step]);
    assertEquals(new TrainingBatches(3, [range(7), range(5).map((i) => i + 7)], 3).batch(step), wanted[step]);
  }
  const other = new TrainingBatches(4, [range(7), range(5).map((i) => i + 7)], 3);
  assertNotEquals(range(40).map((step) => other.batch(step)), wanted);
});

Deno.test("TrainingBatches never mixes groups, and passes over empty ones", () => {
  const groups = [range(9), [], [9, 10]];
  const batches = new TrainingBatches(1, groups, 4);
  assertEquals(batches.batchesPerRound, 4);
  const counts = [0, 0, 0];
  for (let step = 0; step < 40; step++) {
    const { group, draws } = batches.batch(step);
    assertEquals(draws.length, 4);
    assert(draws.every(({ index }) => groups[group].includes(index)));
    counts[group]++;
  }
  assertEquals(counts, [30, 0, 10]);
});

Deno.test("TrainingBatches fills a batch larger than the set with different uses of its samples", () => {
  const { draws } = new TrainingBatches(1, [[0, 1]], 5).batch(0);
  assertEquals(draws.map(({ epoch }) => epoch), [0, 0, 1, 1, 2]);
});

Deno.test("TrainingBatches refuses an empty set and a batch size of 0", () => {
  assertThrows(() => new TrainingBatches(1, [[], []], 4), RangeError, "the set has no samples");
  assertThrows(
    () => new TrainingBatches(1, [[0]], 0),
    RangeError,
    "batchSize is 0, wanted a whole number above 0",
  );
});
