/**
 * The engine for tests: started once a process (of `deno test`: once a file), on whatever libtensorflow this
 * machine has, on the device that `DETNAS_TEST_DEVICE` names.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { TensorFlowBackend } from "../../lib/engine/backend.ts";
import type { FfiBinding } from "../../lib/engine/binding.ts";
import { type Engine, registerTensorFlow } from "../../lib/engine/mod.ts";
import { useCpuBackend } from "./cpu_kernels.ts";

/** `gpu` for a machine that has one; default `cpu`. */
export const testDevice = Deno.env.get("DETNAS_TEST_DEVICE") === "gpu" ? "gpu" : "cpu";

/** Two threads, so that results don't depend on the machine's cores. */
export const testThreads = 2;

let started: Promise<Engine> | undefined;

/** Starts the engine at the first call and makes it tfjs's backend. */
export async function useEngine(): Promise<Engine> {
  started ??= registerTensorFlow({ device: testDevice, threads: testThreads });
  const engine = await started;
  await tf.setBackend("tensorflow");
  return engine;
}

/** tfjs-node's native interface as the engine supplies it, for what tfjs itself never asks for. */
export function binding(): FfiBinding {
  return (tf.backend() as tf.KernelBackend & TensorFlowBackend).binding;
}

/** A tensor's values on the host, with what it is. */
export interface HostTensor {
  readonly shape: number[];
  readonly dtype: tf.DataType;
  readonly values: ArrayLike<number>;
}

/**
 * Runs a function on tfjs's `cpu` backend, and makes the engine the backend again.
 *
 * @param f Makes its own inputs from host values.
 */
export async function onCpu(f: () => Tensor[]): Promise<HostTensor[]> {
  await useCpuBackend();
  try {
    return onHost(f);
  } finally {
    await tf.setBackend("tensorflow");
  }
}

/** Runs a function on the current backend and takes its results to the host. */
export function onHost(f: () => Tensor[]): HostTensor[] {
  return tf.tidy(() =>
    f().map((x) => ({ shape: x.shape, dtype: x.dtype, values: x.dataSync() }))
  ) as HostTensor[];
}
