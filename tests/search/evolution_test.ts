import { assert, assertEquals, assertGreater, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { isWithinBudget } from "../../lib/search/budget.ts";
import { byScore, type CandidateRecord, isScored } from "../../lib/search/candidate.ts";
import { authorsEvolution, type EvolutionOptions, evolve } from "../../lib/search/evolution.ts";
import { memoryHistory, openHistory } from "../../lib/search/history.ts";
import { mutate } from "../../lib/search/operators.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { architectureKey } from "../../lib/space/architecture.ts";
import { costTable, countMacs, countParameters, leastCost } from "../../lib/space/cost.ts";
import { planted, plantedScore, tinySearch, tinySettings, tinySpace } from "./_search_fixture.ts";

const strategies = { evolve, randomSearch };

/** One architecture's cost in the middle of the tiny space's, so that about half are over it. */
const tightBudget = {
  macs: countMacs(tinySpace, [1, 2, 1, 2, 1, 2]),
  parameters: countParameters(tinySpace, [3, 0, 3, 3, 0, 3]),
};

function bestScore(candidates: readonly CandidateRecord[]): number {
  return Math.max(...candidates.filter(isScored).map((it) => it.score));
}

for (const [name, search] of Object.entries(strategies)) {
  Deno.test(`${name}() gives population x generations candidates, none twice, all within the budget`, async () => {
    for (let seed = 0; seed < 5; seed++) {
      const evaluated: string[] = [];
      const candidates = await search(tinySearch({
        seed,
        budget: tightBudget,
        evaluate: (choices) => {
          evaluated.push(architectureKey(choices));
          return Promise.resolve(plantedScore(choices));
        },
      }));
      const places = candidates.map((it) => [it.generation, it.slot]);
      assertEquals(places, Array.from({ length: 24 }, (_, i) => [Math.floor(i / 6), i % 6]));
      assertEquals(new Set(evaluated).size, 24);
      assertEquals(evaluated, candidates.map((it) => architectureKey(it.choices)));
      for (const it of candidates) {
        assert(isWithinBudget(it, tightBudget));
        assertEquals(it.macs, countMacs(tinySpace, it.choices));
        assertEquals(it.parameters, countParameters(tinySpace, it.choices));
        assertEquals(it.score, plantedScore(it.choices));
      }
    }
  });

  Deno.test(`${name}() depends on the seed alone: not on concurrency, not on which evaluation ends first`, async () => {
    const straight = await search(tinySearch());
    assertNotEquals(await search(tinySearch({ seed: 8 })), straight);
    for (const concurrency of [1, 2, 3, 40]) {
      const shuffle = stream(concurrency, "shuffle");
      let running = 0;
      let mostRunning = 0;
      const recorded: CandidateRecord[] = [];
      const candidates = await search(tinySearch({
        concurrency,
        onCandidate: (it) => recorded.push(it),
        evaluate: async (choices) => {
          mostRunning = Math.max(mostRunning, ++running);
          for (let turns = shuffle.integer(20); turns > 0; turns--) await Promise.resolve();
          running--;
          return plantedScore(choices);
        },
      }));
      assertEquals(JSON.stringify(candidates), JSON.stringify(straight));
      assertEquals(recorded, straight, "recorded in the order of slots");
      assertEquals(mostRunning, Math.min(concurrency, 6));
    }
  });

  Deno.test(`${name}() stopped at any candidate and gone on equals a straight search`, async () => {
    const straight = JSON.stringify(await search(tinySearch()));
    for (const concurrency of [1, 3]) {
      for (let stopAt = 0; stopAt < 24; stopAt++) {
        const history = memoryHistory();
        const stop = new AbortController();
        let started = 0;
        const evaluate: EvolutionOptions["evaluate"] = (choices) => {
          if (started++ === stopAt) stop.abort(new Error("the machine goes down"));
          if (stop.signal.aborted) return Promise.reject(new Error("worker 0 is gone"));
          return Promise.resolve(plantedScore(choices));
        };
        const stopped = search(tinySearch({ history, concurrency, evaluate, signal: stop.signal }));
        await assertRejects(() => stopped, Error, "the machine goes down");
        assertEquals(history.all().length, stopAt, "what came before is recorded, nothing after");
        assertEquals(JSON.stringify(await search(tinySearch({ history, concurrency }))), straight);
      }
    }
  });

  Deno.test(`${name}() goes on from a file and evaluates nothing twice`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/search.sqlite`;
      const straight = await search(tinySearch());
      const stop = new AbortController();
      {
        using history = openHistory(path, "f");
        const onCandidate = (it: CandidateRecord): void => {
          if (it.generation === 1 && it.slot === 2) stop.abort();
        };
        await assertRejects(() => search(tinySearch({ history, signal: stop.signal, onCandidate })));
      }
      using history = openHistory(path, "f");
      assertEquals(history.all().length, 9);
      let evaluations = 0;
      const evaluate: EvolutionOptions["evaluate"] = (choices) => {
        evaluations++;
        return Promise.resolve(plantedScore(choices));
      };
      assertEquals(await search(tinySearch({ history, evaluate })), straight);
      assertEquals(evaluations, 15);
      await search(tinySearch({ history, evaluate }));
      assertEquals(evaluations, 15, "a finished search evaluates nothing");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  Deno.test(`${name}() does not take a stop during the last attempt for a failed candidate`, async () => {
    const history = memoryHistory();
    const stop = new AbortController();
    let calls = 0;
    const evaluate = (): Promise<number> => {
      if (++calls === 3) stop.abort(new Error("stop"));
      return Promise.reject(new Error("worker 0 is gone"));
    };
    await assertRejects(() => search(tinySearch({ history, evaluate, signal: stop.signal })), Error, "stop");
    assertEquals([calls, history.all()], [3, []]);
  });

  Deno.test(`${name}() starts nothing new once a candidate can't be recorded`, async () => {
    const history = memoryHistory();
    const record = history.record;
    let refusals = 0;
    history.record = (it) => {
      if (refusals++ === 0) throw new Error("database or disk is full");
      record(it);
    };
    let evaluations = 0;
    const evaluate: EvolutionOptions["evaluate"] = (choices) => {
      evaluations++;
      return Promise.resolve(plantedScore(choices));
    };
    await assertRejects(
      () => search(tinySearch({ history, evaluate, concurrency: 2 })),
      Error,
      "disk is full",
    );
    assertLess(evaluations, 4);
  });

  Deno.test(`${name}() records a candidate that fails three times and goes on`, async () => {
    const attempts = new Map<string, number>();
    const doomed = (key: string): boolean => Number(key[0]) === 1;
    const candidates = await search(tinySearch({
      evaluate: (choices) => {
        const key = architectureKey(choices);
        attempts.set(key, (attempts.get(key) ?? 0) + 1);
        if (doomed(key)) return Promise.reject(new Error(`no memory for ${key}`));
        return Promise.resolve(plantedScore(choices));
      },
    }));
    assertEquals(candidates.length, 24);
    const failed = candidates.filter((it) => it.status === "failed");
    assertGreater(failed.length, 0);
    for (const it of candidates) {
      const key = architectureKey(it.choices);
      const outcome = [it.status, it.score, it.reason, it.attempts];
      const wanted = doomed(key)
        ? ["failed", null, `no memory for ${key}`, 3]
        : ["scored", plantedScore(it.choices), null, 1];
      assertEquals(outcome, wanted);
      assertEquals(attempts.get(key), it.attempts);
    }
  });

  Deno.test(`${name}() tries a candidate again after a passing fault`, async () => {
    let calls = 0;
    const evaluate: EvolutionOptions["evaluate"] = (choices) =>
      calls++ < 2 ? Promise.reject("worker 1 died") : Promise.resolve(plantedScore(choices));
    const [first, second] = await search(tinySearch({ evaluate }));
    assertEquals([first.status, first.attempts, second.attempts], ["scored", 3, 1]);
  });

  Deno.test(`${name}() takes a score of NaN or infinity for a failure and never compares it`, async () => {
    const evaluate: EvolutionOptions["evaluate"] = (choices) =>
      Promise.resolve(choices[0] === 0 ? NaN : choices[0] === 1 ? Infinity : plantedScore(choices));
    const candidates = await search(tinySearch({ evaluate }));
    assertEquals(candidates.length, 24);
    const reasons = new Set(candidates.map((it) => it.reason));
    assertEquals([...reasons].toSorted(), [
      "its score must be finite: it is Infinity",
      "its score must be finite: it is NaN",
      null,
    ]);
  });

  Deno.test(`${name}() ends when every candidate fails`, async () => {
    const candidates = await search(tinySearch({ evaluate: () => Promise.reject(new Error("no")) }));
    assertEquals(candidates.map((it) => [it.status, it.origin]), Array(24).fill(["failed", "random"]));
  });

  Deno.test(`${name}() refuses a budget that admits nothing before evaluating anything`, async () => {
    const least = leastCost(costTable(tinySpace)).macs;
    const evaluate = (): Promise<number> => Promise.reject(new Error("evaluated"));
    await assertRejects(
      () => search(tinySearch({ budget: { macs: least - 1, parameters: null }, evaluate })),
      RangeError,
      `its macs must be at least ${least}, the smallest in the space: it is ${least - 1}`,
    );
  });

  Deno.test(`${name}() says when the budget admits fewer architectures than it should try`, async () => {
    const { macs } = leastCost(costTable(tinySpace)); // only the smallest one, if drawn at all
    await assertRejects(
      () => search(tinySearch({ budget: { macs, parameters: null } })),
      RangeError,
      "as the budget admits too little: none of 50 random architectures was new and within it",
    );
  });

  Deno.test(`${name}() takes over another strategy's score and counts the candidate all the same`, async () => {
    const straight = await search(tinySearch());
    const known = straight[4];
    const history = memoryHistory();
    const other = known.strategy === "random" ? "evolution" : "random";
    history.record({ ...known, strategy: other });
    let evaluations = 0;
    const evaluate: EvolutionOptions["evaluate"] = (choices) => {
      evaluations++;
      return Promise.resolve(plantedScore(choices));
    };
    const candidates = await search(tinySearch({ history, evaluate }));
    assertEquals(candidates, straight.with(4, { ...known, attempts: 0 }));
    assertEquals(evaluations, 23);
  });

  Deno.test(`${name}() refuses settings out of range`, async () => {
    const settings = (change: Partial<typeof tinySettings>) => ({ settings: { ...tinySettings, ...change } });
    const refusals: [Partial<EvolutionOptions>, string][] = [
      [settings({ population: 0 }), "population must be a whole number of at least 1: it is 0"],
      [settings({ generations: 1.5 }), "generations must be a whole number of at least 1: it is 1.5"],
      [settings({ maxAttempts: -1 }), "maxAttempts must be a whole number of at least 1: it is -1"],
      [{ concurrency: 0 }, "concurrency must be a whole number of at least 1: it is 0"],
      [{ space: { ...tinySpace, stemChannels: 0 } }, "stemChannels must be a whole number above 0: it is 0"],
    ];
    for (const [change, message] of refusals) {
      await assertRejects(() => search(tinySearch(change)), RangeError, message);
    }
  });
}

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
  const evaluate: EvolutionOptions["evaluate"] = (choices) => Promise.resolve(choices[2] % 2);
  const candidates = await evolve(tinySearch({ settings, evaluate }));
  const scored = candidates.filter(isScored);
  for (let generation = 1; generation < 4; generation++) {
    const [parent] = scored.filter((it) => it.generation < generation).toSorted(byScore);
    const tie = scored.find((it) => it.score === parent.score);
    assertEquals(parent, tie, "the earlier of equal scores");
    for (const child of scored.filter((it) => it.generation === generation)) {
      const attempts = Array.from({ length: settings.maxAttempts }, (_, attempt) => {
        const random = stream(7, "evolution", "mutation", generation, child.slot, attempt);
        random.integer(1); // which parent
        return architectureKey(mutate(parent.choices, settings.mutationRate, random));
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
    assertEquals(history.find(it.strategy, it.generation, it.slot), it);
    reported.push(it);
  };
  assertEquals(await evolve(tinySearch({ history, concurrency: 2, onCandidate })), reported);
});

Deno.test("evolve() finds a planted optimum far more often than random search at equal cost, over 20 seeds", async () => {
  const settings = { ...authorsEvolution, population: 20, generations: 15, mutants: 8, crossovers: 8 };
  let evolutionFinds = 0;
  let randomFinds = 0;
  for (let seed = 0; seed < 20; seed++) {
    evolutionFinds += Number(bestScore(await evolve(tinySearch({ seed, settings }))) >= planted.length);
    randomFinds += Number(bestScore(await randomSearch(tinySearch({ seed, settings }))) >= planted.length);
  }
  assertGreater(evolutionFinds, 17); // random search tries 300 of 4,096: it finds 1.5 times in 20 on average
  assertLess(randomFinds, 8);
});
