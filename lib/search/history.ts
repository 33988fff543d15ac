/**
 * A search's memory: every candidate ever tried, in `search.sqlite` or, for small searches, in memory. The search
 * goes on from it, and the report, the winners and the baseline's reuse of scores read it.
 *
 * @module
 */

import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { architectureFromKey, architectureKey } from "../space/architecture.ts";
import {
  byPlace,
  type CandidateRecord,
  checkOutcome,
  describePlace,
  isScored,
  type Origin,
  type ScoredCandidate,
  type Strategy,
} from "./candidate.ts";

export type { CandidateRecord, Origin, ScoredCandidate, Strategy } from "./candidate.ts";

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
  find(strategy: Strategy, generation: number, slot: number): CandidateRecord | undefined;
  /**
   * The first scored candidate (see `all` for the order) with these choices, of any strategy.
   *
   * @param key The choices' `architectureKey`.
   */
  findByChoices(key: string): ScoredCandidate | undefined;
  /** All candidates, or one strategy's: evolution before random search, then by generation, then by slot. */
  all(strategy?: Strategy): CandidateRecord[];
  /** Those of `all` that have a score. */
  scored(strategy?: Strategy): ScoredCandidate[];
}

/** The schema this code reads and writes, kept in the file's `user_version`. */
const schemaVersion = 1;

const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE candidates (
    strategy TEXT NOT NULL CHECK (strategy IN ('evolution', 'random')),
    generation INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('random', 'mutation', 'crossover')),
    choices TEXT NOT NULL,
    macs INTEGER NOT NULL,
    parameters INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('scored', 'failed')),
    score REAL,
    reason TEXT,
    attempts INTEGER NOT NULL,
    elapsedMs REAL NOT NULL,
    PRIMARY KEY (strategy, generation, slot)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX candidates_by_choices ON candidates (choices);
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Opens the history in a file, or starts it there. Needs read and write permission.
 *
 * @param path The SQLite file; its folder must exist.
 * @param fingerprint Text that names everything the scores depend on; stored at first, compared afterwards.
 * @throws {SyntaxError} If the file is damaged or holds something else.
 * @throws {RangeError} If a newer version wrote it, or it belongs to another fingerprint.
 * @throws {Error} If it can't be opened, e.g. as its folder is missing or another process is writing to it.
 * @returns The history; disposing it closes the file.
 */
export function openHistory(path: string, fingerprint: string): SearchHistory {
  const database = openDatabase(path);
  try {
    database.exec("PRAGMA busy_timeout = 5000");
    if (isEmpty(database)) createSchema(database, fingerprint);
    checkDatabase(database, path, fingerprint);
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
  const records: CandidateRecord[] = [];
  const find: SearchHistory["find"] = (strategy, generation, slot) =>
    records.find((it) => it.strategy === strategy && it.generation === generation && it.slot === slot);
  const all: SearchHistory["all"] = (strategy) =>
    records.filter((it) => strategy === undefined || it.strategy === strategy).sort(byPlace);
  const scored: SearchHistory["scored"] = (strategy) => all(strategy).filter(isScored);
  return {
    record(candidate: CandidateRecord): void {
      checkOutcome(candidate);
      if (find(candidate.strategy, candidate.generation, candidate.slot)) {
        throw new Error(`Cannot record ${describePlace(candidate)}: it is recorded already`);
      }
      records.push({ ...candidate, choices: [...candidate.choices] });
    },
    find,
    findByChoices: (key) =>
      records.filter(isScored).filter((it) => architectureKey(it.choices) === key).sort(byPlace)[0],
    all,
    scored,
    [Symbol.dispose](): void {},
  };
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

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#insert = database.prepare("INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#byPlace = database.prepare(
      "SELECT * FROM candidates WHERE strategy = ? AND generation = ? AND slot = ?",
    );
    this.#byChoices = database.prepare(
      "SELECT * FROM candidates WHERE choices = ? AND status = 'scored' ORDER BY strategy, generation, slot LIMIT 1",
    );
    this.#all = database.prepare("SELECT * FROM candidates ORDER BY strategy, generation, slot");
  }

  record(candidate: CandidateRecord): void {
    checkOutcome(candidate);
    const { strategy, generation, slot, origin, choices, macs, parameters } = candidate;
    const { status, score, reason, attempts, elapsedMs } = candidate;
    const place = [strategy, generation, slot, origin, architectureKey(choices), macs, parameters];
    try {
      this.#insert.run(...place, status, score, reason, attempts, elapsedMs);
    } catch (error) {
      throw this.#unrecorded(candidate, error);
    }
  }

  find(strategy: Strategy, generation: number, slot: number): CandidateRecord | undefined {
    const row = this.#byPlace.get(strategy, generation, slot);
    return row && fromRow(row);
  }

  findByChoices(key: string): ScoredCandidate | undefined {
    const row = this.#byChoices.get(key);
    return row && [fromRow(row)].find(isScored);
  }

  all(strategy?: Strategy): CandidateRecord[] {
    const candidates = this.#all.all().map(fromRow);
    return candidates.filter((it) => strategy === undefined || it.strategy === strategy);
  }

  scored(strategy?: Strategy): ScoredCandidate[] {
    return this.all(strategy).filter(isScored);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #unrecorded(candidate: CandidateRecord, error: unknown): Error {
    const { strategy, generation, slot } = candidate;
    const isTaken = this.find(strategy, generation, slot) !== undefined;
    const reason = isTaken ? "it is recorded already" : messageOf(error);
    return new Error(`Cannot record ${describePlace(candidate)} in ${this.#path}: ${reason}`, {
      cause: error,
    });
  }
}

function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT name FROM sqlite_schema LIMIT 1").get() === undefined;
}

/** In one transaction, so that a process killed here leaves an empty file, which is started anew. */
function createSchema(database: DatabaseSync, fingerprint: string): void {
  database.exec(`BEGIN IMMEDIATE; ${schema}`);
  database.prepare("INSERT INTO meta VALUES ('fingerprint', ?)").run(fingerprint);
  database.exec("COMMIT");
}

function checkDatabase(database: DatabaseSync, path: string, fingerprint: string): void {
  checkVersion(database, path);
  const found = database.prepare("SELECT value FROM meta WHERE key = 'fingerprint'").get()?.value;
  if (found !== fingerprint) {
    throw new RangeError(
      `Cannot go on with search history ${path} as it must belong to this search: ` +
        `its fingerprint is "${found}", this search's is "${fingerprint}"`,
    );
  }
  const damage = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (damage !== "ok") throw new Error(`database disk image is malformed (${damage})`);
}

function checkVersion(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
  if (version > schemaVersion) {
    throw new RangeError(
      `Cannot read search history ${path} as its schema version must be at most ${schemaVersion}: ` +
        `it is ${version}, written by a newer version of this program`,
    );
  }
  if (version < 1) {
    throw new SyntaxError(`Cannot read search history ${path}: it is another program's database`);
  }
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
    generation: Number(row.generation),
    slot: Number(row.slot),
    origin: row.origin as Origin,
    choices: architectureFromKey(String(row.choices)),
    macs: Number(row.macs),
    parameters: Number(row.parameters),
    status: row.status as CandidateRecord["status"],
    score: row.score === null ? null : Number(row.score),
    reason: row.reason === null ? null : String(row.reason),
    attempts: Number(row.attempts),
    elapsedMs: Number(row.elapsedMs),
  };
}
