/**
 * How every strategy moves on: places that the history holds stay as they are, the others are proposed, scored and
 * recorded. So a search that was stopped walks the same way again and goes on where the history ends.
 *
 * @module
 */

import type { Architecture } from "../space/architecture.ts";
import type { CandidateRecord, Proposal, Strategy } from "./candidate.ts";
import type { Place } from "./proposer.ts";
import { scoreProposals } from "./scoring.ts";
import { type SearchOptions, trialOf } from "./search_options.ts";

/** A generation's places, by slot. */
export function generationPlaces(generation: number, population: number): Place[] {
  return Array.from({ length: population }, (_, slot) => ({ generation, slot }));
}

/**
 * Fills places with candidates, `concurrency` at a time.
 *
 * @param options The search.
 * @param strategy Whose places these are.
 * @param places In order; what is proposed for one must not depend on the scores of the others.
 * @param propose Asked for each place that the history does not hold, in order.
 * @param rivals Those whose least score counts: candidates that won't reach it need no score; null if all do.
 * @throws What `propose` and `scoreProposals` throw.
 * @returns The candidates at the places, recorded now or before.
 */
export async function fillPlaces(
  options: SearchOptions,
  strategy: Strategy,
  places: readonly Place[],
  propose: (place: Place) => Proposal,
  rivals: readonly Architecture[] | null = null,
): Promise<CandidateRecord[]> {
  const trial = trialOf(options);
  const find = (place: Place): CandidateRecord | undefined =>
    options.history.find({ strategy, trial, ...place });
  await scoreProposals(options, places.filter((place) => !find(place)).map(propose), rivals);
  return places.flatMap((place) => find(place) ?? []);
}
