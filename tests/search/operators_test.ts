import { assert, assertEquals } from "@std/assert";
import { stream } from "../../lib/base/random.ts";
import { crossover, mutate, mutateBlock, sampleArchitecture } from "../../lib/search/operators.ts";
import { checkArchitecture } from "../../lib/space/architecture.ts";
import { scriptedStream, tinySpace } from "./_search_fixture.ts";

Deno.test("sampleArchitecture() takes one draw a block", () => {
  const random = scriptedStream([3, 0, 2, 1, 1, 0].map((value) => ["integer", value]));
  assertEquals(sampleArchitecture(tinySpace, random), [3, 0, 2, 1, 1, 0]);
});

Deno.test("mutate() draws anew exactly where the uniform draw is below the rate", () => {
  const parent = [0, 1, 2, 3];
  const random = scriptedStream([
    ["uniform", 0.05],
    ["integer", 3],
    ["uniform", 0.1], // not below the rate of 0.1
    ["uniform", 0.9],
    ["uniform", 0],
    ["integer", 3], // the same value again
  ]);
  assertEquals(mutate(tinySpace, parent, 0.1, random), [3, 1, 2, 3]);
  assertEquals(parent, [0, 1, 2, 3]);
});

Deno.test("mutate() at rate 0 copies the parent, at rate 1 forgets it", () => {
  const parent = [0, 1, 2, 3, 0, 1];
  assertEquals(mutate(tinySpace, parent, 0, stream(1, "a")), parent);
  assertEquals(
    mutate(tinySpace, parent, 1, stream(1, "a")),
    mutate(tinySpace, [3, 3, 3, 3, 3, 3], 1, stream(1, "a")),
  );
});

Deno.test("mutateBlock() gives the drawn block each other choice, and no other block", () => {
  const parent = [0, 1, 2, 3, 0, 1];
  const children = [0, 1, 2].map((draw) =>
    mutateBlock(tinySpace, parent, scriptedStream([["integer", 2], ["integer", draw]]))
  );
  assertEquals(children, [[0, 1, 3, 3, 0, 1], [0, 1, 0, 3, 0, 1], [0, 1, 1, 3, 0, 1]]);
  assertEquals(parent, [0, 1, 2, 3, 0, 1]);
});

Deno.test("mutateBlock() of a space with one choice is the parent", () => {
  const space = { ...tinySpace, choices: tinySpace.choices.slice(0, 1) };
  assertEquals(mutateBlock(space, [0, 0, 0, 0, 0, 0], stream(1)), [0, 0, 0, 0, 0, 0]);
});

Deno.test("crossover() takes each choice from the parent that is drawn", () => {
  const random = scriptedStream([0, 1, 1, 0].map((value) => ["integer", value]));
  assertEquals(crossover([0, 0, 0, 0], [3, 2, 1, 3], random), [0, 2, 1, 0]);
});

Deno.test("crossover() of a parent with itself is the parent", () => {
  assertEquals(crossover([3, 1, 2], [3, 1, 2], stream(5)), [3, 1, 2]);
});

Deno.test("sampleArchitecture() is uniform: each choice of each block within 5 standard deviations", () => {
  const draws = 4000;
  const counts = tinySpace.stageRepeats.flatMap((repeats) => Array(repeats).fill([0, 0, 0, 0]))
    .map((row: number[]) => [...row]);
  for (let i = 0; i < draws; i++) {
    const choices = sampleArchitecture(tinySpace, stream(3, "sample", i));
    checkArchitecture(tinySpace, choices);
    choices.forEach((choice, block) => counts[block][choice]++);
  }
  const deviation = Math.sqrt(draws * 0.25 * 0.75);
  for (const count of counts.flat()) assert(Math.abs(count - draws / 4) < 5 * deviation, `${count}`);
});
