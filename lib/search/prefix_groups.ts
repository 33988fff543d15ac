/**
 * Which candidates are scored together: those that start alike share the work on what they have in common.
 *
 * @module
 */

import { type Architecture, architectureKey } from "../space/architecture.ts";

/** Candidates that one worker scores together: more share little more, and it is their work that a stop throws away. */
export const groupCandidates = 10;

/**
 * Cuts candidates into groups: neighbours in the order of their keys, which share most.
 *
 * @param most Candidates of a group; groups are as equal as whole numbers allow.
 * @param scorers Who take the groups at the same time, 1 or more: each gets equally many, so that none waits for another's
 * last group. Default 1.
 */
export function prefixGroups<Candidate extends { readonly choices: Architecture }>(
  candidates: readonly Candidate[],
  most: number,
  scorers = 1,
): Candidate[][] {
  const sorted = candidates.toSorted((a, b) =>
    architectureKey(a.choices) < architectureKey(b.choices) ? -1 : 1
  );
  const rounds = Math.ceil(Math.ceil(sorted.length / most) / scorers);
  const groups = Math.min(rounds * scorers, sorted.length);
  const start = (group: number): number => Math.floor(group * sorted.length / groups);
  return Array.from({ length: groups }, (_, group) => sorted.slice(start(group), start(group + 1)));
}
