/**
 * Which architectures are retrained to see whether the supernet ranks: spread over what the budget admits.
 *
 * @module
 */
import { stream } from "../base/random.ts";
import { type Budget, isWithinBudget } from "../search/budget.ts";
import { sampleArchitecture } from "../search/operators.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { architectureCost, type Cost, type CostTable } from "../space/cost.ts";
import type { SearchSpace } from "../space/search_space.ts";

/** An architecture with what it costs. */
export type CostedArchitecture = Cost & { readonly choices: Architecture };

/** What is chosen from. */
export interface SpreadOptions {
  readonly space: SearchSpace;
  readonly costs: CostTable;
  readonly budget: Budget;
  /** Names every draw. */
  readonly seed: number;
  /** Taken first, whatever the budget; null if there is none. */
  readonly first: Architecture | null;
}

/** How many random architectures the spread is taken from. */
const poolSize = 1000;
/** Draws after which the pool is what was found so far. */
const maxDraws = 100_000;

/**
 * Chooses architectures that stand at evenly spread quantiles of multiply-adds among random ones within the budget. A
 * longer choice begins with a shorter one, so that asking for more later keeps what was trained before.
 *
 * @param count How many, the first included.
 * @throws {RangeError} If there are not so many distinct ones within the budget.
 */
export function spreadArchitectures(options: SpreadOptions, count: number): CostedArchitecture[] {
  const { seed, first, costs } = options;
  const pool = randomPool(options);
  const chosen = first === null ? [] : [{ choices: first, ...architectureCost(costs, first) }];
  if (pool.length + chosen.length < count) {
    throw new RangeError(
      `Cannot choose ${count} architectures as only ${
        pool.length + chosen.length
      } distinct ones were found ` +
        `within the budget: rank fewer, or allow more`,
    );
  }
  const shift = stream(seed, "rank", "shift").uniform();
  for (let i = 0; chosen.length < count; i++) {
    const place = Math.floor(((radicalInverse(i) + shift) % 1) * pool.length);
    const [next] = pool.splice(Math.min(place, pool.length - 1), 1); // taken once
    chosen.push(next);
  }
  return chosen;
}

/** Distinct random architectures within the budget, ascending by multiply-adds; not the first. */
function randomPool({ space, costs, budget, seed, first }: SpreadOptions): CostedArchitecture[] {
  const seen = new Set(first === null ? [] : [architectureKey(first)]);
  const pool: CostedArchitecture[] = [];
  for (let draw = 0; draw < maxDraws && pool.length < poolSize; draw++) {
    const choices = sampleArchitecture(space, stream(seed, "rank", draw));
    const cost = architectureCost(costs, choices);
    const key = architectureKey(choices);
    if (seen.has(key) || !isWithinBudget(cost, budget)) continue;
    seen.add(key);
    pool.push({ choices, ...cost });
  }
  return pool.sort((a, b) =>
    a.macs - b.macs || (architectureKey(a.choices) < architectureKey(b.choices) ? -1 : 1)
  );
}

/** Van der Corput's sequence (1935) in base 2: 0, 1/2, 1/4, 3/4, 1/8, … lies evenly in [0, 1) wherever it is cut. */
function radicalInverse(index: number): number {
  let value = 0;
  for (let digit = 0.5, rest = index; rest > 0; digit /= 2, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) value += digit;
  }
  return value;
}
