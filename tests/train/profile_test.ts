import { assert, assertEquals, assertGreater, assertNotEquals, assertThrows } from "@std/assert";
import type { Timing } from "../../lib/space/latency_table.ts";
import { blockCount, searchSpaces } from "../../lib/space/search_space.ts";
import { BackboneProfiler, type ProfileResult, randomArchitectures } from "../../lib/train/profile.ts";
import { useEngine } from "../helpers/engine.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";
import { tinyConfig } from "../helpers/tiny_data.ts";

const engine = await useEngine();

/** The tiny space has a stage of two blocks; of two more blocks alike, the second costs no time. */
const config = { ...tinyConfig, space: { ...tinyConfig.space, stageRepeats: [1, 1, 3, 1] } };

function profiled(repeats: number, backbones: number): ProfileResult {
  using profiler = new BackboneProfiler(engine, config, { repeats, backbones });
  while (profiler.status.done < profiler.status.total) profiler.step(50);
  return profiler.result();
}

function assertTiming({ medianMs, lowerQuartileMs, upperQuartileMs, repeats }: Timing, wanted: number): void {
  assertEquals(repeats, wanted);
  assertGreater(lowerQuartileMs, 0);
  assert(lowerQuartileMs <= medianMs && medianMs <= upperQuartileMs);
}

Deno.test("a profile times the stem, every choice of every block, and whole backbones", () => {
  const { stem, blocks, backbones } = profiled(3, 2);
  assertTiming(stem, 3);
  assertEquals(blocks.map((choices) => choices.length), [4, 4, 4, 4, 4, 4]);
  for (const timing of blocks.flat()) assertTiming(timing, 3);
  assertEquals(backbones.length, 2);
  for (const { choices, measured } of backbones) {
    assertEquals(choices.length, 6);
    assertTiming(measured, 3);
  }
});

Deno.test("equal blocks are timed once: after the stem 5 of 6 blocks, 4 choices each, and the backbones", () => {
  using profiler = new BackboneProfiler(engine, config, { repeats: 2, backbones: 3 });
  assertEquals(profiler.status, { done: 0, total: (1 + 2) * (1 + 5 * 4 + 3) });
  assertEquals(profiler.step(0).done, 1);
  assertThrows(() => profiler.result(), RangeError, "after 1 of 72 measurements");
  while (profiler.status.done < profiler.status.total) profiler.step(50);
  const { blocks } = profiler.result();
  assertEquals(blocks[4], blocks[3]);
  assertNotEquals(blocks[3], blocks[2]);
  assertEquals(profiler.step(0).done, 72);
});

Deno.test("a profiler leaves no tensor and no function behind", () => {
  assertNoLeaks(engine, () => void profiled(1, 1), 2);
});

Deno.test("randomArchitectures() are distinct, the same for the same seed, and no more than there are", () => {
  const drawn = randomArchitectures(searchSpaces.small, 7, 12);
  assertEquals(new Set(drawn.map(String)).size, 12);
  assert(drawn.every((choices) => choices.length === blockCount(searchSpaces.small)));
  assertEquals(randomArchitectures(searchSpaces.small, 7, 12), drawn);
  const one = { ...searchSpaces.small, choices: searchSpaces.small.choices.slice(0, 1) };
  assertEquals(randomArchitectures(one, 7, 12), [new Array(20).fill(0)]);
});
