/**
 * Evolutionary search as the authors' (`distributed_arch_search`, Single Path One-Shot's): each generation is mutants
 * and crossovers of the best so far, and some random ones.
 *
 * @module
 */

import type { RandomStream } from "../base/random.ts";
import type { Architecture } from "../space/architecture.ts";
import { byScore, type CandidateRecord, isScored, type Proposal, type ScoredCandidate } from "./candidate.ts";
import { fillPlaces, generationPlaces } from "./filling.ts";
import { crossover, mutate } from "./operators.ts";
import { type Draw, type Place, Proposer } from "./proposer.ts";
import {
  checkCount,
  checkNumber,
  checkSearchOptions,
  type SearchOptions,
  type SearchSize,
  trialOf,
} from "./search_options.ts";

/** Size and operators of an evolution. */
export interface EvolutionSettings extends SearchSize {
  /** How many of the best candidates so far, of all generations, are parents. */
  readonly parents: number;
  /** Candidates in a generation made by mutation; its first slots. */
  readonly mutants: number;
  /** Probability of each choice of a mutant to be drawn anew. */
  readonly mutationRate: number;
  /** Candidates in a generation made by crossover; the next slots. What is left is random. */
  readonly crossovers: number;
}

/** What an evolution takes. */
export interface EvolutionOptions extends SearchOptions {
  /** Size and operators. */
  readonly settings: EvolutionSettings;
}

/** The authors' settings, with a bound on attempts that theirs lack. */
export const authorsEvolution: EvolutionSettings = {
  population: 50,
  generations: 20,
  maxAttempts: 1000,
  parents: 10,
  mutants: 20,
  mutationRate: 0.1,
  crossovers: 20,
};

/**
 * Runs an evolution (DetNAS, section 3.3, after Guo et al. 2020, algorithm 1), or goes on with the one in the history: slots
 * recorded there are taken as they are.
 *
 * Generation 0 is random. Parents are the best of all earlier generations by unrounded score; of equal scores the
 * earlier candidate goes first. Failed candidates are recorded, count as tried and are never parents; so do those whose
 * evaluation was stopped as they will not reach the parents' least score.
 *
 * Each slot is a pure function of (seed, strategy, trial, origin, generation, slot, attempt) and of the generations
 * before, so neither concurrency, nor timing, nor a stop changes the result. No architecture is proposed twice. If
 * `maxAttempts` mutants are all over the budget or not new, a random candidate takes the slot. A score that another
 * run in the same history got for the same choices is taken over (`attempts` is 0); it counts as a candidate all
 * the same.
 *
 * Differs from the authors': attempts are bounded, no duplicates within a generation, every draw is seeded; where
 * crossover finds nothing new, as when the parents have become alike, a mutant takes the slot before a random one.
 *
 * @param options Space, seed, settings, budget, history and the evaluation.
 * @throws {RangeError} If a setting is out of range or the budget admits too few architectures.
 * @throws The signal's reason, if it stops the search.
 * @returns All candidates of the run, population x generations, by generation and slot.
 */
export async function evolve(options: EvolutionOptions): Promise<CandidateRecord[]> {
  const { settings, history } = options;
  checkEvolution(options);
  const proposer = new Proposer(options, "evolution", settings.maxAttempts);
  const scored: ScoredCandidate[] = [];
  for (let generation = 0; generation < settings.generations; generation++) {
    const parents = bestOf(scored, settings.parents);
    const places = generationPlaces(generation, settings.population);
    const propose = (place: Place): Proposal => proposeChild(proposer, options, parents, place);
    const rivals = parents.length === settings.parents ? parents : null; // with fewer, whoever has a score is one
    const filled = await fillPlaces(options, "evolution", places, propose, rivals);
    scored.push(...filled.filter(isScored));
  }
  return history.all("evolution", trialOf(options));
}

/** The choices of the best candidates; of equal scores the earlier goes first. */
function bestOf(candidates: readonly ScoredCandidate[], count: number): Architecture[] {
  return candidates.toSorted(byScore).slice(0, count).map((it) => it.choices);
}

function proposeChild(
  proposer: Proposer,
  { space, settings }: EvolutionOptions,
  parents: readonly Architecture[],
  place: Place,
): Proposal {
  const { mutants, crossovers, mutationRate } = settings;
  if (parents.length === 0 || place.slot >= mutants + crossovers) return proposer.proposeRandom(place);
  const parent = (random: RandomStream): Architecture => parents[random.integer(parents.length)];
  const mutation: Draw = {
    origin: "mutation",
    draw: (random) => mutate(space, parent(random), mutationRate, random),
  };
  if (place.slot < mutants) return proposer.propose(place, mutation);
  const crossing: Draw = {
    origin: "crossover",
    draw: (random) => crossover(parent(random), parent(random), random),
  };
  return proposer.propose(place, crossing, mutation);
}

function checkEvolution(options: EvolutionOptions): void {
  const { settings } = options;
  checkSearchOptions(options, settings);
  checkCount("parents", settings.parents);
  checkCount("mutants", settings.mutants, 0);
  checkCount("crossovers", settings.crossovers, 0);
  const { population, mutants, crossovers, mutationRate } = settings;
  if (mutants + crossovers > population) {
    throw new RangeError(
      `Cannot search as mutants and crossovers must fit into the population of ${population}: ` +
        `they are ${mutants} and ${crossovers}`,
    );
  }
  checkNumber("mutationRate", mutationRate, 0, 1);
}
