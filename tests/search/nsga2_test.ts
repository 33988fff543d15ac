import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { type CandidateRecord, isScored } from "../../lib/search/candidate.ts";
import { boundedCost, nsga2 } from "../../lib/search/nsga2.ts";
import { hypervolume, paretoFront } from "../../lib/search/pareto.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { architectureCost, costTable } from "../../lib/space/cost.ts";
import type { Architecture } from "../../lib/space/architecture.ts";
import { noBudget, tinySearch, tinySettings, tinySpace } from "./_search_fixture.ts";

const settings = { ...tinySettings, population: 12, generations: 10, maxAttempts: 500 };

/** Ten blocks, a million architectures. */
const space = { ...tinySpace, stageRepeats: [3, 3, 4] };

Deno.test("nsga2() makes children of survivors after a random generation", async () => {
  const candidates = await nsga2(tinySearch());
  assertEquals(candidates.map((it) => it.origin[0]).join(""), "r".repeat(6) + "c".repeat(18));
});

Deno.test("nsga2() dominates more than random search at equal cost, in each of 10 seeds", async () => {
  const table = costTable(space);
  const most = table.blocks.reduce(
    (sum, block) => sum + Math.max(...block.map(({ macs }) => macs)),
    table.stem.macs,
  );
  // The score grows with the cost but for a penalty that only some blocks have: a front in between.
  const score = (choices: Architecture): number =>
    architectureCost(table, choices).macs / most -
    choices.filter((it, block) => it === (block * 7) % 4).length / 6;
  const evaluate = (choices: Architecture): Promise<number> => Promise.resolve(score(choices));
  const volume = (candidates: readonly CandidateRecord[]): number =>
    hypervolume(candidates.filter(isScored).map((it) => ({ score: it.score, cost: it.macs / most })), {
      score: -1,
      cost: 1,
    });
  for (let seed = 0; seed < 10; seed++) {
    const [ours, random] = [
      await nsga2(tinySearch({ space, seed, settings, evaluate })),
      await randomSearch(tinySearch({ space, seed, settings, evaluate })),
    ];
    assertGreater(volume(ours), volume(random));
  }
});

Deno.test("nsga2() trades the score against latency where the budget limits that", async () => {
  const latencies = { stemMs: 1, blocksMs: Array(6).fill([4, 3, 2, 1]) };
  const budget = { ...noBudget, latencyMs: 25 };
  const evaluate = (choices: Architecture): Promise<number> =>
    Promise.resolve(choices.reduce((sum, it) => sum - it, 0)); // the slower the better: every sum is on the front
  const candidates = await nsga2(tinySearch({ settings, budget, latencies, evaluate }));
  const front = paretoFront(candidates.filter(isScored), boundedCost(budget));
  assert(front.length > 10, `${front.length} of 19 sums`);
  assertEquals(boundedCost(noBudget)(candidates[0]), candidates[0].macs);
  assertEquals(boundedCost(budget)(candidates[0]), candidates[0].latencyMs);
});

Deno.test("nsga2() refuses a mutation rate out of range", async () => {
  const options = tinySearch({ settings: { ...tinySettings, mutationRate: 1.5 } });
  await assertRejects(() => nsga2(options), RangeError, "mutationRate must be from 0 to 1: it is 1.5");
});
