import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { type GateGradients, gradientSearch, type GradientSettings } from "../../lib/search/gradient.ts";
import { memoryHistory, openHistory } from "../../lib/search/history.ts";
import type { Evaluate } from "../../lib/search/search_options.ts";
import type { Architecture } from "../../lib/space/architecture.ts";
import { planted, plantedGates, plantedScore, tinySearch, tinySettings } from "./_search_fixture.ts";

const settings: GradientSettings = { ...tinySettings, learningRate: 0.2, stepsPerCandidate: 3 };

/** Mean number of choices, of 6, that a search's candidates have in common with the planted architecture. */
async function meanMatches(gateGradients: GateGradients): Promise<number> {
  const candidates = await gradientSearch({ ...tinySearch({ gateGradients }), settings });
  const matches = candidates.map(({ choices }) => choices.filter((it, i) => it === planted[i]).length);
  return matches.reduce((sum, it) => sum + it, 0) / matches.length;
}

Deno.test("gradientSearch() comes to draw what lowers the loss, and shuns what raises it", async () => {
  const raising: GateGradients = async (choices, step) =>
    (await plantedGates(choices, step)).map((it) => -it);
  const flat: GateGradients = () => Promise.resolve([0, 0, 0, 0, 0, 0]);
  assertGreater(await meanMatches(plantedGates), 3);
  const neutral = await meanMatches(flat);
  assert(neutral > 1 && neutral < 2, `${neutral} where 1.5 is expected`);
  assert(await meanMatches(raising) < 0.5);
});

Deno.test("gradientSearch() takes its steps before each candidate, each with another number in each trial", async () => {
  const steps: number[] = [];
  const gateGradients = (choices: Architecture, step: number): Promise<readonly number[]> => {
    steps.push(step);
    return plantedGates(choices, step);
  };
  for (const trial of [0, 1]) await gradientSearch({ ...tinySearch({ gateGradients, trial }), settings });
  assertEquals(steps, Array.from({ length: 2 * 24 * 3 }, (_, step) => step));
});

Deno.test("gradientSearch() stopped and gone on repeats the steps of the unfinished generation alone", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const straight = await gradientSearch({ ...tinySearch(), settings });
    const path = `${folder}/search.sqlite`;
    const stop = new AbortController();
    let evaluations = 0;
    const evaluate: Evaluate = (choices) => {
      if (evaluations++ === 15) stop.abort(new Error("stop"));
      return Promise.resolve(plantedScore(choices));
    };
    {
      using history = openHistory(path, "f");
      const options = { ...tinySearch({ history, evaluate, signal: stop.signal }), settings };
      await assertRejects(() => gradientSearch(options), Error, "stop");
    }
    using history = openHistory(path, "f");
    assertEquals(history.all().length, 16);
    const steps: number[] = [];
    const gateGradients = (choices: Architecture, step: number): Promise<readonly number[]> => {
      steps.push(step);
      return plantedGates(choices, step);
    };
    assertEquals(await gradientSearch({ ...tinySearch({ history, gateGradients }), settings }), straight);
    assertEquals([steps[0], steps.length], [12 * 3, 12 * 3]);
    await gradientSearch({ ...tinySearch({ history, gateGradients }), settings });
    assertEquals(steps.length, 12 * 3, "a finished search makes no steps");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("gradientSearch() stops between steps", async () => {
  const stop = new AbortController();
  const history = memoryHistory();
  let steps = 0;
  const gateGradients = (choices: Architecture, step: number): Promise<readonly number[]> => {
    if (++steps === 4) stop.abort(new Error("stop"));
    return plantedGates(choices, step);
  };
  const options = { ...tinySearch({ history, gateGradients, signal: stop.signal }), settings };
  await assertRejects(() => gradientSearch(options), Error, "stop");
  assertEquals([steps, history.all()], [4, []]);
});

Deno.test("gradientSearch() makes nothing of derivatives that are not finite", async () => {
  const broken = (): Promise<readonly number[]> => Promise.resolve([0, 0, NaN, 0, 0, 0]);
  const flat = (): Promise<readonly number[]> => Promise.resolve([0, 0, 0, 0, 0, 0]);
  const [a, b] = [broken, flat].map((gateGradients) =>
    gradientSearch({ ...tinySearch({ gateGradients }), settings })
  );
  assertEquals(await a, await b, "as if there was nothing to learn");
});

Deno.test("gradientSearch() passes on what its gradients reject with, and counts the derivatives", async () => {
  const gone = (): Promise<readonly number[]> => Promise.reject(new Error("worker 0 is gone"));
  await assertRejects(
    () => gradientSearch({ ...tinySearch({ gateGradients: gone }), settings }),
    Error,
    "worker 0 is gone",
  );
  const few = (): Promise<readonly number[]> => Promise.resolve([1, 2]);
  await assertRejects(
    () => gradientSearch({ ...tinySearch({ gateGradients: few }), settings }),
    RangeError,
    "there must be 6 derivatives, one a block: there are 2",
  );
});

Deno.test("gradientSearch() refuses settings out of range", async () => {
  const refusals: [Partial<GradientSettings>, string][] = [
    [{ learningRate: -1 }, "learningRate must be a finite number above 0: it is -1"],
    [{ stepsPerCandidate: 0 }, "stepsPerCandidate must be a whole number of at least 1: it is 0"],
  ];
  for (const [change, message] of refusals) {
    const options = { ...tinySearch(), settings: { ...settings, ...change } };
    await assertRejects(() => gradientSearch(options), RangeError, message);
  }
});
