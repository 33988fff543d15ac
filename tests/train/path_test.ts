import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { fairPaths, fixedPath, macsBinPaths, sampledPaths, uniformPaths } from "../../lib/train/path.ts";
import { countClassifierMacs } from "../../lib/space/cost.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";
import { tinyArchitecture, tinyConfig } from "../helpers/tiny_data.ts";

const { space } = tinyConfig;

Deno.test("uniformPaths() takes each choice of each block equally often", () => {
  const path = uniformPaths({ space, seed: 1, stage: "finetune" });
  const steps = 4000;
  const counts = Array.from({ length: 5 }, () => new Array<number>(4).fill(0));
  for (let step = 0; step < steps; step++) path(step).forEach((choice, block) => counts[block][choice]++);
  for (const block of counts) {
    // Chi-squared with 3 degrees of freedom is above 16.3 once in a thousand draws.
    const chiSquared = block.reduce((sum, count) => sum + (count - steps / 4) ** 2 / (steps / 4), 0);
    assertLess(chiSquared, 16.3, `counts ${block}`);
  }
});

Deno.test("uniformPaths() draws neighbouring blocks independently of each other", () => {
  const path = uniformPaths({ space, seed: 2, stage: "finetune" });
  const pairs = new Array<number>(16).fill(0);
  for (let step = 0; step < 4000; step++) pairs[path(step)[0] * 4 + path(step)[1]]++;
  const chiSquared = pairs.reduce((sum, count) => sum + (count - 250) ** 2 / 250, 0);
  assertLess(chiSquared, 37.7, `counts ${pairs}`); // 15 degrees of freedom, once in a thousand
});

Deno.test("uniformPaths() is a pure function of seed, stage and step", () => {
  const steps = [7, 3, 7, 0];
  const draws = (seed: number, stage: string): (readonly number[])[] =>
    steps.map(uniformPaths({ space, seed, stage }));
  assertEquals(draws(1, "pretrain"), draws(1, "pretrain"));
  assertEquals(draws(1, "pretrain")[0], draws(1, "pretrain")[2]);
  assertNotEquals(draws(1, "pretrain"), draws(1, "finetune"));
  assertNotEquals(draws(1, "pretrain"), draws(2, "pretrain"));
});

Deno.test("fixedPath() is the same architecture at every step", () => {
  const path = fixedPath(tinyArchitecture);
  assert([0, 1, 99].every((step) => path(step) === tinyArchitecture));
});

Deno.test("fairPaths() takes each choice of each block once in a round of four steps", () => {
  const path = fairPaths({ space, seed: 1, stage: "finetune" });
  for (let round = 0; round < 50; round++) {
    const paths = [0, 1, 2, 3].map((place) => path(4 * round + place));
    paths[0].forEach((_, block) => assertEquals(paths.map((choices) => choices[block]).sort(), [0, 1, 2, 3]));
  }
});

Deno.test("fairPaths() orders the blocks of a round independently of each other", () => {
  const path = fairPaths({ space, seed: 1, stage: "finetune" });
  const pairs = new Array<number>(16).fill(0);
  for (let step = 0; step < 16_000; step += 4) pairs[path(step)[0] * 4 + path(step)[1]]++;
  const chiSquared = pairs.reduce((sum, count) => sum + (count - 250) ** 2 / 250, 0);
  assertLess(chiSquared, 37.7, `counts ${pairs}`); // 15 degrees of freedom, once in a thousand
});

Deno.test("macsBinPaths() are within the authors' range, each bin equally often", () => {
  const draws = { space: searchSpaces.small, seed: 1, stage: "pretrain" };
  const bins = { lowest: 290e6, highest: 360e6, width: 10e6, maxAttempts: 500 };
  const path = macsBinPaths(bins, draws);
  const counts = new Array<number>(7).fill(0);
  for (let step = 0; step < 700; step++) {
    counts[Math.floor((countClassifierMacs(searchSpaces.small, path(step)) - bins.lowest) / bins.width)]++;
  }
  const chiSquared = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
  assertLess(chiSquared, 22.5, `counts ${counts}`); // 6 degrees of freedom, once in a thousand
});

Deno.test("macsBinPaths() draw any path once the attempts are used up", () => {
  const path = macsBinPaths({ lowest: 1, highest: 2, width: 1, maxAttempts: 3 }, {
    space,
    seed: 1,
    stage: "x",
  });
  assertEquals(path(0).length, 5);
  assertNotEquals(path(0), path(1));
});

Deno.test("sampledPaths() are those that the config names", () => {
  const draws = { space, seed: 3, stage: "finetune" };
  const steps = [0, 1, 2, 3, 4];
  assertEquals(steps.map(sampledPaths({ kind: "uniform" }, draws)), steps.map(uniformPaths(draws)));
  assertEquals(steps.map(sampledPaths({ kind: "fair" }, draws)), steps.map(fairPaths(draws)));
});
