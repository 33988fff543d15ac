/**
 * Where the workers of a group run and find each other.
 *
 * @module
 */

/** A worker's place in its group. */
export interface GroupPlace {
  /** Which of the addresses is this worker's. */
  readonly rank: number;
  /** `host:port` of every worker, in rank order and the same for all. */
  readonly addresses: readonly string[];
  /** For how long the others are waited for, in milliseconds; default: the engine's. */
  readonly joinMs?: number;
}

/** Where a worker of a group is started. */
export interface WorkerPlace {
  readonly group: GroupPlace;
  /** Goes before the worker's command, so that it runs in the group's network; empty for this process's own. */
  readonly prefix: readonly string[];
}

/**
 * Reads a place as a worker's command has it.
 *
 * @param text JSON of a {@linkcode GroupPlace}, written by this program; empty for a worker that works alone.
 */
export function groupPlaceOf(text: string): GroupPlace | null {
  return text === "" ? null : JSON.parse(text) as GroupPlace;
}
