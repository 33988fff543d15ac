/** The public surface, used as a user would use it: through mod.ts alone. */
import { assertAlmostEquals, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import {
  type Architecture,
  authorsEvolution,
  countClassifierMacs,
  countClassifierParameters,
  countMacs,
  countParameters,
  evaluateCoco,
  evolve,
  formatArchitecture,
  memoryHistory,
  parseArchitecture,
  randomSearch,
  type SearchOptions,
  type SearchSpace,
  searchSpaces,
  toWinner,
  winners,
} from "../mod.ts";
import golden from "./fixtures/architectures.json" with { type: "json" };

const spaces: Record<string, SearchSpace> = searchSpaces;

/** Runs a program on mod.ts without a single permission. */
async function runWithoutPermissions(program: string): Promise<{ code: number; text: string }> {
  const modUrl = new URL("../mod.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--ext=ts", "-"],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(program.replaceAll('"@detnas/detnas"', JSON.stringify(modUrl))));
  await stdin.close();
  const { code, stdout, stderr } = await child.output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Programs in a file's Markdown: blocks of TypeScript that import the package. */
async function examplesOf(file: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`../${file}`, import.meta.url));
  const markdown = file.endsWith(".ts") ? text.replace(/^ \* ?/gm, "") : text;
  const blocks = [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
  return blocks.filter((block) => block.includes('"@detnas/detnas"'));
}

Deno.test("the golden architectures cost what the golden file says, through mod.ts", () => {
  for (
    const [name, { space: spaceName, choices, backbone, classifier }] of Object.entries(golden.architectures)
  ) {
    const space = spaces[spaceName];
    const counted = { macs: countMacs(space, choices), parameters: countParameters(space, choices) };
    assertEquals(counted, backbone, name);
    assertEquals(countClassifierMacs(space, choices), classifier.macs, name);
    assertEquals(countClassifierParameters(space, choices), classifier.parameters, name);
    assertEquals(parseArchitecture(space, formatArchitecture(space, choices)), choices);
  }
});

Deno.test("a search with an own space and evaluation finds a planted architecture, and random search does not", async () => {
  const stages = { stageRepeats: [5, 5], stemChannels: 8, stageChannels: [16, 32], lastChannels: 64 };
  const space: SearchSpace = {
    name: "own",
    choices: [
      { kind: "shuffle", kernel: 3 },
      { kind: "shuffle", kernel: 5 },
      { kind: "shuffle", kernel: 9 },
      { kind: "xception", kernel: 5 },
    ],
    stem: "shufflenet",
    ...stages,
    resolution: 32,
  };
  const planted: Architecture = [2, 1, 2, 0, 2, 1, 1, 2, 3, 3];
  using history = memoryHistory();
  const search: SearchOptions = {
    space,
    seed: 3,
    budget: { macs: countMacs(space, planted), parameters: null, latencyMs: null },
    history,
    evaluate: (choices) =>
      Promise.resolve(choices.filter((choice, block) => choice === planted[block]).length),
  };
  const settings = { ...authorsEvolution, population: 25, mutants: 10, crossovers: 10, generations: 16 };
  await evolve({ ...search, settings });
  await randomSearch({ ...search, settings });

  const [best] = winners(history, 1);
  assertEquals([best.strategy, best.choices, best.score], ["evolution", planted, 10]);
  assertEquals(toWinner(space.name, best).macs, countMacs(space, planted));
  const randomBest = Math.max(...history.scored("random").map((candidate) => candidate.score));
  assertLess(randomBest, 10);
});

Deno.test("evaluateCoco() gives a detector AP 1 for the truth itself", () => {
  const boxXyxy = [10, 10, 60, 50] as const;
  const truth = { imageId: "a", classIndex: 0, boxXyxy, isCrowd: false, isDifficult: false, areaPx: 2000 };
  const { summary, perClass } = evaluateCoco({ imageIds: ["a"], classes: ["cell"], annotations: [truth] }, [
    { imageId: "a", classIndex: 0, score: 0.9, boxXyxy },
  ]);
  for (const AP of [summary.AP, summary.AP50, summary.APm, perClass.cell.AP]) assertAlmostEquals(AP, 1, 1e-9);
  assertEquals(summary.APs, -1);
});

for (const file of ["mod.ts", "README.md"]) {
  Deno.test(`the example in ${file} runs without any permission`, async () => {
    const examples = await examplesOf(file);
    assertEquals(examples.length, 1);
    const { code, text } = await runWithoutPermissions(examples[0]);
    assertEquals(code, 0, text);
    assertStringIncludes(text, "[");
  });
}
