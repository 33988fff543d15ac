/**
 * The limit that every candidate of a search keeps to.
 *
 * @module
 */

import type { Cost } from "../space/cost.ts";

/** Upper limits of the backbone (stem and blocks); null where there is none. */
export interface Budget {
  /** Multiply-adds on one image at the space's resolution. */
  readonly macs: number | null;
  /** Weights and biases, batch norm's scale and shift included. */
  readonly parameters: number | null;
}

/** Whether a cost keeps to the budget; the limits themselves are within. */
export function isWithinBudget(cost: Cost, budget: Budget): boolean {
  return cost.macs <= (budget.macs ?? Infinity) && cost.parameters <= (budget.parameters ?? Infinity);
}

/**
 * Refuses a budget below what the space's smallest architectures need.
 *
 * @param budget The limits.
 * @param least The least multiply-adds and the least parameters in the space (`leastCost`).
 * @throws {RangeError} If a limit is below the least, or is NaN.
 */
export function checkBudget(budget: Budget, least: Cost): void {
  for (const field of ["macs", "parameters"] as const) {
    const limit = budget[field];
    if (limit === null || limit >= least[field]) continue;
    throw new RangeError(
      `Cannot search as the budget admits no architecture: its ${field} must be at least ${least[field]}, ` +
        `the smallest in the space: it is ${limit}`,
    );
  }
}

/** The budget for messages: "macs at most 300000000, parameters unlimited". */
export function describeBudget(budget: Budget): string {
  const limit = (value: number | null): string => value === null ? "unlimited" : `at most ${value}`;
  return `macs ${limit(budget.macs)}, parameters ${limit(budget.parameters)}`;
}
