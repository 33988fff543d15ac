/**
 * The candidates in a run's `search.sqlite`, read beside the search that writes them.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { ReportCandidate, Strategy } from "../report/report_input.ts";
import { architectureFromKey } from "../space/architecture.ts";

/** Reads the candidates anew whenever the file has changed. */
export class CandidatesReader {
  readonly #path: string;
  #stamp = "";
  #candidates: readonly ReportCandidate[] = [];

  /**
   * Without a look yet.
   *
   * @param path The history's file; need not exist.
   */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * All candidates by strategy, trial, generation and slot. The list is the same object as long as nothing is added.
   *
   * @throws {Error} If the file is no search's history, naming it.
   */
  async read(): Promise<readonly ReportCandidate[]> {
    const stamp = await stampOf(this.#path) + await stampOf(`${this.#path}-wal`);
    if (stamp === this.#stamp) return this.#candidates;
    const found = await stampOf(this.#path) === "" ? [] : queryCandidates(this.#path);
    if (found === null) return this.#candidates; // being made, or locked for a moment: the next look will tell
    this.#stamp = stamp;
    if (found.length !== this.#candidates.length) this.#candidates = found;
    return this.#candidates;
  }
}

/** Changes whenever the file does; empty if there is none. */
async function stampOf(path: string): Promise<string> {
  try {
    const { mtime, size } = await Deno.stat(path);
    return `${mtime?.getTime()} ${size};`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/**
 * One query on a connection of its own, that is closed at once. It may write only so that SQLite clears its
 * write-ahead log away behind the last reader.
 */
function queryCandidates(path: string): ReportCandidate[] | null {
  try {
    using database = new DatabaseSync(path);
    database.exec("PRAGMA query_only = 1");
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'candidates'").all();
    if (tables.length === 0) return null;
    const order = "ORDER BY strategy, trial, generation, slot";
    return database.prepare(`SELECT * FROM candidates ${order}`).all().map(fromRow);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (/locked|busy/i.test(message)) return null;
    throw new Error(`Cannot read search history ${path}: ${message}`, { cause });
  }
}

/** A version before trials and latencies has neither. */
function fromRow(row: Record<string, unknown>): ReportCandidate {
  return {
    strategy: row.strategy as Strategy,
    trial: Number(row.trial ?? 0),
    generation: Number(row.generation),
    slot: Number(row.slot),
    choices: architectureFromKey(String(row.choices)),
    macs: Number(row.macs),
    parameters: Number(row.parameters),
    latencyMs: row.latencyMs === null || row.latencyMs === undefined ? null : Number(row.latencyMs),
    status: row.status as ReportCandidate["status"],
    score: row.score === null ? null : Number(row.score),
    reason: row.reason === null ? null : String(row.reason),
    elapsedMs: Number(row.elapsedMs),
  };
}
