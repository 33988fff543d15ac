/** The npm package: packed as `deno task pack` does, put where npm would put it, and used by another project. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };

const root = fileURLToPath(new URL("../", import.meta.url));

/** Runs a program to its end. */
async function run(command: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd, env: { NO_COLOR: "1" } })
    .output();
  const text = new TextDecoder().decode(stdout);
  assert(success, `${command} ${args.join(" ")}\n${text}${new TextDecoder().decode(stderr)}`);
  return text;
}

interface Project {
  /** Its folder. */
  readonly folder: string;
  /** Where the package lies in it. */
  readonly installed: string;
}

/** A project of its own with the package in it, and what that depends on. */
async function projectWithPackage(): Promise<Project> {
  const folder = await Deno.makeTempDir();
  const tarball = join(folder, "package.tgz");
  await run(
    Deno.execPath(),
    ["pack", "--quiet", "--no-source-maps", "--allow-dirty", "--output", tarball],
    root,
  );
  const installed = join(folder, "node_modules", "@detnas", "detnas");
  await Deno.mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed], folder);
  const { dependencies } = await packageOf(installed);
  for (const name of Object.keys(dependencies)) await link(name, folder);
  const manifest = {
    private: true,
    type: "module",
    dependencies: { "@detnas/detnas": config.version, ...dependencies },
  };
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(manifest));
  return { folder, installed };
}

async function packageOf(
  folder: string,
): Promise<{ dependencies: Record<string, string>; exports: Record<string, Record<string, string>> }> {
  return JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
}

async function link(name: string, folder: string): Promise<void> {
  const place = join(folder, "node_modules", name);
  await Deno.mkdir(join(place, ".."), { recursive: true });
  await Deno.symlink(await Deno.realPath(join(root, "node_modules", name)), place);
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesIn(join(folder, name));
    else yield join(folder, name);
  }
}

/** The example of README's section on the library. */
async function readmeExample(): Promise<string> {
  const text = await Deno.readTextFile(join(root, "README.md"));
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1])
    .find((block) => block.includes('"@detnas/detnas"'))!;
}

const { folder, installed } = await projectWithPackage();

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("the package has every entry point with its types, and needs nothing from JSR", async () => {
  const { dependencies, exports } = await packageOf(installed);
  assertEquals(Object.keys(exports), Object.keys(config.exports));
  for (const { types, default: code } of Object.values(exports)) {
    for (const file of [types, code]) assert((await Deno.stat(join(installed, file))).isFile, file);
  }
  assert(!Object.keys(dependencies).some((name) => name.startsWith("@std") || name.startsWith("@jsr")));
});

Deno.test("the package tells nothing of the machine that it was packed on", async () => {
  for await (const file of filesIn(installed)) {
    assert(!(await Deno.readTextFile(file)).includes(root), file);
  }
});

Deno.test("README's example runs from the package without any permission, and its types check", async () => {
  await Deno.writeTextFile(join(folder, "example.ts"), await readmeExample());
  const text = await run(Deno.execPath(), [
    "run",
    "--check",
    "--no-prompt",
    "--node-modules-dir=manual",
    "example.ts",
  ], folder);
  assertStringIncludes(text, "[");
});

Deno.test("searches, costs and models on Node are what they are in Deno", async () => {
  await Deno.writeTextFile(join(folder, "example.mjs"), nodeProgram);
  const onNode = JSON.parse(await run("node", ["example.mjs"], folder));
  const inDeno = JSON.parse(
    await run(Deno.execPath(), ["run", "--node-modules-dir=manual", "example.mjs"], folder),
  );
  assertEquals(onNode, inDeno);
  assertEquals([onNode.best.length, onNode.units, onNode.kept], [20, 80, [1]]);
  assert(Math.abs(onNode.macs - 280e6) < 1e6);
});

Deno.test("the examples train from the package in Deno", async () => {
  for (const name of ["custom_block.ts", "train_custom_block.ts"]) {
    await Deno.copyFile(join(root, "examples", name), join(folder, name));
  }
  const permissions = [
    "--allow-read",
    "--allow-write",
    "--allow-env",
    "--allow-run=python3,python",
    "--allow-ffi",
  ];
  const text = await run(Deno.execPath(), [
    "run",
    "--no-prompt",
    "--node-modules-dir=manual",
    ...permissions,
    "train_custom_block.ts",
  ], folder);
  const [, first, last] = text.match(/^loss (\S+) to (\S+)$/m)!.map(Number);
  assert(last < 0.7 * first, text);
});

/** In plain JavaScript, as Node 20 runs no TypeScript. */
const nodeProgram = `
import { authorsEvolution, countMacs, evolve, memoryHistory, searchSpaces, winners } from "@detnas/detnas";
import { supernet } from "@detnas/detnas/models";
import { nms, uniformPaths } from "@detnas/detnas/train";

const space = searchSpaces.small;
const history = memoryHistory();
await evolve({
  space,
  seed: 1,
  budget: { macs: 300e6, parameters: null, latencyMs: null },
  history,
  settings: { ...authorsEvolution, generations: 2 },
  evaluate: (choices) => Promise.resolve(-Math.abs(countMacs(space, choices) - 280e6)),
});
const [best] = winners(history, 1);
const path = uniformPaths({ space, seed: 1, stage: "any" })(0);
console.log(JSON.stringify({
  best: best.choices,
  macs: best.macs,
  units: supernet(space, 1).blocks.flat().length,
  path,
  kept: [...nms(Float32Array.of(0, 0, 8, 8, 0, 0, 8, 7), Float32Array.of(0.5, 0.9), 0.5)],
}));
`;
