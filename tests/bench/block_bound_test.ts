import { assertAlmostEquals, assertEquals } from "@std/assert";
import { blockFlops, boundMs, minimalBytes } from "../../bench/block_bound.ts";
import { type BlockWorkload, blockWorkloads } from "../../bench/workloads.ts";
import { costTable } from "../../lib/space/cost.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";

const space = searchSpaces.small;

function block(name: string, pass: BlockWorkload["pass"], images = 2): BlockWorkload {
  const found = blockWorkloads(space, pass, images).find((workload) => workload.name.includes(name));
  if (found === undefined) throw new RangeError(`no block ${name}`);
  return found;
}

Deno.test("a stride-1 shuffle block trains on 26 tensors of half its width, and thrice its weights", () => {
  const workload = block("stage1 stride1 shuffle 5x5", "train");
  const half = 2 * 56 * 56 * 32;
  const parameters = 2 * 32 * 32 + 25 * 32 + 3 * 2 * 32;
  assertEquals(minimalBytes(workload), 4 * (26 * half + 3 * parameters));
});

Deno.test("an xception block has three more layers of as many numbers, each read and written 6 times in all", () => {
  const shuffle = block("stage2 stride1 shuffle 3x3", "train");
  const xception = block("stage2 stride1 xception 3x3", "train");
  const parametersOf = (choice: number): number => costTable(space).blocks[5][choice].parameters;
  const weights = 3 * (parametersOf(3) - parametersOf(0));
  const half = 2 * 28 * 28 * 80;
  assertEquals(minimalBytes(xception) - minimalBytes(shuffle), 4 * (3 * 6 * half + weights));
});

Deno.test("the branches of a stride-2 block share reading x and writing its gradient", () => {
  const [large, small] = [2 * 112 * 112, 2 * 56 * 56];
  // main: 16 to 32 channels pointwise on the large side, depthwise to the small one, pointwise to 48
  const main = 3 * (large * (16 + 32) + large * 32 + small * 32 + small * (32 + 48)) + 3 * small * 48;
  const projection = 3 * (large * 16 + small * 16 + small * (16 + 16)) + 3 * small * 16;
  const parameters = costTable(space).blocks[0][0].parameters;
  const expected = main + projection + small * 64 - 3 * large * 16 + 3 * parameters;
  assertEquals(minimalBytes(block("stage1 stride2 shuffle 3x3", "train")), 4 * expected);
});

Deno.test("inference reads the input and the weights and writes the output", () => {
  const expected = 2 * 56 * 56 * 64 + 2 * 28 * 28 * 160 + costTable(space).blocks[4][2].parameters;
  assertEquals(minimalBytes(block("stage2 stride2 shuffle 7x7", "infer")), 4 * expected);
});

Deno.test("training computes three times what inference does, which is two operations a multiply-add", () => {
  const name = "stage3 stride1 shuffle 3x3";
  const flops = blockFlops(block(name, "infer", 5));
  assertEquals(flops, 2 * 5 * costTable(space).blocks[9][0].macs);
  assertEquals(blockFlops(block(name, "train", 5)), 3 * flops);
});

Deno.test("a block's bound is its arithmetic's or its traffic's, whichever takes longer", () => {
  const workload = block("stage4 stride1 shuffle 3x3", "train");
  const [flops, bytes] = [blockFlops(workload), minimalBytes(workload)];
  const slowArithmetic = { flopsPerSecond: flops, bytesPerSecond: bytes * 10 };
  const slowMemory = { flopsPerSecond: flops * 10, bytesPerSecond: bytes / 2 };
  assertAlmostEquals(boundMs(workload, slowArithmetic), 1000, 1e-9);
  assertAlmostEquals(boundMs(workload, slowMemory), 2000, 1e-9);
});
