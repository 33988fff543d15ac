/**
 * The engine's public face: libtensorflow as tfjs's backend `tensorflow`, found on this machine or fetched.
 *
 * @module
 */
import { type Engine, startEngine } from "./engine.ts";
import type { GroupOptions } from "./group_config.ts";
import { ensureLibrary, type LibraryOptions } from "./library.ts";

export { type Engine, type EngineOptions, startEngine } from "./engine.ts";
export type { GroupOptions } from "./group_config.ts";
export { MAX_CONSTANT_BYTES } from "./graph_trace.ts";
export {
  type DeviceKind,
  type EngineBuild,
  type EngineLibrary,
  ensureLibrary,
  type Environment,
  type FetchProgress,
  findLibrary,
  type LibraryOptions,
  type Wheel,
} from "./library.ts";
export type { TensorFlowCompiler } from "./compile.ts";
export type { HostMemory, MemoryToAdopt } from "../nn/host_memory.ts";
export type { XlaFallback } from "./xla.ts";
export { TensorFlowError } from "./tensorflow_error.ts";

/** Where the library comes from and how it runs. */
export interface RegisterOptions extends LibraryOptions {
  /** Threads of one operation on the CPU; default all cores. */
  readonly threads?: number;
  /** The workers that train together; default none. */
  readonly group?: GroupOptions;
}

/**
 * Finds libtensorflow (or fetches it), loads it and makes it tfjs's current backend `tensorflow`.
 *
 * @param options Where to look and how to run; all have defaults.
 * @returns The engine, for the rest of the process: tfjs keeps it, and it need not be disposed.
 * @throws {Deno.errors.NotFound} If there is no library and none can be fetched.
 * @throws {RangeError} If the group's rank is none of its addresses'.
 * @throws {Error} If the library can't be loaded, or a GPU was asked for and TensorFlow sees none.
 * @throws {Deno.errors.NotCapable} Without unrestricted `--allow-ffi`.
 *
 * @example tfjs on libtensorflow
 * ```ts
 * // deno run --allow-read --allow-write --allow-env --allow-ffi --allow-run=python3,python
 * import * as tf from "@tensorflow/tfjs-core";
 * import { registerTensorFlow } from "@detnas/detnas/engine";
 *
 * const engine = await registerTensorFlow({ threads: 1 });
 * const product = tf.tidy(() => tf.matMul(tf.ones([2, 3]), tf.ones([3, 4])));
 * console.log(tf.getBackend(), product.shape, product.dataSync()[0]); // tensorflow [ 2, 4 ] 3
 *
 * using square = engine.compiler.plain(
 *   { name: "square", inputs: [{ shape: [2], dtype: "float32" }] },
 *   ([x]) => [tf.mul(x, x)],
 * );
 * const [y] = square.call([tf.tensor1d([3, 4])]);
 * console.log([...y.dataSync()]); // [ 9, 16 ]
 * ```
 */
export async function registerTensorFlow(options: RegisterOptions = {}): Promise<Engine> {
  const library = await ensureLibrary(options);
  return await startEngine({
    libraryPath: library.path,
    device: options.device ?? "cpu",
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.group === undefined ? {} : { group: options.group }),
  });
}
