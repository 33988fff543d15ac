/**
 * Draws a strategy's candidates: each within the budget, none twice, each draw named by what it is for.
 *
 * @module
 */

import { type RandomStream, stream } from "../base/random.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { architectureCost, type Cost, type CostTable } from "../space/cost.ts";
import { choiceCount } from "../space/search_space.ts";
import { describeBudget, isWithinBudget } from "./budget.ts";
import {
  type CandidatePlace,
  describePlace,
  type Origin,
  type Proposal,
  type Strategy,
} from "./candidate.ts";
import { sampleArchitecture } from "./operators.ts";
import { costsOf, type SearchOptions, trialOf } from "./search_options.ts";

/** One way to draw an architecture. */
export interface Draw {
  /** What its candidates are recorded as; a place's draws of different origins come from different streams. */
  readonly origin: Origin;
  /** Draws from a stream; it may be asked again with another. */
  readonly draw: (random: RandomStream) => Architecture;
}

/** Where a candidate goes within one run of a strategy. */
export type Place = Pick<CandidatePlace, "generation" | "slot">;

/** Draws candidates for one run of a strategy and remembers what it has drawn. */
export class Proposer {
  readonly #options: SearchOptions;
  readonly #strategy: Strategy;
  readonly #maxAttempts: number;
  readonly #costs: CostTable;
  /** Keys of the run's candidates so far, recorded or proposed. */
  readonly #taken: Set<string>;

  /**
   * Starts from what the history holds of this run: that is not proposed again.
   *
   * @param options The search's space, seed, trial, budget, latencies and history.
   * @param strategy Whose candidates these are.
   * @param maxAttempts Draws of one origin for one candidate before giving up.
   */
  constructor(options: SearchOptions, strategy: Strategy, maxAttempts: number) {
    this.#options = options;
    this.#strategy = strategy;
    this.#maxAttempts = maxAttempts;
    this.#costs = costsOf(options);
    const known = options.history.all(strategy, trialOf(options));
    this.#taken = new Set(known.map((it) => architectureKey(it.choices)));
  }

  /**
   * Draws until an architecture is new and within the budget: `maxAttempts` times in the first way, then as often in
   * each of the others, and at last at random.
   *
   * @throws {RangeError} If all these are used up.
   */
  propose(place: Place, ...draws: Draw[]): Proposal {
    for (const draw of draws) {
      const proposal = this.#firstLegal(place, draw);
      if (proposal) return proposal;
    }
    return this.proposeRandom(place);
  }

  /**
   * Draws a random architecture that is new and within the budget.
   *
   * @throws {RangeError} If none of `maxAttempts` draws is.
   */
  proposeRandom(place: Place): Proposal {
    const { space, budget } = this.#options;
    const draw = (random: RandomStream): Architecture => sampleArchitecture(space, random);
    const proposal = this.#firstLegal(place, { origin: "random", draw });
    if (proposal) return proposal;
    throw new RangeError(
      `Cannot draw ${describePlace(this.#wholePlace(place))} as the budget admits too little: none of ` +
        `${this.#maxAttempts} random architectures was new and within it (${describeBudget(budget)}); ` +
        `${this.#taken.size} of the space's ${choiceCount(space) ** this.#costs.blocks.length} are taken. ` +
        "Allow more, or search fewer candidates",
    );
  }

  #firstLegal(place: Place, { origin, draw }: Draw): Proposal | undefined {
    const { strategy, trial, generation, slot } = this.#wholePlace(place);
    for (let attempt = 0; attempt < this.#maxAttempts; attempt++) {
      const choices = draw(stream(this.#options.seed, strategy, trial, origin, generation, slot, attempt));
      const cost = this.#take(choices);
      if (cost) return { strategy, trial, generation, slot, origin, choices, ...cost };
    }
    return undefined;
  }

  #wholePlace({ generation, slot }: Place): CandidatePlace {
    return { strategy: this.#strategy, trial: trialOf(this.#options), generation, slot };
  }

  /** Takes an architecture and gives its cost, unless it is taken already or over the budget. */
  #take(choices: Architecture): Cost | undefined {
    const key = architectureKey(choices);
    if (this.#taken.has(key)) return undefined;
    const cost = architectureCost(this.#costs, choices);
    if (!isWithinBudget(cost, this.#options.budget)) return undefined;
    this.#taken.add(key);
    return cost;
  }
}
