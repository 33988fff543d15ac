/** Holds the direction of imports in `lib` (design, section 2): who may know whom. */
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path/posix";

/** What each folder of `lib` may import from, besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  std: [],
  fetch: ["base"],
  engine: ["base", "fetch", "nn"], // the contract that it fulfils: nn/compiled.ts
  fused: ["base", "nn"], // the contract that it fulfils: nn/block_kernels.ts
  space: ["base"],
  tensorboard: ["base"],
  boxes: ["base"],
  nn: ["base"],
  models: ["base", "nn", "space", "boxes"],
  data: ["base", "boxes"],
  eval: ["base", "boxes"],
  search: ["base", "space"],
  config: ["base", "space"],
  run: ["base", "config"],
  train: ["base", "models", "space", "boxes", "data", "eval", "nn", "config", "run"],
  workers: [
    "base",
    "train",
    "search",
    "config",
    "space",
    "boxes",
    "models",
    "data",
    "eval",
    "nn",
    "run",
    "report",
  ],
  report: ["base"],
  page: ["base", "boxes", "data", "report"],
  export: ["base", "space", "boxes", "nn", "models", "data", "config", "train", "report"],
  survey: ["base", "boxes", "data", "config", "report"],
  dashboard: ["base", "config", "run", "search", "space", "report"],
};

/** May import every folder of `lib`. */
const free = "stages";

/** Packages and the folders that may import them. */
const packages: ReadonlyMap<string, readonly string[]> = new Map([
  ["@tensorflow/tfjs-core", ["nn", "models", "engine", "fused", "train", "workers", "stages", "page"]],
  ["@tensorflow/tfjs-node-gpu", ["engine"]],
  ["@tensorflow/tfjs-backend-cpu", []],
  ["@tensorflow/tfjs-backend-wasm", ["page"]],
  ["@tensorflow/tfjs-backend-webgl", ["page"]],
  ["@tensorflow/tfjs-converter", ["page"]],
  ["esbuild", ["export"]],
  ["comlink", ["workers"]],
  ["zod", ["config"]],
  ["sharp", ["data", "report", "stages"]],
  ["@observablehq/plot", ["report", "dashboard"]],
  ["linkedom", ["report"]],
]);

const root = new URL("../", import.meta.url);

async function sourceFiles(dir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(dir, root))) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory) files.push(...await sourceFiles(path));
    else if (/\.ts$/.test(entry.name)) files.push(path);
  }
  return files.sort();
}

/** Specifiers of a file's static and dynamic imports and re-exports. */
function specifiers(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const pattern = /^\s*(?:import|export)\s(?:[^"';]*?\sfrom\s*)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
  return [...code.matchAll(pattern)].map((match) => match[1] ?? match[2]);
}

interface Imports {
  /** Files of this project, by path from its root. */
  files: string[];
  /** Packages, as they are named. */
  packages: string[];
}

/** Each file of `lib` with what it imports. */
async function importGraph(): Promise<Map<string, Imports>> {
  const graph = new Map<string, Imports>();
  for (const file of await sourceFiles("lib")) {
    const found = specifiers(await Deno.readTextFile(new URL(file, root)));
    graph.set(file, {
      files: found.filter((name) => name.startsWith(".")).map((name) => join(dirname(file), name)),
      packages: found.filter((name) => !name.startsWith(".")),
    });
  }
  return graph;
}

function folderOf(path: string): string {
  return path.startsWith("lib/") ? path.split("/")[1] : "";
}

/** A cycle among the files, as a list of paths; empty if there is none. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const finished = new Set<string>();
  const visit = (file: string, trail: string[]): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (finished.has(file)) return [];
    for (const target of graph.get(file) ?? []) {
      const cycle = visit(target, [...trail, file]);
      if (cycle.length > 0) return cycle;
    }
    finished.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

Deno.test("specifiers() finds each form of import and no text that only looks like one", () => {
  const source = [
    'import { a } from "./a.ts";',
    'import type { B } from "./b.ts";',
    'import "./c.ts";',
    'export * from "./d.ts";',
    'import {\n  e,\n  f,\n} from "./e.ts";',
    'const g = await import("./g.ts");',
    '// import { h } from "./h.ts";',
    '/** import { i } from "./i.ts"; */',
    'export const j = "./j.ts";',
  ].join("\n");
  assertEquals(specifiers(source), ["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./g.ts"]);
});

Deno.test("findCycle() finds a cycle, and none where paths only meet again", () => {
  assertEquals(findCycle(new Map([["a", ["b", "c"]], ["b", ["d"]], ["c", ["d"]], ["d", []]])), []);
  assertEquals(findCycle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
});

Deno.test("lib's folders import only what lies below them", async () => {
  const wrong: string[] = [];
  for (const [file, { files }] of await importGraph()) {
    const folder = folderOf(file);
    assert(
      folder === free || folder in allowed,
      `${file}: lib/${folder} is in no layer; add it to this test`,
    );
    for (const target of files.map(folderOf)) {
      const isAllowed = target === folder ||
        (folder === free ? target !== "" : allowed[folder].includes(target));
      if (!isAllowed) wrong.push(`${file} imports from ${target === "" ? "outside lib" : `lib/${target}`}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("lib's folders import only the packages that are theirs", async () => {
  const wrong: string[] = [];
  for (const [file, imports] of await importGraph()) {
    for (const [name, folders] of packages) {
      const isUsed = imports.packages.some((used) => used === name || used.startsWith(`${name}/`));
      if (isUsed && !folders.includes(folderOf(file))) wrong.push(`${file} imports ${name}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("no files of lib import each other in a circle", async () => {
  const graph = await importGraph();
  assertEquals(findCycle(new Map([...graph].map(([file, { files }]) => [file, files]))), []);
});
