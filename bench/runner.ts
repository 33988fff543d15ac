/**
 * The one place where the benches get their engine and what runs units on it: a flag that changes how units are run
 * is read here, and every bench has it.
 *
 * @module
 */
import { type Engine, registerTensorFlow } from "../lib/engine/mod.ts";
import { batchNormEpsilon, localBatchNorm } from "../lib/nn/batch_norm.ts";
import { UnitRunner } from "../lib/train/unit_runner.ts";

/** How a bench computes. */
export interface RunnerOptions {
  /** Default `cpu`. */
  readonly device?: "cpu" | "gpu";
  /** CPU threads of one operation; default all cores. */
  readonly threads?: number;
}

/** An engine with a runner; both live as long as the process. */
export interface BenchRunner {
  readonly engine: Engine;
  readonly runner: UnitRunner;
  /** What computed, for a record: versions, device, threads. */
  readonly description: string;
}

/** Starts the engine; once a process. */
export async function startRunner(options: RunnerOptions = {}): Promise<BenchRunner> {
  const engine = await registerTensorFlow(options);
  const runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
  const description = `TensorFlow ${engine.version}, ${engine.deviceName}, ${engine.threads} threads`;
  return { engine, runner, description };
}
