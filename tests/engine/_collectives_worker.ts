/**
 * One worker of a group, for `collectives_test.ts`: exchanges tensors in compiled functions and leaves the results in a
 * folder; or, if that is called `mismatch`, tries to add tensors of different shapes; or, if `alone`, waits for one who never comes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { ensureLibrary, startEngine } from "../../lib/engine/mod.ts";
import { groupReducer, syncBatchNorm } from "../../lib/nn/sync_batch_norm.ts";
import { gatherBytes, gatherNumbers, loneWorker, shareBytes } from "../../lib/nn/worker_group.ts";
import { leaveTogether } from "../../lib/train/batch_share.ts";
import { normalTensor } from "../helpers/gradients.ts";

/** Images of each worker in the batch norm. */
export const imageCounts: readonly number[] = [3, 0, 1];

/** Sums in one function that don't depend on each other. */
export const sums = 40;

/** What a worker leaves behind. */
export interface CollectivesResult {
  readonly gathered: number[][];
  /** Every worker's bytes, and what the first one shared. */
  readonly bytes: { readonly gathered: number[][]; readonly shared: number[] };
  /** The sums' values, which are the same in every repetition. */
  readonly sums: number[];
  /** y, mean, variance, dx, dScale, dShift. */
  readonly batchNorm: number[][];
  /** Threads of the process after the first exchange, and after all. */
  readonly threads: number[];
}

/** A worker's bytes: 7, none, 14, with bits that as floats would be no numbers. */
export function bytesOf(rank: number): Uint8Array {
  return Uint8Array.from({ length: [7, 0, 14][rank] }, (_, i) => 255 - i * rank);
}

/** All workers' images and gradients, in rank order: x, scale, shift, dy. */
export function batchNormInputs(): Tensor[] {
  const images = imageCounts.reduce((sum, count) => sum + count, 0);
  return [
    normalTensor([images, 2, 2, 3], "x"),
    tf.tensor1d([1.5, 0.5, 1]),
    tf.tensor1d([0.1, -0.2, 0]),
    normalTensor([images, 2, 2, 3], "dy"),
  ];
}

function threadCount(): number {
  const { stdout } = new Deno.Command("ps", { args: ["-o", "nlwp=", "-p", String(Deno.pid)] }).outputSync();
  return Number(new TextDecoder().decode(stdout));
}

if (import.meta.main) {
  const [rank, addresses, folder] = Deno.args;
  const { path: libraryPath } = await ensureLibrary({});
  const engine = await startEngine({
    libraryPath,
    threads: 4, // operations run side by side, even on fewer cores
    group: folder === "alone"
      ? { rank: 0, addresses: [addresses, "127.0.0.1:1"], joinMs: 500 }
      : { rank: Number(rank), addresses: addresses.split(","), joinMs: 30_000 },
  });
  const group = engine.group ?? loneWorker;

  /** Several times, as the order in which TensorFlow starts independent operations changes. */
  const independentSums = (): number[] => {
    using f = engine.compiler.plain(
      { name: "sums", inputs: [{ shape: [sums, 8], dtype: "float32" }] },
      ([x]) => tf.unstack(x).map((part, i) => group.sum(tf.square(part), `part ${i}`)),
    );
    const x = tf.fill([sums, 8], group.rank + 1);
    const repeated = Array.from({ length: 20 }, () => f.call([x]).map((sum) => sum.dataSync()[0]));
    if (repeated.some((values) => String(values) !== String(repeated[0]))) throw new Error(String(repeated));
    return repeated[0];
  };

  const batchNorm = (): number[][] => {
    const [x, scale, shift, dy] = batchNormInputs();
    const own = (all: Tensor): Tensor => tf.split(all, [...imageCounts], 0)[group.rank];
    using compiled = engine.compiler.differentiable({
      name: "batch norm",
      inputs: [own(x), scale, shift].map(({ shape }) => ({ shape, dtype: "float32" })),
      auxiliaryOutputs: 2,
    }, ([x, scale, shift]) => {
      const { y, mean, variance } = syncBatchNorm(1e-5, groupReducer(group, "test"))(x, scale, shift);
      return [y, mean, variance];
    });
    const { outputs, residuals } = compiled.forward([own(x), scale, shift]);
    return [...outputs, ...compiled.backward([own(dy)], residuals)].map((tensor) => [...tensor.dataSync()]);
  };

  if (folder === "mismatch") {
    const addDifferent = (): void => console.log(`sum ${group.sum(tf.ones([2 + group.rank]), "shapes")}`);
    await leaveTogether(group, () => Promise.resolve(addDifferent()));
  } else {
    const gathered = gatherNumbers(group, [group.rank, 10 * group.rank + 0.5], "ranks");
    const own = bytesOf(group.rank);
    const bytes = {
      gathered: gatherBytes(group, own, "bytes").map((part) => [...part]),
      shared: [...shareBytes(group, own, "first's bytes")],
    };
    const afterOne = threadCount();
    const [sums, batchNormResult] = [independentSums(), batchNorm()];
    const result: CollectivesResult = {
      gathered,
      bytes,
      sums,
      batchNorm: batchNormResult,
      threads: [afterOne, threadCount()],
    };
    await Deno.writeTextFile(`${folder}/${rank}.json`, JSON.stringify(result));
  }
}
