import { assertEquals } from "@std/assert";
import { Deadline } from "../../lib/workers/deadline.ts";

function limitAfter(...elapsedMs: number[]): number | null {
  const deadline = new Deadline();
  for (const ms of elapsedMs) deadline.add(ms);
  return deadline.limitMs;
}

Deno.test("there is no deadline before three calls were answered", () => {
  assertEquals([limitAfter(), limitAfter(1), limitAfter(1, 1)], [null, null, null]);
});

Deno.test("the deadline is five times the median, at least 30 s", () => {
  assertEquals(limitAfter(10, 20, 30), 30_000);
  assertEquals(limitAfter(60_000, 10_000, 20_000), 100_000);
  assertEquals(limitAfter(20_000, 10_000, 20_000, 900_000), 100_000, "one slow call changes little");
});

Deno.test("only the latest calls count", () => {
  assertEquals(limitAfter(...Array(101).fill(10), ...Array(101).fill(20_000)), 100_000);
});
