/**
 * Random search, the baseline that an evolution is compared with: as many candidates, drawn without looking at scores.
 *
 * @module
 */

import type { CandidateRecord } from "./candidate.ts";
import { fillPlaces, generationPlaces } from "./filling.ts";
import { Proposer } from "./proposer.ts";
import { checkSearchOptions, type SearchOptions, type SearchSize, trialOf } from "./search_options.ts";

/** What a random search takes; an evolution's settings will do, so that both try as many candidates. */
export interface RandomSearchOptions extends SearchOptions {
  /** How many candidates. */
  readonly settings: SearchSize;
}

/**
 * Runs a random search, or goes on with the one in the history: slots recorded there are taken as they are.
 *
 * It tries population x generations candidates, none twice, all within the budget; generations only group them, to
 * plot them beside an evolution's. Each draw is a pure function of (seed, strategy, trial, generation, slot,
 * attempt). A score that another run in the same history got for the same choices is taken over (`attempts` is 0), as
 * the evaluation is deterministic; it counts as a candidate all the same, so the comparison is at equal numbers.
 *
 * @param options Space, seed, size, budget, history and the evaluation.
 * @throws {RangeError} If a setting is out of range or the budget admits too few architectures.
 * @throws The signal's reason, if it stops the search.
 * @returns All candidates of the run, by generation and slot.
 */
export async function randomSearch(options: RandomSearchOptions): Promise<CandidateRecord[]> {
  const { settings, history } = options;
  checkSearchOptions(options, settings);
  const proposer = new Proposer(options, "random", settings.maxAttempts);
  for (let generation = 0; generation < settings.generations; generation++) {
    const places = generationPlaces(generation, settings.population);
    await fillPlaces(options, "random", places, (place) => proposer.proposeRandom(place));
  }
  return history.all("random", trialOf(options));
}
