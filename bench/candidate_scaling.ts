/**
 * Candidates a minute, scored by 1, 2, … worker processes with a run's trained supernet:
 * `deno run … bench/candidate_scaling.ts RUN CANDIDATES WORKERSxTHREADS…`, e.g. `runs/shapes 24 1x1 2x1 1x2`. Prints a
 * JSON line for each. Random architectures; as many more go first, in which the workers compile what they meet.
 *
 * @module
 */
import { stream } from "../lib/base/random.ts";
import type { Config } from "../lib/config/schema.ts";
import { ensureLibrary } from "../lib/engine/library.ts";
import { readRunConfig } from "../lib/run/run_folder.ts";
import { sampleArchitecture } from "../lib/search/operators.ts";
import { systemTimers } from "../lib/workers/timers.ts";
import { WorkerPool } from "../lib/workers/worker_pool.ts";
import { ensureKernels } from "../tasks/kernels.ts";
import { runWorker } from "../tasks/run_worker.ts";

const [runDir, count, ...settings] = Deno.args;
const stored = runDir === undefined ? null : await readRunConfig(runDir);
if (stored === null || !(Number(count) > 0) || settings.length === 0) {
  console.error("usage: candidate_scaling.ts RUN CANDIDATES WORKERSxTHREADS...");
  Deno.exit(1);
}
for (const setting of settings) {
  const [workers, threads] = setting.split("x").map(Number);
  const config = { ...stored, workers, device: { ...stored.device, threads } };
  console.log(JSON.stringify({ workers, threads, ...await measure(config, Number(count)) }));
}

async function measure(config: Config, count: number): Promise<Record<string, number>> {
  const { signal } = new AbortController();
  const library = await ensureLibrary({ device: config.device.kind });
  const kernels = await ensureKernels(config.device);
  await using stack = new AsyncDisposableStack();
  const slots = Array.from(
    { length: config.workers },
    (_, i) => stack.use(runWorker(library, kernels, config, runDir, i, signal)),
  );
  const task = { config, runDir, approximate: true };
  const options = { task, proof: null, timers: systemTimers, signal, onDeath: console.error };
  const pool = stack.use(new WorkerPool(slots, options));
  await scoreAll(pool, config, 0, count);
  const start = performance.now();
  await scoreAll(pool, config, count, count);
  const minutes = (performance.now() - start) / 60_000;
  return { candidates: count, candidatesPerMinute: Number((count / minutes).toFixed(1)) };
}

/** All are asked for together, as a search asks for a generation. */
async function scoreAll(pool: WorkerPool, { space }: Config, first: number, count: number): Promise<void> {
  const candidates = Array.from(
    { length: count },
    (_, i) => sampleArchitecture(space, stream(0, "bench", first + i)),
  );
  await Promise.all(candidates.map((choices) => pool.score(choices)));
}
