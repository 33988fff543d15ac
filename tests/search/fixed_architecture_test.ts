import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { fixedArchitecture } from "../../lib/search/fixed_architecture.ts";
import { countMacs } from "../../lib/space/cost.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";

const { small } = searchSpaces;
const budget = { macs: 280e6, parameters: null, latencyMs: null };

Deno.test("a random architecture keeps to the budget and depends on the seed alone", () => {
  for (let seed = 0; seed < 20; seed++) {
    const choices = fixedArchitecture(small, "random", { seed, budget });
    assert(countMacs(small, choices) <= budget.macs);
    assertEquals(choices, fixedArchitecture(small, "random", { seed, budget }));
  }
  assertNotEquals(
    fixedArchitecture(small, "random", { seed: 1, budget }),
    fixedArchitecture(small, "random", { seed: 2, budget }),
  );
});

Deno.test("a budget below the smallest architecture admits no random one", () => {
  assertThrows(
    () => fixedArchitecture(small, "random", { seed: 1, budget: { ...budget, macs: 1e6 } }),
    RangeError,
    "the budget admits no architecture",
  );
});

Deno.test("names and choices are taken as they are, over the budget or not", () => {
  const choices = fixedArchitecture(small, "coco-fpn-300m", { seed: 1, budget });
  assertEquals(choices.join(""), "21202112331300313132");
  assertEquals(fixedArchitecture(small, "2120|2112|33130031|3132", { seed: 1, budget }), choices);
});
