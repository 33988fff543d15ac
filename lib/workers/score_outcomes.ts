/**
 * What becomes of candidates that are scored together, by the workers of a group.
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { gatherBytes, type WorkerGroup } from "../nn/worker_group.ts";
import type { Architecture } from "../space/architecture.ts";
import type { SupernetScoring } from "../train/scoring.ts";
import type { ScoreOutcome } from "./worker_api.ts";

/**
 * Scores each worker's share of some candidates and gathers all outcomes.
 *
 * @param rivals Whose least score counts, if the config's early stop may leave out those that won't reach it.
 * @returns In the order of the candidates, on every worker.
 */
export async function groupOutcomes(
  scoring: SupernetScoring,
  group: WorkerGroup,
  candidates: readonly Architecture[],
  rivals: readonly Architecture[] | null,
): Promise<ScoreOutcome[]> {
  // Neighbours stay together: the caller puts those side by side that start alike.
  const start = (rank: number): number => Math.floor(rank * candidates.length / group.size);
  const share = candidates.slice(start(group.rank), start(group.rank + 1));
  const own = await scoreOutcomes(scoring, share, rivals);
  return gatherBytes(group, serialize(own), "scores").flatMap((bytes): ScoreOutcome[] => deserialize(bytes));
}

/** Together if that goes well; else each alone, so that one's failure is no other's. */
async function scoreOutcomes(
  scoring: SupernetScoring,
  candidates: readonly Architecture[],
  rivals: readonly Architecture[] | null,
): Promise<ScoreOutcome[]> {
  if (candidates.length === 0) return [];
  try {
    return await scoring.scoreAll(candidates, rivals);
  } catch (error) {
    if (candidates.length === 1) {
      return [{ reason: error instanceof Error ? error.message : String(error) }];
    }
    const alone: ScoreOutcome[] = [];
    for (const choices of candidates) alone.push(...await scoreOutcomes(scoring, [choices], rivals));
    return alone;
  }
}
