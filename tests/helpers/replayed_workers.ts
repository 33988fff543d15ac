/**
 * Workers of a group within one thread, whose exchanges depend on each other.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { MomentReducer } from "../../lib/nn/sync_batch_norm.ts";

/**
 * Runs workers over and over, each time with one more exchange answered by what all had sent the time before, until all are.
 *
 * @param workers How many there are.
 * @param run Runs one worker and gives its result; its exchanges go through the reducer, in the same order in all of them.
 * @returns Each worker's result, and how many exchanges there were.
 */
export function runReplayed<T>(
  workers: number,
  run: (worker: number, reducer: MomentReducer) => T,
): { readonly results: T[]; readonly exchanges: number } {
  let sent: Tensor[][] = [];
  for (let answered = 0;; answered++) {
    const sending = Array.from({ length: workers }, (): Tensor[] => []);
    const exchange = (worker: number, own: Tensor): Tensor[] => {
      const number = sending[worker].push(tf.keep(own.clone())) - 1;
      return number < answered ? sent.map((ofWorker) => ofWorker[number]) : sending.map(() => own);
    };
    const results = sending.map((_, worker) =>
      run(worker, {
        gather: (moments) => tf.stack(exchange(worker, moments)),
        sum: (x) => tf.addN(exchange(worker, x)),
      })
    );
    tf.dispose(sent);
    sent = sending;
    if (answered < sending[0].length) continue;
    tf.dispose(sent);
    return { results, exchanges: answered };
  }
}
