/** What the examples say, they do: their blocks and heads learn, and are searched as all others. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { authorsEvolution, countMacs, evolve, memoryHistory, winners } from "@detnas/detnas";
import type { DetectionBatch } from "@detnas/detnas/data";
import { type CanvasDetections, iouMatrix } from "@detnas/detnas/train";
import { space, trainCustomBlock } from "../examples/train_custom_block.ts";
import { trainCustomHead } from "../examples/train_custom_head.ts";
import { useEngine } from "./helpers/engine.ts";

const engine = await useEngine();

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether an image's best detection has the class of a box that it covers. */
function isBestRight(
  { boxesXyxy, classIndices }: DetectionBatch,
  found: CanvasDetections,
  n: number,
): boolean {
  const ious = iouMatrix(found.boxesXyxy.subarray(0, 4), boxesXyxy[n]);
  return ious.some((iou, i) => iou > 0.5 && classIndices[n][i] === found.classIndices[0]);
}

Deno.test("the custom block and the custom head are examples of under 40 lines", async () => {
  for (const name of ["custom_block.ts", "custom_head.ts"]) {
    const text = await Deno.readTextFile(new URL(`../examples/${name}`, import.meta.url));
    assertLess(text.trimEnd().split("\n").length, 40, name);
  }
});

Deno.test("a supernet with the custom block learns, and leaves no tensor behind", async () => {
  const before = engine.liveTensors();
  const losses = await trainCustomBlock(engine, 100);
  assertLess(mean(losses.slice(-20)), 0.6 * mean(losses.slice(0, 20)));
  assertEquals(engine.liveTensors(), before);
});

Deno.test("a detector with the custom head learns to find what it was shown, and leaves no tensor behind", async () => {
  const before = engine.liveTensors();
  const { losses, batch, found } = await trainCustomHead(engine, 100);
  assertLess(losses[losses.length - 1].loss, 0.05 * losses[0].loss);
  assertEquals(Object.keys(losses[0].parts), ["classLoss", "boxLoss"]);
  const right = found.filter((ofImage, n) => isBestRight(batch, ofImage, n)).length;
  assert(right >= 7, `the best detection is right in ${right} of 8 images`);
  assertEquals(engine.liveTensors(), before);
});

Deno.test("a search chooses the custom block where it pays, within the budget that it is counted in", async () => {
  const macs = countMacs(space, [1, 1, 1, 0, 0]);
  using history = memoryHistory();
  await evolve({
    space,
    seed: 1,
    budget: { macs, parameters: null, latencyMs: null },
    history,
    settings: { ...authorsEvolution, population: 8, parents: 4, mutants: 3, crossovers: 3, generations: 2 },
    evaluate: (choices) => Promise.resolve(choices.filter((choice) => choice === 1).length),
  });
  const [best] = winners(history, 1);
  assert(best.score >= 3);
  assert(best.macs <= macs);
  assertEquals(best.macs, countMacs(space, best.choices));
});
