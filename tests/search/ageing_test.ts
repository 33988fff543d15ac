import { assert, assertEquals, assertRejects } from "@std/assert";
import { ageingEvolution } from "../../lib/search/ageing.ts";
import { isScored } from "../../lib/search/candidate.ts";
import type { Evaluate } from "../../lib/search/search_options.ts";
import type { Architecture } from "../../lib/space/architecture.ts";
import { plantedScore, tinySearch, tinySettings } from "./_search_fixture.ts";

const settings = { ...tinySettings, sampleSize: 3 };

function distance(a: Architecture, b: Architecture): number {
  return a.filter((choice, block) => choice !== b[block]).length;
}

Deno.test("ageingEvolution() makes each child of one of the population's youngest, by one changed block", async () => {
  const candidates = await ageingEvolution({ ...tinySearch(), settings });
  assertEquals(candidates.map((it) => it.origin[0]).join(""), "r".repeat(6) + "m".repeat(18));
  candidates.forEach(({ choices }, index) => {
    const living = candidates.slice(Math.max(0, index - 6), index);
    assert(index < 6 || living.some((it) => distance(it.choices, choices) === 1));
  });
});

Deno.test("ageingEvolution() lets the best die of age: its neighbours come only while it lives", async () => {
  // One early candidate is far above all others. With large samples it is every living child's parent.
  const best = (await ageingEvolution({ ...tinySearch(), settings }))[2].choices;
  const evaluate: Evaluate = (choices) =>
    Promise.resolve(String(choices) === String(best) ? 100 : plantedScore(choices));
  const candidates = await ageingEvolution({
    ...tinySearch({ evaluate }),
    settings: { ...settings, sampleSize: 100 },
  });
  const isChild = candidates.slice(6).map((it) => distance(it.choices, best) === 1);
  assertEquals(isChild.slice(0, 3), [true, true, true], "while it is among the six youngest");
  assertEquals(candidates.slice(9).every(({ choices }) => distance(choices, best) >= 1), true);
  const parents = candidates.slice(9).map(({ choices }, i) => {
    const living = candidates.slice(3 + i, 9 + i).filter(isScored).toSorted((a, b) => b.score - a.score);
    return distance(living[0].choices, choices);
  });
  assertEquals(parents, Array(15).fill(1), "then of the best that lives");
});

Deno.test("ageingEvolution() never takes a failed candidate for a parent", async () => {
  const evaluate: Evaluate = (choices) =>
    choices[0] === 1 ? Promise.reject(new Error("no")) : Promise.resolve(plantedScore(choices));
  const candidates = await ageingEvolution({ ...tinySearch({ evaluate }), settings });
  candidates.forEach(({ choices, origin }, index) => {
    if (origin !== "mutation") return;
    const living = candidates.slice(0, index).filter(isScored).slice(-6);
    assert(living.some((it) => distance(it.choices, choices) === 1));
  });
  assert(candidates.some(({ status }) => status === "failed"));
});

Deno.test("ageingEvolution() refuses a sample of nobody", async () => {
  await assertRejects(
    () => ageingEvolution({ ...tinySearch(), settings: { ...settings, sampleSize: 0 } }),
    RangeError,
    "sampleSize must be a whole number of at least 1: it is 0",
  );
});
