/**
 * A search's memory: every candidate ever tried, in `search.sqlite` or, for small searches, in memory. The search
 * goes on from it, and the report, the winners and other runs' reuse of scores read it.
 *
 * @module
 */

import process from "node:process";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { architectureFromKey, architectureKey } from "../space/architecture.ts";
import {
  byPlace,
  type CandidatePlace,
  type CandidateRecord,
  checkOutcome,
  describePlace,
  isScored,
  type Origin,
  type ScoredCandidate,
  type Strategy,
} from "./candidate.ts";
import { prepareSchema } from "./history_schema.ts";

export type { CandidatePlace, CandidateRecord, Origin, ScoredCandidate, Strategy } from "./candidate.ts";

/** Candidates by place; a place is written once and never changed. */
export interface SearchHistory extends Disposable {
  /**
   * Adds a candidate; on return it is kept (in a file: on the disk, past a power cut).
   *
   * @throws {TypeError} If its outcome contradicts itself, e.g. a score of NaN.
   * @throws {Error} If its place is taken or the disk is full; nothing is written then.
   */
  record(candidate: CandidateRecord): void;
  /** The candidate at a place, or undefined if there is none yet. */
  find(place: CandidatePlace): CandidateRecord | undefined;
  /**
   * The first scored candidate (see `all` for the order) with these choices, of any strategy and trial.
   *
   * @param key The choices' `architectureKey`.
   */
  findByChoices(key: string): ScoredCandidate | undefined;
  /** All candidates, or one strategy's, or one trial's of it: by strategy (its name), trial, generation and slot. */
  all(strategy?: Strategy, trial?: number): CandidateRecord[];
  /** Those of `all` that have a score. */
  scored(strategy?: Strategy, trial?: number): ScoredCandidate[];
  /** Keeps what a strategy can't tell from its candidates, as text by name; an older text of the name is replaced. */
  remember(name: string, text: string): void;
  /** What was last kept under a name, or undefined. */
  recall(name: string): string | undefined;
}

/**
 * Opens the history in a file, or starts it there; a file of an older version is brought up to date. Needs read and
 * write permission.
 *
 * @param path The SQLite file; its folder must exist.
 * @param fingerprint Text that names everything the scores depend on; stored at first, compared afterwards.
 * @param onOther Told of the fingerprint of a file that belongs to another, and that is gone on with as this one's; without
 * it such a file is refused.
 * @throws {SyntaxError} If the file is damaged or holds something else.
 * @throws {RangeError} If a newer version wrote it, or it belongs to another fingerprint.
 * @throws {Error} If it can't be opened, e.g. as its folder is missing or another process is writing to it.
 * @returns The history; disposing it closes the file.
 *
 * @example A search that can be stopped and gone on with
 * ```ts
 * // deno run --allow-read --allow-write
 * import { openHistory, randomSearch, searchSpaces } from "@detnas/detnas";
 *
 * // Tries twelve architectures, unless they are in the file, and tells how many were new.
 * async function search(): Promise<number> {
 *   using history = openHistory("search.sqlite", "my evaluation, version 1");
 *   let evaluated = 0;
 *   await randomSearch({
 *     space: searchSpaces.small,
 *     seed: 1,
 *     budget: { macs: null, parameters: null, latencyMs: null },
 *     history,
 *     settings: { population: 4, generations: 3, maxAttempts: 100 },
 *     evaluate: (choices) => Promise.resolve(++evaluated && choices[0]),
 *   });
 *   return evaluated;
 * }
 *
 * console.log(await search(), await search()); // 12 0
 * ```
 */
export function openHistory(
  path: string,
  fingerprint: string,
  onOther: ((found: string) => void) | null = null,
): SearchHistory {
  const database = openDatabase(path);
  try {
    database.exec("PRAGMA busy_timeout = 5000");
    prepareSchema(database, path, fingerprint, onOther);
    // A write-ahead log lets readers in during a search; FULL makes each recorded candidate outlive a power cut.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    return new FileHistory(database, path);
  } catch (error) {
    database.close();
    throw unreadable(path, error);
  }
}

/** A history that ends with the process. */
export function memoryHistory(): SearchHistory {
  return new MemoryHistory();
}

class MemoryHistory implements SearchHistory {
  readonly #records = new Map<string, CandidateRecord>();
  readonly #firstByChoices = new Map<string, ScoredCandidate>();
  readonly #memory = new Map<string, string>();

  record(candidate: CandidateRecord): void {
    checkOutcome(candidate);
    const place = describePlace(candidate);
    if (this.#records.has(place)) throw new Error(`Cannot record ${place}: it is recorded already`);
    const kept = { ...candidate, choices: [...candidate.choices] };
    this.#records.set(place, kept);
    if (isScored(kept)) this.#keepByChoices(kept);
  }

  find(place: CandidatePlace): CandidateRecord | undefined {
    return this.#records.get(describePlace(place));
  }

  findByChoices(key: string): ScoredCandidate | undefined {
    return this.#firstByChoices.get(key);
  }

