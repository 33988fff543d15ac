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
  /** Milliseconds on one image, by a latency table. */
  readonly latencyMs: number | null;
}

const limitedCosts = ["macs", "parameters", "latencyMs"] as const;

/** Whether a cost keeps to the budget; the limits themselves are within, an unknown latency is over any limit. */
export function isWithinBudget(cost: Cost, budget: Budget): boolean {
  return limitedCosts.every((field) => (cost[field] ?? Infinity) <= (budget[field] ?? Infinity));
}

/**
 * Refuses a budget below what the space's smallest architectures need.
 *
 * @param budget The limits.
 * @param least The least of each cost in the space (`leastCost`).
 * @throws {RangeError} If a limit is below the least, or is NaN, or is one of latency and latencies are not known.
 */
export function checkBudget(budget: Budget, least: Cost): void {
  for (const field of limitedCosts) {
    const limit = budget[field];
    if (limit === null) continue;
    const smallest = least[field];
    if (smallest === null) throw latenciesWanted(limit);
    if (limit >= smallest) continue;
    throw new RangeError(
      `Cannot search as the budget admits no architecture: its ${field} must be at least ${smallest}, ` +
        `the smallest in the space: it is ${limit}`,
    );
  }
}

function latenciesWanted(limitMs: number): RangeError {
  return new RangeError(
    `Cannot search as the budget's latencyMs of ${limitMs} needs the latencies of the blocks: there are none. ` +
      "Measure them with deno task profile and name its file in search.latencyTable, or set the limit to null",
  );
}

/** The budget for messages: "macs at most 300000000, parameters unlimited, latencyMs unlimited". */
export function describeBudget(budget: Budget): string {
  const limit = (value: number | null): string => value === null ? "unlimited" : `at most ${value}`;
  return limitedCosts.map((field) => `${field} ${limit(budget[field])}`).join(", ");
}
