/**
 * An architecture that is trained without a search: a published one, choices, or a random one within the budget.
 *
 * @module
 */
import { stream } from "../base/random.ts";
import type { Architecture } from "../space/architecture.ts";
import { architectureCost, costTable, leastCost } from "../space/cost.ts";
import { namedArchitecture } from "../space/published.ts";
import type { SearchSpace } from "../space/search_space.ts";
import { type Budget, checkBudget, describeBudget, isWithinBudget } from "./budget.ts";
import { sampleArchitecture } from "./operators.ts";

/** The word for a random one. */
export const randomName = "random";

/** Draws before a budget that admits some architecture is taken to admit too few. */
const maxDraws = 100_000;

/**
 * Finds the architecture that a text stands for.
 *
 * @param text A published name, choices ("2120|2112|33130031|3132"), or `random`.
 * @param seed Names the random draw.
 * @param budget What a random one keeps to; its latency is not looked at. Named ones may be over it, as the authors'
 * for VOC are.
 * @throws {RangeError} If no such name is known, or the budget admits too little.
 * @throws {SyntaxError} If choices can't be read.
 */
export function fixedArchitecture(
  space: SearchSpace,
  text: string,
  { seed, budget }: { readonly seed: number; readonly budget: Budget },
): Architecture {
  if (text !== randomName) return namedArchitecture(space, text);
  const costs = costTable(space);
  const bounds = { ...budget, latencyMs: null };
  checkBudget(bounds, leastCost(costs));
  for (let draw = 0; draw < maxDraws; draw++) {
    const choices = sampleArchitecture(space, stream(seed, "random architecture", draw));
    if (isWithinBudget(architectureCost(costs, choices), bounds)) return choices;
  }
  throw new RangeError(
    `Cannot draw a random architecture as none of ${maxDraws} was within the budget (${
      describeBudget(bounds)
    })`,
  );
}
