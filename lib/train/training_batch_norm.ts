/**
 * Batch norm in training, by who trains: one worker, or a group that acts as one; and by whose definition.
 *
 * @module
 */
import { authorsSyncBatchNorm } from "../nn/authors_sync_batch_norm.ts";
import { batchNormEpsilon, localBatchNorm } from "../nn/batch_norm.ts";
import { groupReducer, identityReducer, syncBatchNorm } from "../nn/sync_batch_norm.ts";
import type { BatchNormTraining } from "../nn/unit.ts";
import type { WorkerGroup } from "../nn/worker_group.ts";
import type { BatchNormMaker } from "./unit_kernels.ts";

/**
 * Over the images of all workers of a group; of one worker alone, in one fused kernel. By the authors' definition it is
 * never that kernel, which normalises by the biased variance.
 *
 * @param group Who trains together; `loneWorker` is one alone.
 * @param mode How several workers' statistics become one: merged by count, or as the authors' code defines it.
 */
export function trainingBatchNorm(
  group: WorkerGroup,
  mode: "counts" | "authors",
): BatchNormTraining | BatchNormMaker {
  const make = mode === "authors" ? authorsSyncBatchNorm : syncBatchNorm;
  if (group.size > 1) {
    return {
      of: (functionName) => make(batchNormEpsilon, groupReducer(group, functionName)),
      ...(mode === "counts" && { reducerOf: (functionName) => groupReducer(group, functionName) }),
    };
  }
  return mode === "authors"
    ? make(batchNormEpsilon, identityReducer)
    : { of: () => localBatchNorm(batchNormEpsilon), reducerOf: () => null };
}
