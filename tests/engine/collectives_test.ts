import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { InstanceKeys } from "../../lib/engine/collectives.ts";
import { groupOf } from "../../lib/engine/group_config.ts";
import { localBatchNorm } from "../../lib/nn/batch_norm.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { runBatchNorm } from "../helpers/lockstep_workers.ts";
import { runGroup } from "../helpers/worker_group.ts";
import {
  batchNormInputs,
  bytesOf,
  type CollectivesResult,
  imageCounts,
  sums,
} from "./_collectives_worker.ts";

await useCpuBackend();

const workers = imageCounts.length;
const program = new URL("_collectives_worker.ts", import.meta.url);
const results: CollectivesResult[] = [];
const folder = await Deno.makeTempDir({ prefix: "detnas_collectives_" });
try {
  const ends = await runGroup({ program, args: [folder], workers, timeoutMs: 60_000 });
  for (const [rank, { code, log }] of ends.entries()) {
    assertEquals(code, 0, `worker ${rank}: ${log}`);
    results.push(JSON.parse(await Deno.readTextFile(`${folder}/${rank}.json`)));
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

Deno.test("a group gathers numbers in rank order", () => {
  for (const { gathered } of results) assertEquals(gathered, [[0, 0.5], [1, 10.5], [2, 20.5]]);
});

Deno.test("a group gathers bytes, however many each has, and shares the first worker's", () => {
  const wanted = [0, 1, 2].map((rank) => [...bytesOf(rank)]);
  for (const { bytes } of results) assertEquals(bytes, { gathered: wanted, shared: wanted[0] });
});

Deno.test("many sums in one function that don't depend on each other come to the same end, again and again", () => {
  const wanted = Array.from({ length: sums }, () => 1 + 4 + 9);
  for (const result of results) assertEquals(result.sums, wanted);
});

Deno.test("compiled syncBatchNorm() over unequal workers, one empty, is one worker's batch norm to 1e-5", () => {
  const [x, scale, shift, dy] = batchNormInputs();
  const one = runBatchNorm(localBatchNorm(1e-5), x, scale, shift, dy);
  const tolerance = { relative: 1e-5, absolute: 2e-7 * 16 }; // sums over 16 values a channel
  const joined = (index: number): number[] => results.flatMap(({ batchNorm }) => batchNorm[index]);
  const summed = (index: number): number[] =>
    [0, 1, 2].map((c) => results.reduce((sum, { batchNorm }) => sum + batchNorm[index][c], 0));
  assertClose(joined(0), one.y.dataSync(), "y", tolerance);
  assertClose(joined(3), one.dx.dataSync(), "dx", tolerance);
  assertClose(summed(4), one.dScale.dataSync(), "dScale", tolerance);
  assertClose(summed(5), one.dShift.dataSync(), "dShift", tolerance);
  for (const { batchNorm: [, mean, variance] } of results) {
    assertClose(mean, one.mean.dataSync(), "mean", tolerance);
    assertClose(variance, one.variance.dataSync(), "variance", tolerance);
    assertEquals([mean, variance], results[0].batchNorm.slice(1, 3));
  }
});

Deno.test("tensors of different shapes are never added: the workers leave together, and say so", async () => {
  for (const { code, log } of await runGroup({ program, args: ["mismatch"], workers, timeoutMs: 30_000 })) {
    assertEquals(code, 1, log);
    assertMatch(log, /shape/);
    assert(!/^sum /m.test(log), log); // a stack trace has "sum (" in it
  }
});

Deno.test("a worker whose others never come gives up in time, and its process ends", async () => {
  const [{ code, log }] = await runGroup({ program, args: ["alone"], workers: 1, timeoutMs: 30_000 });
  assertEquals(code, 1, log);
  assertMatch(log, /Cannot join the group: after 500 ms the other workers of \S+, 127.0.0.1:1 have not come/);
});

Deno.test("sums leave no thread behind", () => {
  for (const { threads: [before, after] } of results) assertLess(after, before + 20);
});

Deno.test("instance keys follow from the names alone, and no two names have the same", () => {
  const [one, other] = [new InstanceKeys(), new InstanceKeys()];
  const names = Array.from({ length: 10_000 }, (_, i) => `train unit ${i} moments 0 64`);
  const keys = names.map((name) => one.of(name));
  assertEquals(new Set(keys).size, names.length);
  assertEquals(names.map((name) => one.of(name)), keys);
  const backwards = [...names].reverse().map((name) => other.of(name)).reverse();
  assertEquals(backwards, keys);
  assertGreater(Math.min(...keys), 0);
  assertNotEquals(one.of("a 2"), one.of("a 3"));
});

Deno.test("a rank outside the group is refused", () => {
  const addresses = ["127.0.0.1:1", "127.0.0.1:2"];
  assertThrows(() => groupOf({ rank: 2, addresses }), RangeError, "rank must be a whole number");
  assertThrows(() => groupOf({ rank: -1, addresses }), RangeError, "it is -1");
});
