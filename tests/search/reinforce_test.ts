import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { reinforce, type ReinforceSettings } from "../../lib/search/reinforce.ts";
import type { Architecture } from "../../lib/space/architecture.ts";
import { noBudget, tinySearch, tinySettings } from "./_search_fixture.ts";

const settings: ReinforceSettings = {
  population: 20,
  generations: 12,
  maxAttempts: 500,
  learningRate: 0.5,
  baselineMomentum: 0.9,
  entropyWeight: 0,
};

/** How many of the last generation's candidates have choice 2 in block 3. */
async function shareOfRewarded(
  change: Partial<ReinforceSettings>,
  score: (c: Architecture) => number,
): Promise<number> {
  const evaluate = (choices: Architecture): Promise<number> => Promise.resolve(score(choices));
  const candidates = await reinforce({
    ...tinySearch({ evaluate, budget: noBudget }),
    settings: { ...settings, ...change },
  });
  const last = candidates.slice(-20);
  return last.filter(({ choices }) => choices[3] === 2).length / last.length;
}

const rewarded = (choices: Architecture): number => Number(choices[3] === 2);

Deno.test("reinforce() comes to draw the choice that is rewarded, and only that", async () => {
  assertGreater(await shareOfRewarded({}, rewarded), 0.8);
  assert(await shareOfRewarded({}, (choices) => -rewarded(choices)) < 0.1);
});

Deno.test("reinforce() does not mind what all scores have in common, nor their size", async () => {
  const plain = await shareOfRewarded({}, rewarded);
  assertEquals(await shareOfRewarded({}, (choices) => 1024 + 64 * rewarded(choices)), plain);
});

Deno.test("reinforce() stays undecided where entropy weighs more than the scores", async () => {
  const share = await shareOfRewarded({ entropyWeight: 100 }, rewarded);
  assert(share > 0.02 && share < 0.6, `${share}`);
});

Deno.test("reinforce() draws from the policy; where it finds nothing new, one block is changed", async () => {
  const candidates = await reinforce({ ...tinySearch(), settings: { ...settings, ...tinySettings } });
  assertEquals(new Set(candidates.map((it) => it.origin)), new Set(["policy"]));
  // So steep that the first updates decide every block: then come neighbours, then random ones.
  const steep = { ...settings, maxAttempts: 100, learningRate: 1e6 };
  const decided = await reinforce({ ...tinySearch(), settings: steep });
  assertEquals(decided.length, 240);
  const late = decided.slice(60).map((it) => it.origin);
  assertEquals(late, late.toSorted((a, b) => "pmr".indexOf(a[0]) - "pmr".indexOf(b[0])));
  assertGreater(decided.filter((it) => it.origin === "mutation").length, 5);
  assertGreater(decided.filter((it) => it.origin === "random").length, 100);
});

Deno.test("reinforce() refuses settings out of range", async () => {
  const refusals: [Partial<ReinforceSettings>, string][] = [
    [{ learningRate: 0 }, "learningRate must be a finite number above 0: it is 0"],
    [{ learningRate: Infinity }, "learningRate must be a finite number above 0: it is Infinity"],
    [{ baselineMomentum: 1 }, "baselineMomentum must be at least 0 and below 1: it is 1"],
    [{ entropyWeight: -1 }, "entropyWeight must be from 0 to"],
  ];
  for (const [change, message] of refusals) {
    const options = { ...tinySearch(), settings: { ...settings, ...change } };
    await assertRejects(() => reinforce(options), RangeError, message);
  }
});
