import { assertEquals, assertThrows } from "@std/assert";
import { checkBudget, describeBudget, isWithinBudget } from "../../lib/search/budget.ts";

const cost = { macs: 100, parameters: 10 };

Deno.test("isWithinBudget() admits the limit itself and takes null for no limit", () => {
  assertEquals(isWithinBudget(cost, { macs: 100, parameters: 10 }), true);
  assertEquals(isWithinBudget(cost, { macs: null, parameters: null }), true);
  assertEquals(isWithinBudget(cost, { macs: 99, parameters: null }), false);
  assertEquals(isWithinBudget(cost, { macs: null, parameters: 9 }), false);
});

Deno.test("checkBudget() names the limit that is below the least of the space", () => {
  checkBudget({ macs: 100, parameters: 10 }, cost);
  checkBudget({ macs: null, parameters: null }, cost);
  assertThrows(
    () => checkBudget({ macs: 99, parameters: null }, cost),
    RangeError,
    "its macs must be at least 100, the smallest in the space: it is 99",
  );
  assertThrows(
    () => checkBudget({ macs: null, parameters: 3 }, cost),
    RangeError,
    "its parameters must be at least 10, the smallest in the space: it is 3",
  );
  assertThrows(() => checkBudget({ macs: NaN, parameters: null }, cost), RangeError, "it is NaN");
});

Deno.test("describeBudget() says what is limited and what is not", () => {
  assertEquals(describeBudget({ macs: 300, parameters: null }), "macs at most 300, parameters unlimited");
});
