import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import type { Budget } from "../../lib/search/budget.ts";
import { strategies, type Strategy } from "../../lib/search/candidate.ts";
import { memoryHistory } from "../../lib/search/history.ts";
import { runStrategy, type StrategyOptions, type StrategySettings } from "../../lib/search/strategies.ts";
import { winners } from "../../lib/search/winners.ts";
import type { Architecture } from "../../lib/space/architecture.ts";
import { costTable, countMacs } from "../../lib/space/cost.ts";
import { strategySettings } from "../../tasks/configs/strategies.ts";
import { noBudget, tinySpace } from "./_search_fixture.ts";

/** Eight blocks: 65,536 architectures, of which a search tries 300. */
const space = { ...tinySpace, name: "planted", stageRepeats: [2, 3, 3] };

const settings: StrategySettings = {
  ...strategySettings,
  population: 20,
  generations: 15,
  maxAttempts: 500,
  parents: 5,
  mutants: 8,
  mutationRate: 0.1,
  crossovers: 8,
};

const optimum: Architecture = [2, 0, 3, 1, 1, 0, 2, 3];
const weights = [1, 0.6, 0.9, 0.7, 1.1, 0.5, 0.8, 1];

/** The optimum is just within, about half of the space is not. */
const budget: Budget = { ...noBudget, macs: countMacs(space, optimum) };

const isMatch = (choices: Architecture, block: number): number => Number(choices[block] === optimum[block]);
/** What matching two blocks in a row gives besides. */
const pairWeight = 0.5;

/** The matched blocks' weights, pairs of them, and noise of the architecture that can't outdo the least weight. */
function score(choices: Architecture): number {
  const matches = weights.map((weight, block) => weight * isMatch(choices, block));
  const pairs = weights.slice(1).map((_, block) =>
    pairWeight * isMatch(choices, block) * isMatch(choices, block + 1)
  );
  return [...matches, ...pairs].reduce((sum, it) => sum + it, 0) + 0.2 * noise(choices);
}

/** Of an architecture, in [0, 1). */
function noise(choices: Architecture): number {
  return stream(5, "noise", ...choices).uniform();
}

/** The derivatives of -score by gates on the blocks, with as much noise as a batch of images brings. */
function gateGradients(choices: Architecture, step: number): Promise<readonly number[]> {
  const random = stream(step, "batch");
  return Promise.resolve(weights.map((weight, block) => {
    const neighbours = [block - 1, block + 1].reduce((sum, it) => sum + isMatch(choices, it), 0);
    return 0.5 * random.normal() - isMatch(choices, block) * (weight + pairWeight * neighbours);
  }));
}

/** In how many of 20 trials a strategy tries the optimum. */
async function countFinds(strategy: Strategy): Promise<number> {
  let finds = 0;
  for (let seed = 0; seed < 20; seed++) {
    using history = memoryHistory();
    const evaluate: StrategyOptions["evaluate"] = (choices) => Promise.resolve(score(choices));
    const options = { space, seed, budget, history, evaluate, gateGradients, settings, now: () => 0 };
    const candidates = await runStrategy(strategy, options);
    assertEquals(candidates.length, 300, "all strategies evaluate equally often");
    finds += Number(String(winners(history, 1)[0].choices) === String(optimum));
  }
  return finds;
}

Deno.test("the planted optimum is the best of all that the budget admits, which is about half of the space", () => {
  const table = costTable(space);
  let admitted = 0;
  for (let index = 0; index < 4 ** 8; index++) {
    const choices = Array.from({ length: 8 }, (_, block) => (index >> (2 * block)) & 3);
    const macs = choices.reduce(
      (sum, choice, block) => sum + table.blocks[block][choice].macs,
      table.stem.macs,
    );
    if (macs > budget.macs!) continue;
    admitted++;
    assert(score(choices) < score(optimum) || String(choices) === String(optimum));
  }
  assertGreater(admitted, 4 ** 8 * 0.3);
  assertLess(admitted, 4 ** 8 * 0.7);
});

Deno.test("every strategy finds the planted optimum more often than random search does, over 20 seeds", async () => {
  const randomFinds = await countFinds("random");
  for (const strategy of strategies.filter((it) => it !== "random")) {
    const finds = await countFinds(strategy);
    assert(finds > randomFinds, `${strategy} finds it ${finds} times, random search ${randomFinds} times`);
  }
});
