/**
 * Regularised evolution (Real, Aggarwal, Huang and Le 2019, algorithm 1): the population is a queue, in which the
 * oldest dies however good it is.
 *
 * @module
 */

import type { RandomStream } from "../base/random.ts";
import type { Architecture } from "../space/architecture.ts";
import { byScore, type CandidateRecord, isScored, type Proposal, type ScoredCandidate } from "./candidate.ts";
import { fillPlaces, generationPlaces } from "./filling.ts";
import { mutateBlock } from "./operators.ts";
import { type Place, Proposer } from "./proposer.ts";
import {
  checkCount,
  checkSearchOptions,
  type SearchOptions,
  type SearchSize,
  trialOf,
} from "./search_options.ts";

/** Size and selection of an ageing evolution; the population is the length of the queue. */
export interface AgeingSettings extends SearchSize {
  /** Living candidates drawn, with replacement, of which the best is the parent. */
  readonly sampleSize: number;
}

/** What an ageing evolution takes. */
export interface AgeingOptions extends SearchOptions {
  /** Size and selection. */
  readonly settings: AgeingSettings;
}

/**
 * Runs an ageing evolution (Real et al. 2019, algorithm 1), or goes on with the one in the history: slots recorded there
 * are taken as they are.
 *
 * Generation 0 is random and fills the queue. Then each candidate is the best of `sampleSize` living ones with one
 * block changed; it joins the queue and the oldest leaves. Generations only group the candidates. As in the paper's
 * algorithm each child may have the one before it as parent, so after generation 0 evaluations are made one at a
 * time whatever the concurrency. The paper's own runs were asynchronous, which depends on timing.
 *
 * Failed candidates never live. The queue follows from the recorded candidates, so a stop changes nothing. Differs
 * from the paper: no architecture is tried twice, candidates keep to the budget, and a random one takes the place if
 * `maxAttempts` children (each of newly drawn parents) are all over it or not new.
 *
 * @param options Space, seed, settings, budget, history and the evaluation.
 * @throws {RangeError} If a setting is out of range or the budget admits too few architectures.
 * @throws The signal's reason, if it stops the search.
 * @returns All candidates of the run, population x generations, by generation and slot.
 */
export async function ageingEvolution(options: AgeingOptions): Promise<CandidateRecord[]> {
  const { settings, history } = options;
  checkSearchOptions(options, settings);
  checkCount("sampleSize", settings.sampleSize);
  const proposer = new Proposer(options, "ageing", settings.maxAttempts);
  const living: ScoredCandidate[] = [];
  const propose = (place: Place): Proposal => proposeChild(proposer, options, living, place);
  for (let generation = 0; generation < settings.generations; generation++) {
    const places = generationPlaces(generation, settings.population);
    for (const batch of generation === 0 ? [places] : places.map((place) => [place])) {
      living.push(...(await fillPlaces(options, "ageing", batch, propose)).filter(isScored));
      living.splice(0, living.length - settings.population);
    }
  }
  return history.all("ageing", trialOf(options));
}

function proposeChild(
  proposer: Proposer,
  { space, settings }: AgeingOptions,
  living: readonly ScoredCandidate[],
  place: Place,
): Proposal {
  if (place.generation === 0 || living.length === 0) return proposer.proposeRandom(place);
  return proposer.propose(place, {
    origin: "mutation",
    draw: (random) => mutateBlock(space, bestOfSample(living, settings.sampleSize, random), random),
  });
}

/** The best of some drawn ones; of equal scores the one with the earlier place. */
function bestOfSample(living: readonly ScoredCandidate[], size: number, random: RandomStream): Architecture {
  const sample = Array.from({ length: size }, () => living[random.integer(living.length)]);
  return sample.reduce((best, it) => byScore(it, best) < 0 ? it : best).choices;
}