  all(strategy?: Strategy, trial?: number): CandidateRecord[] {
    return [...this.#records.values()].filter(isOf(strategy, trial)).sort(byPlace);
  }

  scored(strategy?: Strategy, trial?: number): ScoredCandidate[] {
    return this.all(strategy, trial).filter(isScored);
  }

  remember(name: string, text: string): void {
    this.#memory.set(name, text);
  }

  recall(name: string): string | undefined {
    return this.#memory.get(name);
  }

  [Symbol.dispose](): void {}

  #keepByChoices(candidate: ScoredCandidate): void {
    const key = architectureKey(candidate.choices);
    const known = this.#firstByChoices.get(key);
    if (!known || byPlace(candidate, known) < 0) this.#firstByChoices.set(key, candidate);
  }
}

type Row = Record<string, SQLOutputValue>;
type Statement = ReturnType<DatabaseSync["prepare"]>;

class FileHistory implements SearchHistory {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #insert: Statement;
  readonly #byPlace: Statement;
  readonly #byChoices: Statement;
  readonly #all: Statement;
  readonly #remember: Statement;
  readonly #recall: Statement;

  constructor(database: DatabaseSync, path: string) {
    const order = "ORDER BY strategy, trial, generation, slot";
    this.#database = database;
    this.#path = path;
    this.#insert = database.prepare(
      "INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#byPlace = database.prepare(
      "SELECT * FROM candidates WHERE strategy = ? AND trial = ? AND generation = ? AND slot = ?",
    );
    this.#byChoices = database.prepare(
      `SELECT * FROM candidates WHERE choices = ? AND status = 'scored' ${order} LIMIT 1`,
    );
    this.#all = database.prepare(`SELECT * FROM candidates ${order}`);
    this.#remember = database.prepare("INSERT OR REPLACE INTO meta VALUES ('strategy ' || ?, ?)");
    this.#recall = database.prepare("SELECT value FROM meta WHERE key = 'strategy ' || ?");
  }

  record(candidate: CandidateRecord): void {
    checkOutcome(candidate);
    const { strategy, trial, generation, slot, origin, choices, macs, parameters, latencyMs } = candidate;
    const { status, score, images, reason, attempts, elapsedMs } = candidate;
    const cost = [macs, parameters, latencyMs];
    try {
      this.#insert.run(
        ...[strategy, trial, generation, slot, origin, architectureKey(choices)],
        ...[...cost, status, score, images, reason, attempts, elapsedMs],
      );
    } catch (error) {
      throw this.#unrecorded(candidate, error);
    }
  }

  find({ strategy, trial, generation, slot }: CandidatePlace): CandidateRecord | undefined {
    const row = this.#byPlace.get(strategy, trial, generation, slot);
    return row && fromRow(row);
  }

  findByChoices(key: string): ScoredCandidate | undefined {
    const row = this.#byChoices.get(key);
    return row && [fromRow(row)].find(isScored);
  }

  all(strategy?: Strategy, trial?: number): CandidateRecord[] {
    return this.#all.all().map(fromRow).filter(isOf(strategy, trial));
  }

  scored(strategy?: Strategy, trial?: number): ScoredCandidate[] {
    return this.all(strategy, trial).filter(isScored);
  }

  remember(name: string, text: string): void {
    this.#remember.run(name, text);
  }

  recall(name: string): string | undefined {
    const row = this.#recall.get(name);
    return row && String(row.value);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #unrecorded(candidate: CandidateRecord, error: unknown): Error {
    const isTaken = this.find(candidate) !== undefined;
    const reason = isTaken ? "it is recorded already" : messageOf(error);
    return new Error(`Cannot record ${describePlace(candidate)} in ${this.#path}: ${reason}`, {
      cause: error,
    });
  }
}

function isOf(strategy?: Strategy, trial?: number): (candidate: CandidateRecord) => boolean {
  return (it) =>
    (strategy === undefined || it.strategy === strategy) && (trial === undefined || it.trial === trial);
}

/** SQLite is loaded when a file is opened: older Nodes lack it, and a history in memory needs none. */
function openDatabase(path: string): DatabaseSync {
  try {
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite") ?? lacksSqlite();
    return new DatabaseSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function lacksSqlite(): never {
  throw new Error(
    `node:sqlite must be there, as in Deno and in Node from 22.13: this is ${process.version}; memoryHistory() needs none`,
  );
}

/** Says which file SQLite's complaint is about; errors that already say it stay as they are. */
function unreadable(path: string, error: unknown): Error {
  if (error instanceof RangeError || error instanceof SyntaxError) return error;
  const message = messageOf(error);
  if (/not a database|malformed|no such (table|column)/.test(message)) {
    return new SyntaxError(
      `Cannot read search history ${path}: ${message}. Move it away to search from the start`,
      { cause: error },
    );
  }
  return new Error(`Cannot open search history ${path}: ${message}`, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The casts are safe: the table's CHECK constraints admit nothing else. */
function fromRow(row: Row): CandidateRecord {
  return {
    strategy: row.strategy as Strategy,
    trial: Number(row.trial),
    generation: Number(row.generation),
    slot: Number(row.slot),
    origin: row.origin as Origin,
    choices: architectureFromKey(String(row.choices)),
    macs: Number(row.macs),
    parameters: Number(row.parameters),
    latencyMs: row.latencyMs === null ? null : Number(row.latencyMs),
    status: row.status as CandidateRecord["status"],
    score: row.score === null ? null : Number(row.score),
    images: row.images === null ? null : Number(row.images),
    reason: row.reason === null ? null : String(row.reason),
    attempts: Number(row.attempts),
    elapsedMs: Number(row.elapsedMs),
  };
}
