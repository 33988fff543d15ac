/**
 * Random search, the baseline that an evolution is compared with: as many candidates, drawn without looking at scores.
 *
 * @module
 */

import type { CandidateRecord } from "./candidate.ts";
import { Proposer } from "./proposer.ts";
import { scoreProposals } from "./scoring.ts";
import { checkSearchOptions, type SearchOptions, type SearchSize } from "./search_options.ts";

/** What a random search takes; an evolution's settings will do, so that both try as many candidates. */
export interface RandomSearchOptions extends SearchOptions {
  /** How many candidates. */
  readonly settings: SearchSize;
}

/**
 * Runs a random search, or goes on with the one in the history: slots recorded there are taken as they are.
 *
 * It tries population x generations candidates, none twice, all within the budget; generations only group them, to
 * plot them beside an evolution's. Each draw is a pure function of (seed, strategy, generation, slot, attempt). A
 * score that another strategy in the same history got for the same choices is taken over (`attempts` is 0), as the
 * evaluation is deterministic; it counts as a candidate all the same, so the comparison is at equal numbers.
 *
 * @param options Space, seed, size, budget, history and the evaluation.
 * @throws {RangeError} If a setting is out of range or the budget admits too few architectures.
 * @throws The signal's reason, if it stops the search.
 * @returns All candidates of the strategy, by generation and slot.
 */
export async function randomSearch(options: RandomSearchOptions): Promise<CandidateRecord[]> {
  const { settings, history } = options;
  checkSearchOptions(options, settings);
  const proposer = new Proposer(options, "random", settings.maxAttempts);
  for (let generation = 0; generation < settings.generations; generation++) {
    const proposals = Array.from({ length: settings.population }, (_, slot) => slot)
      .filter((slot) => !history.find("random", generation, slot))
      .map((slot) => proposer.proposeRandom({ generation, slot }));
    await scoreProposals(options, proposals);
  }
  return history.all("random");
}
