import { assertEquals, assertThrows } from "@std/assert";
import { type Budget, checkBudget, describeBudget, isWithinBudget } from "../../lib/search/budget.ts";

const cost = { macs: 100, parameters: 10, latencyMs: 2.5 };
const noBudget: Budget = { macs: null, parameters: null, latencyMs: null };

Deno.test("isWithinBudget() admits the limit itself and takes null for no limit", () => {
  assertEquals(isWithinBudget(cost, { macs: 100, parameters: 10, latencyMs: 2.5 }), true);
  assertEquals(isWithinBudget(cost, noBudget), true);
  assertEquals(isWithinBudget(cost, { ...noBudget, macs: 99 }), false);
  assertEquals(isWithinBudget(cost, { ...noBudget, parameters: 9 }), false);
  assertEquals(isWithinBudget(cost, { ...noBudget, latencyMs: 2.4 }), false);
  assertEquals(isWithinBudget({ ...cost, latencyMs: null }, { ...noBudget, latencyMs: 1e9 }), false);
  assertEquals(isWithinBudget({ ...cost, latencyMs: null }, noBudget), true);
});

Deno.test("checkBudget() names the limit that is below the least of the space", () => {
  checkBudget({ macs: 100, parameters: 10, latencyMs: 2.5 }, cost);
  checkBudget(noBudget, cost);
  assertThrows(
    () => checkBudget({ ...noBudget, macs: 99 }, cost),
    RangeError,
    "its macs must be at least 100, the smallest in the space: it is 99",
  );
  assertThrows(
    () => checkBudget({ ...noBudget, parameters: 3 }, cost),
    RangeError,
    "its parameters must be at least 10, the smallest in the space: it is 3",
  );
  assertThrows(() => checkBudget({ ...noBudget, macs: NaN }, cost), RangeError, "it is NaN");
});

Deno.test("checkBudget() of a latency without latencies says where they come from", () => {
  checkBudget({ ...noBudget, latencyMs: 2.5 }, cost);
  assertThrows(
    () => checkBudget({ ...noBudget, latencyMs: 2 }, cost),
    RangeError,
    "latencyMs must be at least 2.5",
  );
  assertThrows(
    () => checkBudget({ ...noBudget, latencyMs: 5 }, { ...cost, latencyMs: null }),
    RangeError,
    "latencyMs of 5 needs the latencies of the blocks: there are none. Measure them with deno task profile",
  );
});

Deno.test("describeBudget() says what is limited and what is not", () => {
  assertEquals(
    describeBudget({ ...noBudget, macs: 300 }),
    "macs at most 300, parameters unlimited, latencyMs unlimited",
  );
});
