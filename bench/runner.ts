/**
 * The one place where the benches get their engine and what runs units on it: a flag that changes how units are run
 * is read here, and every bench has it.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type Engine, registerTensorFlow } from "../lib/engine/mod.ts";
import { batchNormEpsilon, localBatchNorm } from "../lib/nn/batch_norm.ts";
import { UnitRunner } from "../lib/train/unit_runner.ts";

/** How a bench computes. */
export interface RunnerOptions {
  readonly device: "cpu" | "gpu";
  /** CPU threads of one operation. */
  readonly threads: number;
}

/** An engine with a runner; both live as long as the process. */
export interface BenchRunner {
  readonly engine: Engine;
  readonly runner: UnitRunner;
  /** What computes, for a record. */
  readonly description: string;
}

/** What {@linkcode parseRunnerOptions} reads: each has a value. */
export const runnerFlagNames = ["device", "threads"] as const;

/**
 * Reads the flags; leaves others alone.
 *
 * @throws {TypeError} If a value can't be understood.
 */
export function parseRunnerOptions(args: string[]): RunnerOptions {
  const flags = parseArgs(args, { string: runnerFlagNames });
  const { device = "cpu", threads = navigator.hardwareConcurrency } = flags;
  if (device !== "cpu" && device !== "gpu") {
    throw new TypeError(`Cannot compute on --device ${device}: wanted cpu or gpu`);
  }
  if (!Number.isSafeInteger(Number(threads)) || Number(threads) < 1) {
    throw new TypeError(`Cannot understand --threads ${threads}: wanted a whole number above 0`);
  }
  return { device, threads: Number(threads) };
}

/** The flags that {@linkcode parseRunnerOptions} reads back as the same. */
export function runnerFlags({ device, threads }: RunnerOptions): string[] {
  return ["--device", device, "--threads", String(threads)];
}

/** Starts the engine; once a process. */
export async function startRunner({ device, threads }: RunnerOptions): Promise<BenchRunner> {
  const engine = await registerTensorFlow({ device, threads });
  const runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
  const description = `TensorFlow ${engine.version}, ${engine.deviceName}, ${engine.threads} threads`;
  return { engine, runner, description };
}
