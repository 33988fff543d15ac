/**
 * Starts both sides and compares them on some workloads.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { runnerFlags } from "../runner.ts";
import type { Workload } from "../workloads.ts";
import {
  compare,
  type Comparison,
  leastRatio,
  type ModeResult,
  modesOf,
  peakMemory,
  type TorchMode,
} from "./comparison.ts";
import type { PeerOptions } from "./options.ts";
import { type Greeting, Peer } from "./peer.ts";

/** All that a run of comparisons found. */
export interface ComparisonRun {
  readonly ours: Greeting;
  readonly torch: Greeting;
  readonly comparisons: readonly Comparison[];
}

/**
 * Compares.
 *
 * @param python One that has PyTorch.
 * @param onComparison Told of each as soon as it is made, the last in what has been found so far.
 */
export async function runComparisons(
  python: string,
  options: PeerOptions,
  onComparison: (run: ComparisonRun) => void | Promise<void>,
): Promise<ComparisonRun> {
  await using ours = await startOurs(options, ["--roofline"]);
  await using torch = await startTorch(python, options);
  const comparisons: Comparison[] = [];
  const run = { ours: ours.greeting, torch: torch.greeting, comparisons };
  for (const workload of options.workloads) {
    const times = await compare({ ours, torch }, workload, options);
    const memory = wantsMemory(workload, options)
      ? await memoryOf(python, workload, times.modes, options)
      : null;
    const least = leastRatio(workload, times, ours.greeting.roofline);
    comparisons.push({ ...times, least, memory });
    await onComparison(run);
  }
  return run;
}

/** One block takes next to nothing beside its library. */
function wantsMemory({ kind }: Workload, { memory, runner }: PeerOptions): boolean {
  return memory && kind !== "block" && runner.device === "cpu";
}

/** The least that any of PyTorch's modes takes is what ours is held against. */
async function memoryOf(
  python: string,
  workload: Workload,
  modes: readonly ModeResult[],
  options: PeerOptions,
): Promise<{ oursBytes: number; torchBytes: number }> {
  const oursBytes = await peakMemory(() => startOurs(options), workload, "our");
  const works = (mode: TorchMode): boolean => modes.some((own) => own.mode === mode && own.ms !== null);
  let torchBytes = Infinity;
  for (const mode of modesOf(workload, options.modes).filter(works)) {
    torchBytes = Math.min(torchBytes, await peakMemory(() => startTorch(python, options), workload, mode));
  }
  return { oursBytes, torchBytes };
}

async function startOurs({ runner }: PeerOptions, more: readonly string[] = []): Promise<Peer> {
  const permissions = ["read", "write", "env", "run", "ffi", "sys"].map((name) => `--allow-${name}`);
  const program = new URL("our_peer.ts", import.meta.url).href;
  const args = ["run", "--no-prompt", ...permissions, program, ...runnerFlags(runner), ...more];
  return await Peer.start("our side", Deno.execPath(), args);
}

async function startTorch(python: string, { runner: { device, threads } }: PeerOptions): Promise<Peer> {
  const program = fileURLToPath(new URL("torch_peer.py", import.meta.url));
  return await Peer.start("PyTorch", python, [
    "-B",
    program,
    device === "gpu" ? "cuda" : "cpu",
    String(threads),
  ]);
}
