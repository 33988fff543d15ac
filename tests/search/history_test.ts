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
  assertEquals(history.scored(), [a, b] as unknown[]);
  assertEquals(history.scored("evolution"), [a] as unknown[]);
  assertEquals(history.find("evolution", 0, 12), c);
  assertStrictEquals(history.find("random", 0, 12), undefined);
  assertEquals(history.findByChoices("333333") as unknown, b, "a failed one is not found");
  assertStrictEquals(history.findByChoices("000000"), undefined);
  assertThrows(
    () => history.record(candidate({ generation: 1, score: 9 })),
    Error,
    "Cannot record candidate 0 of generation 1 (evolution)",
  );
  assertThrows(() => history.record(candidate({ slot: 5, score: NaN })), TypeError, "score is NaN");
  assertThrows(
    () => history.record(candidate({ slot: 5, ...failed, reason: null })),
    TypeError,
    "reason is null",
  );
  assertEquals(history.all(), [c, a, b], "a refused candidate leaves nothing behind");
}

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
    const records = [candidate(), candidate({ slot: 1, origin: "crossover", ...failed })];
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

Deno.test("openHistory() refuses a newer schema and leaves it as it is", async () => {
  await inTempDir((path) => {
    openHistory(path, "seed 1")[Symbol.dispose]();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 2");
    database.close();
    assertThrows(() => openHistory(path, "seed 1"), RangeError, "must be at most 1: it is 2");
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
