/**
 * Batch norm in training, by who trains: one worker, or a group that acts as one.
 *
 * @module
 */
import { batchNormEpsilon, localBatchNorm } from "../nn/batch_norm.ts";
import { groupReducer, syncBatchNorm } from "../nn/sync_batch_norm.ts";
import type { BatchNormTraining } from "../nn/unit.ts";
import type { WorkerGroup } from "../nn/worker_group.ts";
import type { BatchNormMaker } from "./unit_runner.ts";

/** Over the images of all workers of a group; of one worker alone, in one fused kernel. */
export function trainingBatchNorm(group: WorkerGroup): BatchNormTraining | BatchNormMaker {
  if (group.size === 1) return localBatchNorm(batchNormEpsilon);
  return { of: (functionName) => syncBatchNorm(batchNormEpsilon, groupReducer(group, functionName)) };
}
