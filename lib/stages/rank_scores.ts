/**
 * The scores that a ranking has so far, in its folder's `scores.json`: written after each, so that what has taken
 * hours is done once.
 *
 * @module
 */
import { makeFolder, writeFileAtomic } from "../run/atomic_file.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import type { RecalibrationMode } from "../workers/worker_api.ts";

interface StoredScores {
  /** By mode, then by `architectureKey`. */
  inherited: Record<string, Record<string, number>>;
  /** By the training's folder in the run. */
  retrained: Record<string, number>;
}

/** Scores by architecture; undefined where there is none yet. */
export class RankScores {
  readonly #path: string;
  readonly #stored: StoredScores;

  /** Use {@linkcode openRankScores}. */
  constructor(path: string, stored: StoredScores) {
    this.#path = path;
    this.#stored = stored;
  }

  /** With the supernet's weights, under a mode of batch norm. */
  inherited(mode: RecalibrationMode, choices: Architecture): number | undefined {
    return this.#stored.inherited[mode]?.[architectureKey(choices)];
  }

  /** After its own training, named by its folder. */
  retrained(folder: string): number | undefined {
    return this.#stored.retrained[folder];
  }

  /** Keeps a score with the supernet's weights. */
  async setInherited(mode: RecalibrationMode, choices: Architecture, score: number): Promise<void> {
    (this.#stored.inherited[mode] ??= {})[architectureKey(choices)] = score;
    await this.#save();
  }

  /** Keeps a score after training. */
  async setRetrained(folder: string, score: number): Promise<void> {
    this.#stored.retrained[folder] = score;
    await this.#save();
  }

  async #save(): Promise<void> {
    await writeFileAtomic(this.#path, JSON.stringify(this.#stored, null, 2) + "\n");
  }
}

/**
 * Opens the scores of a ranking.
 *
 * @param dir Its folder; created if need be.
 * @throws {SyntaxError} If its `scores.json` can't be read.
 */
export async function openRankScores(dir: string): Promise<RankScores> {
  const path = `${dir}/scores.json`;
  await makeFolder(dir, { recursive: true });
  return new RankScores(path, await readScores(path));
}

async function readScores(path: string): Promise<StoredScores> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return { inherited: {}, retrained: {} };
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`Cannot read ${path}: it is no JSON: ${cause.message}`, { cause });
  }
}
