import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { memoryHistory, openHistory, type SearchHistory } from "../../lib/search/history.ts";
import { candidate } from "./_search_fixture.ts";

const failed = { status: "failed", score: null, reason: "worker 0: out of memory", attempts: 3 } as const;

async function inTempDir(use: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    use(`${folder}/search.sqlite`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The same behaviour is asked of both kinds of history. */
function checkContract(history: SearchHistory): void {
  const b = candidate({ strategy: "random", slot: 1, choices: [3, 3, 3, 3, 3, 3], score: 2 });
  const a = candidate({ generation: 1 });
  const c = candidate({ generation: 0, slot: 12, choices: [3, 3, 3, 3, 3, 3], ...failed });
  for (const it of [b, a, c]) history.record(it);
  assertEquals(history.all(), [c, a, b]);
  assertEquals(history.all("random"), [b]);
  assertEquals([history.all("random", 0), history.all("random", 1)], [[b], []]);
  assertEquals(history.scored(), [a, b] as unknown[]);
  assertEquals(history.scored("evolution"), [a] as unknown[]);
  assertEquals(history.find({ strategy: "evolution", trial: 0, generation: 0, slot: 12 }), c);
  assertStrictEquals(history.find({ strategy: "random", trial: 0, generation: 0, slot: 12 }), undefined);
  assertEquals(history.findByChoices("333333") as unknown, b, "a failed one is not found");
  assertStrictEquals(history.findByChoices("000000"), undefined);
  assertThrows(
    () => history.record(candidate({ generation: 1, score: 9 })),
    Error,
    "Cannot record candidate 0 of generation 1 (evolution, trial 0)",
  );
  assertThrows(() => history.record(candidate({ slot: 5, score: NaN })), TypeError, "score is NaN");
  assertThrows(
    () => history.record(candidate({ slot: 5, ...failed, reason: null })),
    TypeError,
    "reason is null",
  );
  assertEquals(history.all(), [c, a, b], "a refused candidate leaves nothing behind");
  const d = candidate({ trial: 1, generation: 1, origin: "policy", latencyMs: 0.1 + 0.2 });
  history.record(d);
  assertEquals(history.all("evolution"), [c, a, d], "by trial before generation");
  assertEquals(history.scored("evolution", 1), [d] as unknown[]);
  assertStrictEquals(history.recall("policy"), undefined);
  for (const text of ["old", "new"]) history.remember("policy", text);
  assertStrictEquals(history.recall("policy"), "new");
  assertStrictEquals(history.recall("fingerprint"), undefined);
}

/** A file as version 1 wrote it: one run a strategy, no latencies. */
function writeVersion1(path: string): void {
  using database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE candidates (
      strategy TEXT NOT NULL CHECK (strategy IN ('evolution', 'random')),
      generation INTEGER NOT NULL, slot INTEGER NOT NULL,
      origin TEXT NOT NULL CHECK (origin IN ('random', 'mutation', 'crossover')),
      choices TEXT NOT NULL, macs INTEGER NOT NULL, parameters INTEGER NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('scored', 'failed')),
      score REAL, reason TEXT, attempts INTEGER NOT NULL, elapsedMs REAL NOT NULL,
      PRIMARY KEY (strategy, generation, slot)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX candidates_by_choices ON candidates (choices);
    PRAGMA user_version = 1;
    INSERT INTO meta VALUES ('fingerprint', 'seed 1');
    INSERT INTO candidates VALUES
      ('evolution', 0, 0, 'random', '012301', 3937832864, 12345, 'scored', 0.30000000000000004, NULL, 1, 12.5),
      ('random', 2, 1, 'random', '333333', 9, 4, 'failed', NULL, 'worker 0: out of memory', 3, 12.5);
  `);
}

const fromVersion1 = [
  candidate(),
  candidate({
    strategy: "random",
    generation: 2,
    slot: 1,
    choices: [3, 3, 3, 3, 3, 3],
    macs: 9,
    parameters: 4,
    ...failed,
  }),
];

Deno.test("memoryHistory() keeps, finds and orders candidates and refuses a taken place", () => {
  using history = memoryHistory();
  checkContract(history);
});

Deno.test("openHistory() keeps, finds and orders candidates and refuses a taken place", async () => {
  await inTempDir((path) => {
    using history = openHistory(path, "seed 1");
    checkContract(history);
  });
});

Deno.test("openHistory() gives back every field after closing", async () => {
  await inTempDir((path) => {
    const records = [candidate({ latencyMs: 1 / 3 }), candidate({ slot: 1, origin: "crossover", ...failed })];
    {
      using history = openHistory(path, "seed 1");
      for (const it of records) history.record(it);
    }
    using history = openHistory(path, "seed 1");
    assertEquals(history.all(), records);
  });
});

Deno.test("a recorded candidate is on the disk before the history is closed", async () => {
  await inTempDir((path) => {
    using writer = openHistory(path, "seed 1");
    writer.record(candidate());
    using reader = openHistory(path, "seed 1");
    assertEquals(reader.all(), [candidate()]);
  });
});

Deno.test("openHistory() refuses another fingerprint and names both", async () => {
  await inTempDir((path) => {
    openHistory(path, "seed 1")[Symbol.dispose]();
    const message = `history ${path} as it must belong to this search: ` +
      'its fingerprint is "seed 1", this search\'s is "seed 2"';
    assertThrows(() => openHistory(path, "seed 2"), RangeError, message);
  });
});

Deno.test("openHistory() reads version 1: trial 0, no latencies; then it takes what is new", async () => {
  await inTempDir((path) => {
    writeVersion1(path);
    const added = candidate({ strategy: "nsga2", trial: 4, slot: 1, origin: "policy", latencyMs: 2 });
    {
      using history = openHistory(path, "seed 1");
      assertEquals(history.all(), fromVersion1);
      assertEquals(history.findByChoices("012301") as unknown, fromVersion1[0]);
      history.record(added);
    }
    using history = openHistory(path, "seed 1");
    assertEquals(history.all(), [fromVersion1[0], added, fromVersion1[1]]);
  });
});

/** A file as version 2 wrote it: none was stopped. */
function writeVersion2(path: string): void {
  using database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE candidates (
      strategy TEXT NOT NULL, trial INTEGER NOT NULL, generation INTEGER NOT NULL, slot INTEGER NOT NULL,
      origin TEXT NOT NULL, choices TEXT NOT NULL, macs INTEGER NOT NULL, parameters INTEGER NOT NULL, latencyMs REAL,
      status TEXT NOT NULL CHECK (status IN ('scored', 'failed')),
      score REAL, reason TEXT, attempts INTEGER NOT NULL, elapsedMs REAL NOT NULL,
      PRIMARY KEY (strategy, trial, generation, slot)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX candidates_by_choices ON candidates (choices);
    PRAGMA user_version = 2;
    INSERT INTO meta VALUES ('fingerprint', 'seed 1');
    INSERT INTO candidates VALUES
      ('evolution', 3, 0, 0, 'random', '012301', 3937832864, 12345, 2.5, 'scored', 0.30000000000000004, NULL, 1, 12.5);
  `);
}

Deno.test("openHistory() reads version 2, where none was stopped; then it takes those that are", async () => {
  await inTempDir((path) => {
    writeVersion2(path);
    const old = candidate({ trial: 3, latencyMs: 2.5 });
    const stopped = candidate({ trial: 3, slot: 1, status: "stopped", score: 0.1, images: 24 });
    {
      using history = openHistory(path, "seed 1");
      assertEquals(history.all(), [old]);
      history.record(stopped);
    }
    using history = openHistory(path, "seed 1");
    assertEquals(history.all(), [old, stopped]);
    assertEquals(history.scored(), [old], "an estimate is no score");
    assertThrows(() => history.record({ ...stopped, slot: 2, images: null }), TypeError, "images is null");
    assertThrows(() => history.record({ ...old, slot: 2, images: 24 }), TypeError, "images is 24");
  });
});

Deno.test("openHistory() leaves a version 1 of another search as it is", async () => {
  await inTempDir((path) => {
    writeVersion1(path);
    assertThrows(() => openHistory(path, "seed 2"), RangeError, 'its fingerprint is "seed 1"');
    using database = new DatabaseSync(path);
    assertEquals(database.prepare("PRAGMA user_version").get()?.user_version, 1);
  });
});

Deno.test("openHistory() refuses a newer schema and leaves it as it is", async () => {
  await inTempDir((path) => {
    openHistory(path, "seed 1")[Symbol.dispose]();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 4");
    database.close();
    assertThrows(() => openHistory(path, "seed 1"), RangeError, "must be at most 3: it is 4");
  });
});

Deno.test("openHistory() refuses another program's database", async () => {
  await inTempDir((path) => {
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE bookmarks (url TEXT)");
    database.close();
    assertThrows(() => openHistory(path, "seed 1"), SyntaxError, `${path}: it is another program's database`);
  });
});

Deno.test("openHistory() says which file is no database", async () => {
  await inTempDir((path) => {
    Deno.writeTextFileSync(path, "not a database ".repeat(100));
    assertThrows(
      () => openHistory(path, "seed 1"),
      SyntaxError,
      `Cannot read search history ${path}: file is not a database. Move it away`,
    );
  });
});

Deno.test("openHistory() notices a file that was cut short", async () => {
  await inTempDir((path) => {
    {
      using history = openHistory(path, "seed 1");
      for (let slot = 0; slot < 200; slot++) history.record(candidate({ slot }));
    }
    Deno.truncateSync(path, 3 * 4096);
    assertThrows(() => openHistory(path, "seed 1"), SyntaxError, `Cannot read search history ${path}: `);
  });
});

Deno.test("openHistory() says which folder is missing", async () => {
  await inTempDir((path) => {
    assertThrows(
      () => openHistory(`${path}/none/search.sqlite`, "seed 1"),
      Error,
      `Cannot open search history ${path}/none/search.sqlite: unable to open database file`,
    );
  });
});
