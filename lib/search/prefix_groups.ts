/**
 * Which candidates are scored together: those that start alike share the work on what they have in common.
 *
 * @module
 */

import { type Architecture, architectureKey } from "../space/architecture.ts";

/**
 * Cuts architectures into groups for trees of their own: neighbours in the order of their keys, which share most.
 *
 * @param most Candidates of a group; groups are as equal as whole numbers allow.
 */
export function prefixGroups(candidates: readonly Architecture[], most: number): Architecture[][] {
  const sorted = candidates.toSorted((a, b) => architectureKey(a) < architectureKey(b) ? -1 : 1);
  const groups = Math.ceil(sorted.length / most);
  const start = (group: number): number => Math.floor(group * sorted.length / groups);
  return Array.from({ length: groups }, (_, group) => sorted.slice(start(group), start(group + 1)));
}
