/**
 * Draws a strategy's candidates: each within the budget, none twice, each draw named by what it is for.
 *
 * @module
 */

import { type RandomStream, stream } from "../base/random.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { architectureCost, type Cost, type CostTable, costTable } from "../space/cost.ts";
import { choiceCount, type SearchSpace } from "../space/search_space.ts";
import { type Budget, describeBudget, isWithinBudget } from "./budget.ts";
import type { Origin, Proposal, Strategy } from "./candidate.ts";
import { sampleArchitecture } from "./operators.ts";
import type { SearchOptions } from "./search_options.ts";

/** One draw of an architecture from a stream. */
export type Draw = (random: RandomStream) => Architecture;

/** Where a candidate goes. */
export type Place = Pick<Proposal, "generation" | "slot">;

/** Draws candidates for one strategy and remembers what it has drawn. */
export class Proposer {
  readonly #space: SearchSpace;
  readonly #seed: number;
  readonly #budget: Budget;
  readonly #strategy: Strategy;
  readonly #maxAttempts: number;
  readonly #costs: CostTable;
  /** Keys of the strategy's candidates so far, recorded or proposed. */
  readonly #taken: Set<string>;

  /**
   * Starts from what the history holds of the strategy: that is not proposed again.
   *
   * @param options The search's space, seed, budget and history.
   * @param strategy Whose candidates these are.
   * @param maxAttempts Draws for one candidate before giving up.
   */
  constructor(options: SearchOptions, strategy: Strategy, maxAttempts: number) {
    this.#space = options.space;
    this.#seed = options.seed;
    this.#budget = options.budget;
    this.#strategy = strategy;
    this.#maxAttempts = maxAttempts;
    this.#costs = costTable(options.space);
    this.#taken = new Set(options.history.all(strategy).map((it) => architectureKey(it.choices)));
  }

  /**
   * Draws until an architecture is new and within the budget, `maxAttempts` times at most; then goes on with
   * random ones, as often.
   *
   * @throws {RangeError} If these are used up too.
   */
  propose(place: Place, origin: Origin, draw: Draw): Proposal {
    return this.#firstLegal(place, origin, draw) ?? this.proposeRandom(place);
  }

  /**
   * Draws a random architecture that is new and within the budget.
   *
   * @throws {RangeError} If none of `maxAttempts` draws is.
   */
  proposeRandom(place: Place): Proposal {
    const draw: Draw = (random) => sampleArchitecture(this.#space, random);
    const proposal = this.#firstLegal(place, "random", draw);
    if (proposal) return proposal;
    throw new RangeError(
      `Cannot draw candidate ${place.slot} of generation ${place.generation} (${this.#strategy}) as the budget admits ` +
        `too little: none of ${this.#maxAttempts} random architectures was new and within it ` +
        `(${describeBudget(this.#budget)}); ${this.#taken.size} of the space's ` +
        `${choiceCount ** this.#costs.blocks.length} are taken. Allow more, or search fewer candidates`,
    );
  }

  #firstLegal(place: Place, origin: Origin, draw: Draw): Proposal | undefined {
    const { generation, slot } = place;
    for (let attempt = 0; attempt < this.#maxAttempts; attempt++) {
      const choices = draw(stream(this.#seed, this.#strategy, origin, generation, slot, attempt));
      const cost = architectureCost(this.#costs, choices);
      if (!this.#take(choices, cost)) continue;
      return { strategy: this.#strategy, generation, slot, origin, choices, ...cost };
    }
    return undefined;
  }

  /** Takes an architecture unless it is taken already or over the budget. */
  #take(choices: Architecture, cost: Cost): boolean {
    const key = architectureKey(choices);
    if (this.#taken.has(key) || !isWithinBudget(cost, this.#budget)) return false;
    this.#taken.add(key);
    return true;
  }
}
