import { assertEquals } from "@std/assert";
import { memoryHistory } from "../../lib/search/history.ts";
import { toWinner, winners } from "../../lib/search/winners.ts";
import { candidate } from "./_search_fixture.ts";

const [a, b, c, d] = [[0, 0], [1, 1], [2, 2], [3, 3]];

Deno.test("winners() are the best first, each architecture once, failed ones left out", () => {
  using history = memoryHistory();
  history.record(candidate({ slot: 0, choices: a, score: 1 }));
  history.record(candidate({ slot: 1, choices: b, score: 3 }));
  history.record(candidate({ slot: 2, choices: d, status: "failed", score: null, reason: "no" }));
  history.record(candidate({ strategy: "random", slot: 0, choices: b, score: 3 }));
  history.record(candidate({ strategy: "random", trial: 1, slot: 1, choices: c, score: 2 }));
  assertEquals(winners(history, 10).map((it) => it.choices), [b, c, a]);
  assertEquals(winners(history, 10)[0].strategy, "evolution");
  assertEquals(winners(history, 2).map((it) => it.choices), [b, c]);
  assertEquals(winners(history, 0), []);
});

Deno.test("winners() breaks ties by multiply-adds, parameters and place", () => {
  using history = memoryHistory();
  const tie = { score: 1, macs: 10, parameters: 5 };
  history.record(candidate({ strategy: "random", slot: 0, choices: a, ...tie }));
  history.record(candidate({ slot: 3, choices: b, ...tie }));
  history.record(candidate({ slot: 4, choices: c, ...tie, macs: 9, parameters: 7 }));
  history.record(candidate({ slot: 5, choices: d, ...tie, parameters: 4 }));
  assertEquals(winners(history, 4).map((it) => it.choices), [c, d, b, a]);
});

Deno.test("winners() of an empty history are none", () => {
  using history = memoryHistory();
  assertEquals(winners(history, 3), []);
});

Deno.test("toWinner() keeps what winners.json lists", () => {
  using history = memoryHistory();
  history.record(candidate({ choices: a, score: 0.5, macs: 9, parameters: 4 }));
  const [best] = winners(history, 1);
  assertEquals(toWinner("tiny", best), { space: "tiny", choices: a, macs: 9, parameters: 4, score: 0.5 });
  assertEquals(toWinner("tiny", { ...best, latencyMs: 1.5 }).latencyMs, 1.5);
});
