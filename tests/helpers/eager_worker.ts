/**
 * A worker in this process that runs its functions operation by operation: nothing is compiled for a step or two.
 *
 * @module
 */
import type { Engine } from "../../lib/engine/mod.ts";
import { eagerCompiler } from "../../lib/nn/compiled.ts";
import { DataSets } from "../../lib/train/datasets.ts";
import { StageWorker } from "../../lib/workers/stage_worker.ts";
import type { DeviceReport } from "../../lib/workers/worker_api.ts";

/** What such a worker says of itself. */
export function eagerReport({ version, threads }: Engine): DeviceReport {
  return { tensorflow: version, deviceName: "CPU:0", threads, hostCpu: null, kernels: "tensorflow" };
}

/**
 * Makes the worker.
 *
 * @param changed What it says otherwise of itself.
 * @param data Its data sets; default those of the config.
 */
export function eagerWorker(
  engine: Engine,
  changed: Partial<DeviceReport> = {},
  data: DataSets = new DataSets(null),
): StageWorker {
  const device = { compiler: eagerCompiler, uploadImages: engine.uploadImages };
  return new StageWorker(device, { ...eagerReport(engine), ...changed }, data);
}
