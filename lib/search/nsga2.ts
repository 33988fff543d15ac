/**
 * NSGA-II (Deb, Pratap, Agarwal and Meyarivan 2002): evolution towards the whole front of high scores and low costs.
 *
 * @module
 */

import type { RandomStream } from "../base/random.ts";
import type { Budget } from "./budget.ts";
import { byPlace, type CandidateRecord, isScored, type Proposal, type ScoredCandidate } from "./candidate.ts";
import { fillPlaces, generationPlaces } from "./filling.ts";
import { crossover, mutate } from "./operators.ts";
import { crowdingDistances, sortIntoFronts } from "./pareto.ts";
import { type Place, Proposer } from "./proposer.ts";
import {
  checkNumber,
  checkSearchOptions,
  type SearchOptions,
  type SearchSize,
  trialOf,
} from "./search_options.ts";

/** Size and operators of the search. */
export interface Nsga2Settings extends SearchSize {
  /** Probability of each choice of a child to be drawn anew. */
  readonly mutationRate: number;
}

/** What the search takes. */
export interface Nsga2Options extends SearchOptions {
  /** Size and operators. */
  readonly settings: Nsga2Settings;
}

/** A living candidate, and how it stands among those that it survived with. */
interface Survivor {
  readonly candidate: ScoredCandidate;
  /** Its front, from 0. */
  readonly front: number;
  /** Its crowding distance within the front. */
  readonly distance: number;
}

/**
 * Runs NSGA-II (Deb et al. 2002), or goes on with the run in the history: slots recorded there are taken as they are.
 *
 * Score is to be high; the backbone's latency, if the budget limits it, else its multiply-adds, are to be low.
 * Generation 0 is random. Of each generation and the survivors before it, `population` survive: by front, and within
 * the last front by crowding distance. Children come from the survivors: two binary tournaments choose the parents,
 * each choice is taken from one of them at random, and mutated.
 *
 * Survivors follow from the recorded candidates, so neither concurrency nor a stop changes the result. Differs from
 * the paper: the budget is kept by drawing again in place of constrained domination, no architecture is tried twice,
 * crossover always happens, ties go to the earlier candidate, and after `maxAttempts` children over the budget or
 * not new a random candidate takes the slot. Failed candidates never survive.
 *
 * @param options Space, seed, settings, budget, history and the evaluation.
 * @throws {RangeError} If a setting is out of range or the budget admits too few architectures.
 * @throws The signal's reason, if it stops the search.
 * @returns All candidates of the run, population x generations, by generation and slot; `paretoFront` gives the front.
 */
export async function nsga2(options: Nsga2Options): Promise<CandidateRecord[]> {
  const { settings, history } = options;
  checkSearchOptions(options, settings);
  checkNumber("mutationRate", settings.mutationRate, 0, 1);
  const proposer = new Proposer(options, "nsga2", settings.maxAttempts);
  const cost = boundedCost(options.budget);
  let living: readonly Survivor[] = [];
  for (let generation = 0; generation < settings.generations; generation++) {
    const places = generationPlaces(generation, settings.population);
    const propose = (place: Place): Proposal => proposeChild(proposer, options, living, place);
    const children = (await fillPlaces(options, "nsga2", places, propose)).filter(isScored);
    const all = [...living.map((it) => it.candidate), ...children].sort(byPlace);
    living = survivors(all, cost, settings.population);
  }
  return history.all("nsga2", trialOf(options));
}

/**
 * The cost that a budget is about, as the second objective of a search: latency if that is limited, else multiply-adds.
 */
export function boundedCost(budget: Budget): (candidate: CandidateRecord) => number {
  return budget.latencyMs === null ? ({ macs }) => macs : ({ latencyMs }) => latencyMs ?? Infinity;
}

/** The best by front and crowding distance, of equals the first in the order given. */
function survivors(
  candidates: readonly ScoredCandidate[],
  cost: (candidate: ScoredCandidate) => number,
  count: number,
): Survivor[] {
  const points = candidates.map((it) => ({ score: it.score, cost: cost(it) }));
  const ranked = sortIntoFronts(points).flatMap((indices, front) => {
    const distances = crowdingDistances(indices.map((index) => points[index]));
    return indices.map((index, i) => ({ candidate: candidates[index], front, distance: distances[i] }))
      .sort(byStanding);
  });
  return ranked.slice(0, count);
}

/** The crowded comparison of section III-B; infinite distances are equal. */
function byStanding(a: Survivor, b: Survivor): number {
  if (a.front !== b.front) return a.front - b.front;
  return a.distance === b.distance ? 0 : b.distance - a.distance;
}

function proposeChild(
  proposer: Proposer,
  { space, settings }: Nsga2Options,
  living: readonly Survivor[],
  place: Place,
): Proposal {
  if (living.length === 0) return proposer.proposeRandom(place);
  return proposer.propose(place, {
    origin: "crossover",
    draw: (random) => {
      const [a, b] = [tournament(living, random), tournament(living, random)];
      const child = crossover(a.choices, b.choices, random);
      return mutate(space, child, settings.mutationRate, random);
    },
  });
}

/** The better of two drawn ones; of equals the first drawn. */
function tournament(living: readonly Survivor[], random: RandomStream): ScoredCandidate {
  const [a, b] = [living[random.integer(living.length)], living[random.integer(living.length)]];
  return (byStanding(a, b) <= 0 ? a : b).candidate;
}
