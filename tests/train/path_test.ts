import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { fixedPath, uniformPaths } from "../../lib/train/path.ts";
import { tinyArchitecture, tinyConfig } from "../helpers/tiny_data.ts";

const { space } = tinyConfig;

Deno.test("uniformPaths() takes each choice of each block equally often", () => {
  const path = uniformPaths(space, 1, "finetune");
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
  const path = uniformPaths(space, 2, "finetune");
  const pairs = new Array<number>(16).fill(0);
  for (let step = 0; step < 4000; step++) pairs[path(step)[0] * 4 + path(step)[1]]++;
  const chiSquared = pairs.reduce((sum, count) => sum + (count - 250) ** 2 / 250, 0);
  assertLess(chiSquared, 37.7, `counts ${pairs}`); // 15 degrees of freedom, once in a thousand
});

Deno.test("uniformPaths() is a pure function of seed, stage and step", () => {
  const steps = [7, 3, 7, 0];
  const draws = (seed: number, stage: string): (readonly number[])[] =>
    steps.map(uniformPaths(space, seed, stage));
  assertEquals(draws(1, "pretrain"), draws(1, "pretrain"));
  assertEquals(draws(1, "pretrain")[0], draws(1, "pretrain")[2]);
  assertNotEquals(draws(1, "pretrain"), draws(1, "finetune"));
  assertNotEquals(draws(1, "pretrain"), draws(2, "pretrain"));
});

Deno.test("fixedPath() is the same architecture at every step", () => {
  const path = fixedPath(tinyArchitecture);
  assert([0, 1, 99].every((step) => path(step) === tinyArchitecture));
});
