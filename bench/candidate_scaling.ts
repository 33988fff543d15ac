/**
 * Candidates a minute, scored by 1, 2, … worker processes with a run's trained supernet:
 * `deno run … bench/candidate_scaling.ts RUN CANDIDATES TURNS WORKERSxTHREADS…`, e.g. `runs/shapes 12 5 1x2 2x1`.
 *
 * Random architectures. All settings' workers live at the same time and score the same candidates in turns, so that what
 * else the machine does befalls them alike; a first turn, which compiles, is not counted. Prints a JSON line for each:
 * the median, the best and the worst turn, and the largest memory of a worker.
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
import type { WorkerSlot } from "../lib/workers/worker_slot.ts";
import { ensureKernels } from "../tasks/kernels.ts";
import { runWorker } from "../tasks/run_worker.ts";

/** Workers that score together. */
interface Crew {
  readonly setting: string;
  readonly slots: readonly WorkerSlot[];
  readonly pool: WorkerPool;
  /** Of each turn. */
  readonly perMinute: number[];
}

const [runDir, count, turns, ...settings] = Deno.args;
const stored = runDir === undefined ? null : await readRunConfig(runDir);
if (stored === null || !(Number(count) > 0) || !(Number(turns) > 0) || settings.length === 0) {
  console.error("usage: candidate_scaling.ts RUN CANDIDATES TURNS WORKERSxTHREADS...");
  Deno.exit(1);
}

await using stack = new AsyncDisposableStack();
const library = await ensureLibrary({ device: stored.device.kind });
const kernels = await ensureKernels(stored.device);
const { signal } = new AbortController();
const crews = settings.map((setting) => crewOf(stored, setting));
for (let turn = 0; turn <= Number(turns); turn++) {
  for (const { pool, perMinute } of crews) {
    const start = performance.now();
    await scoreAll(pool, stored, turn * Number(count), Number(count));
    if (turn > 0) perMinute.push(60_000 * Number(count) / (performance.now() - start));
  }
}
for (const crew of crews) console.log(JSON.stringify(await resultOf(crew)));

function crewOf(stored: Config, setting: string): Crew {
  const [workers, threads] = setting.split("x").map(Number);
  const config = { ...stored, workers, device: { ...stored.device, threads } };
  const slots = Array.from(
    { length: workers },
    (_, i) => stack.use(runWorker(library, kernels, config, runDir, i, signal)),
  );
  // The supernet is the run's, whatever the threads that trained it.
  const task = { config: stored, runDir, approximate: true };
  const options = { task, proof: null, timers: systemTimers, signal, onDeath: console.error };
  return { setting, slots, pool: stack.use(new WorkerPool(slots, options)), perMinute: [] };
}

async function resultOf({ setting, slots, perMinute }: Crew): Promise<Record<string, unknown>> {
  const memory = await Promise.all(slots.map((slot) => slot.call((worker) => worker.memory())));
  const sorted = perMinute.toSorted((a, b) => a - b).map((each) => Number(each.toFixed(1)));
  return {
    setting,
    perMinute: sorted[Math.floor(sorted.length / 2)],
    best: sorted.at(-1),
    worst: sorted[0],
    peakRssBytes: Math.max(...memory.map(({ peakRssBytes }) => peakRssBytes)),
  };
}

/** All are asked for together, as a search asks for a generation. */
async function scoreAll(pool: WorkerPool, { space }: Config, first: number, count: number): Promise<void> {
  const candidates = Array.from(
    { length: count },
    (_, i) => sampleArchitecture(space, stream(0, "bench", first + i)),
  );
  await Promise.all(candidates.map((choices) => pool.score(choices)));
}
