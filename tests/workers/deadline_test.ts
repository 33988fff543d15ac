import { assertEquals } from "@std/assert";
import { Deadline } from "../../lib/workers/deadline.ts";
import { VirtualTime } from "../helpers/virtual_time.ts";

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

Deno.test("a call that stands for several counts as so many, and may take so many times as long", async () => {
  const time = new VirtualTime();
  const deadline = new Deadline();
  const killed: number[] = [];
  const call = (parts: number, ms: number): Promise<void> => {
    const end = new Promise<void>((resolve) => time.after(ms, resolve));
    return deadline.hold(time, { kill: () => killed.push(ms) }, () => end, parts);
  };
  await time.run(call(4, 80_000));
  assertEquals(deadline.limitMs, 100_000, "four of 20 s each");
  await time.run(call(4, 399_000));
  assertEquals(killed, []);
  await time.run(call(2, 1_000_000));
  assertEquals(killed, [1_000_000]);
});
