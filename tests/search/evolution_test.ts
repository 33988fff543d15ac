import { assert, assertEquals, assertRejects } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { byScore, type CandidateRecord, isScored } from "../../lib/search/candidate.ts";
import { evolve } from "../../lib/search/evolution.ts";
import { memoryHistory } from "../../lib/search/history.ts";
import { mutate } from "../../lib/search/operators.ts";
import type { Evaluate } from "../../lib/search/search_options.ts";
import { architectureKey } from "../../lib/space/architecture.ts";
import { plantedScore, tinySearch, tinySettings, tinySpace } from "./_search_fixture.ts";

Deno.test("evolve() refuses operators out of range", async () => {
  const refusals: [Partial<typeof tinySettings>, string][] = [
    [{ parents: 0 }, "parents must be a whole number of at least 1: it is 0"],
    [{ mutants: 0.5 }, "mutants must be a whole number of at least 0: it is 0.5"],
    [{ mutationRate: NaN }, "mutationRate must be from 0 to 1: it is NaN"],
    [{ mutants: 4, crossovers: 3 }, "must fit into the population of 6: they are 4 and 3"],
  ];
  for (const [change, message] of refusals) {
    const options = tinySearch({ settings: { ...tinySettings, ...change } });
    await assertRejects(() => evolve(options), RangeError, message);
  }
});

Deno.test("evolve() fills each later generation with mutants, crossovers and random ones, in this order", async () => {
  const candidates = await evolve(tinySearch());
  const origins = candidates.map((it) => it.origin[0]).join("");
  assertEquals(origins, "rrrrrr" + "mmccrr".repeat(3));
});

Deno.test("evolve() mutates the best of all earlier generations, the earlier of equal scores", async () => {
  // Few different scores, so that ties decide; one parent, so that a mutant tells who it was.
  const settings = { ...tinySettings, parents: 1, mutants: 6, crossovers: 0 };
  const evaluate: Evaluate = (choices) => Promise.resolve(choices[2] % 2);
  const candidates = await evolve(tinySearch({ settings, evaluate }));
  const scored = candidates.filter(isScored);
  for (let generation = 1; generation < 4; generation++) {
    const [parent] = scored.filter((it) => it.generation < generation).toSorted(byScore);
    const tie = scored.find((it) => it.score === parent.score);
    assertEquals(parent, tie, "the earlier of equal scores");
    for (const child of scored.filter((it) => it.generation === generation)) {
      const attempts = Array.from({ length: settings.maxAttempts }, (_, attempt) => {
        const random = stream(7, "evolution", 0, "mutation", generation, child.slot, attempt);
        random.integer(1); // which parent
        return architectureKey(mutate(tinySpace, parent.choices, settings.mutationRate, random));
      });
      assert(attempts.includes(architectureKey(child.choices)));
    }
  }
});

Deno.test("evolve() puts a random candidate where no mutant or crossover is new", async () => {
  // At rate 0 each mutant is its parent; crossing one parent with itself gives it again.
  const settings = { ...tinySettings, parents: 1, mutationRate: 0 };
  const candidates = await evolve(tinySearch({ settings }));
  assertEquals(candidates.map((it) => it.origin), Array(24).fill("random"));
  assertEquals(new Set(candidates.map((it) => architectureKey(it.choices))).size, 24);
});

Deno.test("evolve() puts a mutant where the parents have become alike and crossover gives nothing new", async () => {
  const settings = { ...tinySettings, parents: 1, mutants: 0, crossovers: 4 };
  const candidates = await evolve(tinySearch({ settings }));
  const origins = candidates.map((it) => it.origin[0]).join("");
  assertEquals(origins, "rrrrrr" + "mmmmrr".repeat(3));
});

Deno.test("evolve() with a population of 1 is a chain of mutants", async () => {
  const settings = { ...tinySettings, population: 1, generations: 3, parents: 1, mutants: 1, crossovers: 0 };
  const candidates = await evolve(tinySearch({ settings }));
  assertEquals(candidates.map((it) => it.origin), ["random", "mutation", "mutation"]);
});

Deno.test("evolve() can try a whole space", async () => {
  const space = { ...tinySpace, stageRepeats: [2], stageChannels: [8] };
  const settings = { ...tinySettings, population: 4, maxAttempts: 1000, mutants: 1, crossovers: 1 };
  const candidates = await evolve(tinySearch({ space, settings }));
  assertEquals(new Set(candidates.map((it) => architectureKey(it.choices))).size, 16);
});

Deno.test("evolve() reports each new candidate once it is recorded, in the order of slots", async () => {
  const history = memoryHistory();
  const reported: CandidateRecord[] = [];
  const onCandidate = (it: CandidateRecord): void => {
    assertEquals(history.find(it), it);
    reported.push(it);
  };
  assertEquals(await evolve(tinySearch({ history, concurrency: 2, onCandidate })), reported);
});

Deno.test("evolve() goes the same way when those are stopped that will not reach its parents, and says so", async () => {
  const straight = await evolve(tinySearch());
  const bars: number[] = [];
  const evaluate: Evaluate = (choices, rivals) => {
    const score = plantedScore(choices);
    if (rivals === null) return Promise.resolve(score);
    const bar = Math.min(...rivals.map(plantedScore));
    bars.push(bar);
    return Promise.resolve(score < bar ? { estimate: -1, images: 16 } : score);
  };
  const candidates = await evolve(tinySearch({ evaluate }));
  const stopped = candidates.filter(({ status }) => status === "stopped");
  assert(stopped.length > 3 && stopped.every(({ generation }) => generation > 0), `${stopped.length}`);
  assert(bars.every((bar, i) => i === 0 || bar >= bars[i - 1]), "parents get better");
  const asScored = candidates.map((it) =>
    it.status === "stopped" ? { ...it, status: "scored", score: plantedScore(it.choices), images: null } : it
  );
  assertEquals(asScored, straight);
});

Deno.test("evolve() lets none be stopped while there are fewer scores than parents", async () => {
  const seen = new Set<number | null>();
  const settings = { ...tinySettings, parents: 5, population: 6 };
  const evaluate: Evaluate = (choices, rivals) => {
    seen.add(rivals && rivals.length);
    return choices[0] === 0 ? Promise.resolve(plantedScore(choices)) : Promise.reject(new Error("no"));
  };
  await evolve(tinySearch({ settings, evaluate }));
  assert([...seen].every((count) => count === null || count === 5) && seen.has(null), `${[...seen]}`);
});
