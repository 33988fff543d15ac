/**
 * The one place where the benches get their engine and what runs units on it: a flag that changes how units are run
 * is read here, and every bench has it.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type Engine, registerTensorFlow } from "../lib/engine/mod.ts";
import type { Config } from "../lib/config/schema.ts";
import { loadKernels } from "../lib/fused/mod.ts";
import { loneWorker } from "../lib/nn/worker_group.ts";
import { trainingBatchNorm } from "../lib/train/training_batch_norm.ts";
import { UnitRunner } from "../lib/train/unit_runner.ts";
import { ensureKernels } from "../tasks/kernels.ts";

/** How a bench computes. */
export interface RunnerOptions {
  readonly device: "cpu" | "gpu";
  /** CPU threads of one operation. */
  readonly threads: number;
  /** What runs the blocks on a CPU; see the config's `device.kernels`. */
  readonly kernels: Kernels;
}

type Kernels = Config["device"]["kernels"];

/** An engine with a runner; both live as long as the process. */
export interface BenchRunner {
  readonly engine: Engine;
  readonly runner: UnitRunner;
  /** What computes, for a record. */
  readonly description: string;
}

/** What {@linkcode parseRunnerOptions} reads: each has a value. */
export const runnerFlagNames = ["device", "threads", "kernels"] as const;

/**
 * Reads the flags; leaves others alone.
 *
 * @throws {TypeError} If a value can't be understood.
 */
export function parseRunnerOptions(args: string[]): RunnerOptions {
  const flags = parseArgs(args, { string: runnerFlagNames });
  const { device = "cpu", threads = navigator.hardwareConcurrency, kernels = "auto" } = flags;
  if (device !== "cpu" && device !== "gpu") {
    throw new TypeError(`Cannot compute on --device ${device}: wanted cpu or gpu`);
  }
  if (!Number.isSafeInteger(Number(threads)) || Number(threads) < 1) {
    throw new TypeError(`Cannot understand --threads ${threads}: wanted a whole number above 0`);
  }
  if (kernels !== "auto" && kernels !== "fused" && kernels !== "tensorflow" && kernels !== "xla") {
    throw new TypeError(`Cannot run blocks with --kernels ${kernels}: wanted auto, fused, tensorflow or xla`);
  }
  return { device, threads: Number(threads), kernels };
}

/** The flags that {@linkcode parseRunnerOptions} reads back as the same. */
export function runnerFlags({ device, threads, kernels }: RunnerOptions): string[] {
  return ["--device", device, "--threads", String(threads), "--kernels", kernels];
}

/** Starts the engine; once a process. */
export async function startRunner(options: RunnerOptions): Promise<BenchRunner> {
  const { device, threads, kernels } = options;
  const engine = await registerTensorFlow({ device, threads });
  const build = await ensureKernels({ kind: device, kernels });
  const blocks = build && loadKernels(build.path, threads, engine.memory);
  const runner = new UnitRunner(
    kernels === "xla" ? engine.xlaCompiler(sayWithoutXla) : engine.compiler,
    trainingBatchNorm(loneWorker, "counts"),
    blocks,
  );
  const description =
    `TensorFlow ${engine.version}, ${engine.deviceName}, ${engine.threads} threads, blocks by ${
      build?.name ?? (kernels === "xla" ? "xla" : "tensorflow")
    }`;
  return { engine, runner, description };
}

/** On stderr, as stdout may be a peer's answers. */
function sayWithoutXla(name: string, reason: string): void {
  console.error(`${name} runs without XLA, as ${reason}`);
}
