import { assert, assertEquals, assertGreater } from "@std/assert";
import { skipReason, skips } from "./skip_list.ts";

const specs = skips.flatMap((skip) => skip.specs);

/** tfjs-node's own list: the quoted lines of one array. */
async function theirSpecs(): Promise<string[]> {
  const source = await Deno.readTextFile(
    new URL("../../node_modules/@tensorflow/tfjs-node-gpu/dist/run_tests.js", import.meta.url),
  );
  const start = source.indexOf("var IGNORE_LIST = [");
  const list = source.slice(start, source.indexOf("];", start));
  return [...list.matchAll(/^\s*'(.*)',$/gm)].map((match) => match[1]);
}

Deno.test("every skipped spec is on tfjs-node's own list, which is longer", async () => {
  const theirs = await theirSpecs();
  for (const spec of specs) assert(theirs.includes(spec), spec);
  assertGreater(theirs.length, specs.length);
});

Deno.test("no spec is skipped twice", () => {
  assertEquals(new Set(specs).size, specs.length);
});

Deno.test("skipReason() tells skipped specs from the others", () => {
  assertEquals(skipReason("raggedGather test-tensorflow {} any"), "tfjs-node has no kernel for it");
  assertEquals(skipReason("conv2d test-tensorflow {} x=[1,4,4,1] f=[2,2,1,1] s=1 d=1 p=same"), null);
});
