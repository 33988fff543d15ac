/**
 * What a command does on all machines but the first: its worker follows the first machine's.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import type { EngineLibrary } from "../lib/engine/library.ts";
import type { KernelBuild } from "../lib/fused/mod.ts";
import { systemTimers } from "../lib/workers/timers.ts";
import { TrainingGroup } from "../lib/workers/training_group.ts";
import { WorkerError } from "../lib/workers/worker_process.ts";
import type { GroupPlace } from "../lib/workers/worker_place.ts";
import { runWorker } from "./run_worker.ts";

/** Losses before this are forgotten: the machines have worked together since. */
const wellMs = 60_000;

/**
 * Follows until the first machine has no more to do. Where a machine is lost, this one joins the group again.
 *
 * @param say Takes sentences for the user.
 * @throws {WorkerError} If machines are lost over and over.
 * @throws {Error} What went wrong on another machine; what a worker here threw.
 */
export async function followMachines(
  library: EngineLibrary,
  kernels: KernelBuild | null,
  config: Config,
  runDir: string,
  group: GroupPlace,
  signal: AbortSignal,
  say: (sentence: string) => void,
): Promise<void> {
  const place = { group, prefix: [] };
  await using slot = runWorker(library, kernels, config, runDir, 0, signal, () => Promise.resolve(place));
  const trainer = new TrainingGroup([slot], systemTimers, signal);
  say(`Machine ${group.rank + 1} of ${group.addresses.length}: follows ${group.addresses[0]}`);
  for (;;) {
    const startMs = systemTimers.nowMs();
    try {
      await trainer.call((worker) => worker.follow());
      say("The first machine has no more to do");
      return;
    } catch (error) {
      if (systemTimers.nowMs() - startMs > wellMs) trainer.succeeded();
      if (!(error instanceof WorkerError) || !trainer.isOpen) throw error;
      say(`joins the others again: ${error.message}`);
    }
  }
}
