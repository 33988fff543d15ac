/**
 * The tables of `search.sqlite`: how they are made, brought up to date and checked.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { origins, strategies } from "./candidate.ts";

/**
 * The schema this code writes, kept in the file's `user_version`; 2 added trials, latencies and strategies, 3 candidates
 * that were stopped.
 */
const schemaVersion = 3;

const candidatesTable = `
  CREATE TABLE candidates (
    strategy TEXT NOT NULL CHECK (strategy IN (${quoted(strategies)})),
    trial INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN (${quoted(origins)})),
    choices TEXT NOT NULL,
    macs INTEGER NOT NULL,
    parameters INTEGER NOT NULL,
    latencyMs REAL,
    status TEXT NOT NULL CHECK (status IN ('scored', 'stopped', 'failed')),
    score REAL,
    images INTEGER,
    reason TEXT,
    attempts INTEGER NOT NULL,
    elapsedMs REAL NOT NULL,
    PRIMARY KEY (strategy, trial, generation, slot)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX candidates_by_choices ON candidates (choices);
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Makes an open database one of this code's: an empty one gets its tables, an older one is rewritten.
 *
 * @param database The database.
 * @param path Its file, for messages.
 * @param fingerprint What an empty one is marked with, and another must be marked with.
 * @param onOther Told of another mark, which is then replaced; null refuses it.
 * @throws {RangeError} If a newer version wrote it, or it is marked with another fingerprint.
 * @throws {SyntaxError} If it is another program's.
 * @throws {Error} SQLite's complaint, if it is damaged.
 */
export function prepareSchema(
  database: DatabaseSync,
  path: string,
  fingerprint: string,
  onOther: ((found: string) => void) | null,
): void {
  if (isEmpty(database)) createSchema(database, fingerprint);
  const version = checkVersion(database, path);
  checkFingerprint(database, path, fingerprint, onOther);
  const damage = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (damage !== "ok") throw new Error(`database disk image is malformed (${damage})`);
  if (version < schemaVersion) migrate(database, version);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT name FROM sqlite_schema LIMIT 1").get() === undefined;
}

/** In one transaction, so that a process killed here leaves an empty file, which is started anew. */
function createSchema(database: DatabaseSync, fingerprint: string): void {
  database.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    ${candidatesTable}
  `);
  database.prepare("INSERT INTO meta VALUES ('fingerprint', ?)").run(fingerprint);
  database.exec("COMMIT");
}

/**
 * Version 1 had one run of each strategy and no latencies, and up to 2 none was stopped. SQLite can't change a CHECK, so
 * the table is rebuilt.
 */
function migrate(database: DatabaseSync, version: number): void {
  const [trial, latencyMs] = version === 1 ? ["0", "NULL"] : ["trial", "latencyMs"];
  database.exec(`
    BEGIN IMMEDIATE;
    DROP INDEX candidates_by_choices;
    ALTER TABLE candidates RENAME TO older_candidates;
    ${candidatesTable}
    INSERT INTO candidates
      SELECT strategy, ${trial}, generation, slot, origin, choices, macs, parameters, ${latencyMs}, status, score, NULL,
        reason, attempts, elapsedMs FROM older_candidates;
    DROP TABLE older_candidates;
    COMMIT;
  `);
}

function checkVersion(database: DatabaseSync, path: string): number {
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
  return version;
}

function checkFingerprint(
  database: DatabaseSync,
  path: string,
  fingerprint: string,
  onOther: ((found: string) => void) | null,
): void {
  const found = database.prepare("SELECT value FROM meta WHERE key = 'fingerprint'").get()?.value;
  if (found === fingerprint) return;
  if (onOther !== null) {
    onOther(String(found));
    database.prepare("UPDATE meta SET value = ? WHERE key = 'fingerprint'").run(fingerprint);
    return;
  }
  throw new RangeError(
    `Cannot go on with search history ${path} as it must belong to this search: ` +
      `its fingerprint is "${found}", this search's is "${fingerprint}"`,
  );
}
