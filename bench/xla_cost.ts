/**
 * What compiling the small space's blocks by XLA costs, and what it brings:
 * `deno run -A bench/xla_cost.ts IMAGES [--device gpu] [--threads N]` prints a JSON line for each choice of each
 * stage's later blocks: the processors' time of the first pass forward and backward, which compiles, and of a later
 * one, by XLA and on TensorFlow's kernels. On a GPU its own time passes beside them: there the clock is read.
 *
 * @module
 */
import process from "node:process";
import { loneWorker } from "../lib/nn/worker_group.ts";
import { searchSpaces } from "../lib/space/search_space.ts";
import { trainingBatchNorm } from "../lib/train/training_batch_norm.ts";
import { UnitRunner } from "../lib/train/unit_runner.ts";
import { prepareCall, type PreparedCall } from "./calls.ts";
import { geometricMean, spreadOf } from "./peers/paired.ts";
import { type BenchRunner, parseRunnerOptions, type RunnerOptions, startRunner } from "./runner.ts";
import { blockWorkloads } from "./workloads.ts";

const images = Number(Deno.args[0]);
if (!(images > 0)) {
  console.error("usage: xla_cost.ts IMAGES [--device cpu|gpu] [--threads N]");
  Deno.exit(1);
}
const rounds = 5;
const options: RunnerOptions = { ...parseRunnerOptions(Deno.args.slice(1)), kernels: "xla" };
const elapsedMs = options.device === "gpu" ? (): number => performance.now() : processorMs;
const byXla = await startRunner(options);
const traced: BenchRunner = {
  ...byXla,
  runner: new UnitRunner(byXla.engine.compiler, trainingBatchNorm(loneWorker, "counts")),
};

const rows = blockWorkloads(searchSpaces.small, "train", images).filter(({ stride }) => stride === 1);
const ratios: number[] = [];
for (const workload of rows) {
  const [xla, kernels] = [byXla, traced].map((bench) => measure(() => prepareCall(bench, workload)));
  ratios.push(xla.laterMs / kernels.laterMs);
  console.log(JSON.stringify({ name: workload.name, xla, kernels }));
}
console.log(JSON.stringify({ ratio: geometricMean(ratios), worst: Math.max(...ratios) }));

/** Milliseconds of a first call and of later ones, their median. */
function measure(prepare: () => PreparedCall): { readonly firstMs: number; readonly laterMs: number } {
  using prepared = prepare();
  const [first, ...later] = Array.from({ length: 1 + rounds }, () => timed(() => prepared.call()));
  return { firstMs: Math.round(first), laterMs: spreadOf(later).median };
}

function timed(call: () => void): number {
  const start = elapsedMs();
  call();
  return elapsedMs() - start;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
