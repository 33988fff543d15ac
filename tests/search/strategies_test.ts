import { assert, assertEquals, assertGreater, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { isWithinBudget } from "../../lib/search/budget.ts";
import { byPlace, type CandidateRecord, strategies } from "../../lib/search/candidate.ts";
import { memoryHistory, openHistory } from "../../lib/search/history.ts";
import type { Evaluate } from "../../lib/search/search_options.ts";
import { runStrategy, type StrategyOptions } from "../../lib/search/strategies.ts";
import { architectureKey } from "../../lib/space/architecture.ts";
import { costTable, countMacs, countParameters, leastCost } from "../../lib/space/cost.ts";
import { noBudget, plantedScore, tinySearch, tinySettings, tinySpace } from "./_search_fixture.ts";

/** One architecture's cost in the middle of the tiny space's, so that about half are over it. */
const tightBudget = {
  ...noBudget,
  macs: countMacs(tinySpace, [1, 2, 1, 2, 1, 2]),
  parameters: countParameters(tinySpace, [3, 0, 3, 3, 0, 3]),
};

/** 3 ms and, for each block, 1, 3, 5 or 7. */
const tinyLatencies = { stemMs: 3, blocksMs: Array(6).fill([1, 3, 5, 7]) };

for (const name of strategies) {
  const search = (options: StrategyOptions): Promise<CandidateRecord[]> => runStrategy(name, options);

  Deno.test(`${name} gives population x generations candidates, none twice, all within the budget`, async () => {
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
        assertEquals([it.strategy, it.trial, it.latencyMs], [name, 0, null]);
        assertEquals(it.score, plantedScore(it.choices));
      }
    }
  });

  Deno.test(`${name} keeps to a budget of latency and records what its candidates take`, async () => {
    const budget = { ...noBudget, latencyMs: 25 };
    const candidates = await search(tinySearch({ budget, latencies: tinyLatencies }));
    assertEquals(candidates.length, 24);
    for (const { choices, latencyMs } of candidates) {
      assertEquals(latencyMs, choices.reduce((sum, choice) => sum + 2 * choice + 1, 3));
      assert(latencyMs! <= 25);
    }
    await assertRejects(() => search(tinySearch({ budget })), RangeError, "deno task profile");
  });

  Deno.test(`${name} makes other draws in each trial, all kept in one history`, async () => {
    const history = memoryHistory();
    const trials = [];
    for (const trial of [0, 1, 2]) trials.push(await search(tinySearch({ history, trial })));
    assertEquals(trials.map((it) => it.map(({ trial }) => trial)), [0, 1, 2].map((it) => Array(24).fill(it)));
    assertEquals(new Set(trials.map((it) => String(it.map(({ choices }) => choices)))).size, 3);
    const alone = await search(tinySearch({ trial: 2 }));
    const choices = (candidates: readonly CandidateRecord[]) => candidates.map((it) => it.choices);
    assertEquals(choices(trials[2]), choices(alone), "the trials before change nothing");
    for (const { attempts, score, choices } of trials.flat()) {
      assertEquals([attempts <= 1, score], [true, plantedScore(choices)]);
    }
  });

  Deno.test(`${name} depends on the seed alone: not on concurrency, not on which evaluation ends first`, async () => {
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
      assertEquals(recorded.toSorted(byPlace), straight, "each is told of once");
      assertEquals(recorded.map((it) => it.generation), straight.map((it) => it.generation));
      assertEquals(mostRunning, Math.min(concurrency, 6));
    }
  });

  Deno.test(`${name} stopped at any candidate and gone on equals a straight search`, async () => {
    const straight = JSON.stringify(await search(tinySearch()));
    for (const concurrency of [1, 3]) {
      for (let stopAt = 0; stopAt < 24; stopAt++) {
        const history = memoryHistory();
        const stop = new AbortController();
        let started = 0;
        const evaluate: Evaluate = (choices) => {
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

  Deno.test(`${name} goes on from a file and evaluates nothing twice`, async () => {
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
      const evaluate: Evaluate = (choices) => {
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

  Deno.test(`${name} does not take a stop during the last attempt for a failed candidate`, async () => {
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

  Deno.test(`${name} starts nothing new once a candidate can't be recorded`, async () => {
    const history = memoryHistory();
    const record = history.record;
    let refusals = 0;
    history.record = (it) => {
      if (refusals++ === 0) throw new Error("database or disk is full");
      record(it);
    };
    let evaluations = 0;
    const evaluate: Evaluate = (choices) => {
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

  Deno.test(`${name} records a candidate that fails three times and goes on`, async () => {
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

  Deno.test(`${name} tries a candidate again after a passing fault`, async () => {
    let calls = 0;
    const evaluate: Evaluate = (choices) =>
      calls++ < 2 ? Promise.reject("worker 1 died") : Promise.resolve(plantedScore(choices));
    const [first, second] = await search(tinySearch({ evaluate }));
    assertEquals([first.status, first.attempts, second.attempts], ["scored", 3, 1]);
  });

  Deno.test(`${name} takes a score of NaN or infinity for a failure and never compares it`, async () => {
    const evaluate: Evaluate = (choices) =>
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

  Deno.test(`${name} ends when every candidate fails`, async () => {
    const candidates = await search(tinySearch({ evaluate: () => Promise.reject(new Error("no")) }));
    const origin = name === "reinforce" || name === "gradient" ? "policy" : "random";
    assertEquals(candidates.map((it) => [it.status, it.origin]), Array(24).fill(["failed", origin]));
  });

  Deno.test(`${name} refuses a budget that admits nothing before evaluating anything`, async () => {
    const least = leastCost(costTable(tinySpace)).macs;
    const evaluate = (): Promise<number> => Promise.reject(new Error("evaluated"));
    await assertRejects(
      () => search(tinySearch({ budget: { ...noBudget, macs: least - 1 }, evaluate })),
      RangeError,
      `its macs must be at least ${least}, the smallest in the space: it is ${least - 1}`,
    );
  });

  Deno.test(`${name} says when the budget admits fewer architectures than it should try`, async () => {
    const { macs } = leastCost(costTable(tinySpace)); // only the smallest one, if drawn at all
    await assertRejects(
      () => search(tinySearch({ budget: { ...noBudget, macs } })),
      RangeError,
      "as the budget admits too little: none of 50 random architectures was new and within it",
    );
  });

  Deno.test(`${name} takes over another strategy's score and counts the candidate all the same`, async () => {
    const straight = await search(tinySearch());
    const known = straight[4];
    const history = memoryHistory();
    const other = known.strategy === "random" ? "evolution" : "random";
    history.record({ ...known, strategy: other });
    let evaluations = 0;
    const evaluate: Evaluate = (choices) => {
      evaluations++;
      return Promise.resolve(plantedScore(choices));
    };
    const candidates = await search(tinySearch({ history, evaluate }));
    assertEquals(candidates, straight.with(4, { ...known, attempts: 0 }));
    assertEquals(evaluations, 23);
  });

  Deno.test(`${name} refuses settings out of range`, async () => {
    const settings = (change: Partial<typeof tinySettings>) => ({ settings: { ...tinySettings, ...change } });
    const refusals: [Partial<StrategyOptions>, string][] = [
      [settings({ population: 0 }), "population must be a whole number of at least 1: it is 0"],
      [settings({ generations: 1.5 }), "generations must be a whole number of at least 1: it is 1.5"],
      [settings({ maxAttempts: -1 }), "maxAttempts must be a whole number of at least 1: it is -1"],
      [{ concurrency: 0 }, "concurrency must be a whole number of at least 1: it is 0"],
      [{ space: { ...tinySpace, stemChannels: 0 } }, "stemChannels must be a whole number above 0: it is 0"],
      [{ trial: -1 }, "trial must be a whole number of at least 0: it is -1"],
    ];
    for (const [change, message] of refusals) {
      await assertRejects(() => search(tinySearch(change)), RangeError, message);
    }
  });
}
