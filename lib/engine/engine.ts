/**
 * The engine: libtensorflow under tfjs, with a compiler of functions.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { HostMemory } from "../nn/host_memory.ts";
import type { WorkerGroup } from "../nn/worker_group.ts";
import { registerBackend, type TensorFlowBackend } from "./backend.ts";
import { FfiBinding } from "./binding.ts";
import { TensorFlowCompiler } from "./compile.ts";
import { CollectiveGroup } from "./collectives.ts";
import { EagerContext } from "./eager_context.ts";
import { groupOf, type GroupOptions } from "./group_config.ts";
import { hostMemory } from "./host_memory.ts";
import { registerKernels, uploadImages } from "./kernels.ts";
import { TensorFlowLibrary } from "./tensorflow_library.ts";
import { requireXla, type XlaFallback } from "./xla.ts";

/** How the engine is started. */
export interface EngineOptions {
  /** Absolute path of libtensorflow; see `findLibrary`. */
  readonly libraryPath: string;
  /** Default `cpu`. */
  readonly device?: "cpu" | "gpu";
  /** Threads of one operation on the CPU; default all cores. CPU results depend on it, so runs store it. */
  readonly threads?: number;
  /**
   * The workers that train together, this one among them; default none. TensorFlow then listens on this worker's port,
   * on every interface and for anyone: only in a network namespace of its own, or a network that is trusted.
   */
  readonly group?: GroupOptions;
}

/** The engine at work. */
export interface Engine {
  /** TensorFlow's version, e.g. `2.21.0`. */
  readonly version: string;
  /** e.g. `/job:localhost/replica:0/task:0/device:CPU:0`. */
  readonly deviceName: string;
  /** Threads of one operation on the CPU. */
  readonly threads: number;
  /** Compiles tfjs functions into TensorFlow's. */
  readonly compiler: TensorFlowCompiler;
  /**
   * Another compiler, which makes few kernels of a function's many by XLA: slow to compile, for a GPU.
   *
   * @param onFallback Told of each function that XLA can't compile; TensorFlow's own kernels run it.
   * @throws {Error} If this libtensorflow, or this machine, can't compile by XLA at all.
   */
  xlaCompiler(onFallback: XlaFallback): TensorFlowCompiler;
  /** The workers that it was started with. */
  readonly group?: WorkerGroup;
  /** `[N, H, W, 3]` uint8 to float32 on the device; the caller owns the result. */
  uploadImages(images: Uint8Array, shape: readonly number[]): Tensor;
  /** Tensors as plain memory, for kernels of our own. */
  readonly memory: HostMemory;
  /** Native tensors alive. */
  liveTensors(): number;
}

/**
 * Loads libtensorflow and makes it tfjs's backend `tensorflow`. Once a process: tfjs keeps one backend of a name.
 *
 * @throws {Error} If the library cannot be loaded, or a GPU was asked for and TensorFlow sees none.
 * @throws {RangeError} If the group's rank is none of its addresses'.
 * @throws {Error} If the group's other workers don't come in time; the process must end then.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const threads = options.threads ?? navigator.hardwareConcurrency;
  setTensorFlowEnvironment();
  const library = new TensorFlowLibrary(options.libraryPath);
  const config = {
    intraOpThreads: threads,
    interOpThreads: threads,
    isGpuVisible: options.device === "gpu",
  };
  const group = options.group && groupOf(options.group);
  const context = group === undefined
    ? new EagerContext(library, config)
    : await EagerContext.joining(library, config, group);
  requireDevice(options.device ?? "cpu", context);
  const backend: TensorFlowBackend = await registerBackend(new FfiBinding(context));
  registerKernels(backend);
  return {
    version: library.version,
    deviceName: context.device.name,
    threads,
    compiler: new TensorFlowCompiler(context, backend),
    xlaCompiler: (onFallback) => {
      const byXla = (told: XlaFallback): TensorFlowCompiler => new TensorFlowCompiler(context, backend, told);
      requireXla(byXla, context.device.name);
      return byXla(onFallback);
    },
    ...(group && { group: new CollectiveGroup(context, backend, group) }),
    memory: hostMemory(context, backend),
    uploadImages: (images, shape) => uploadImages(backend, images, shape),
    liveTensors: () => backend.binding.getNumOfTensors(),
  };
}

/** Settings that TensorFlow reads from the environment when it is loaded; the user's own are kept. */
function setTensorFlowEnvironment(): void {
  const defaults = {
    TF_CPP_MIN_LOG_LEVEL: "2", // errors only
    TF_ENABLE_ONEDNN_OPTS: "1", // faster convolutions
    TF_DETERMINISTIC_OPS: "1", // same bits from run to run on a GPU
  };
  for (const [name, value] of Object.entries(defaults)) {
    if (Deno.env.get(name) === undefined) Deno.env.set(name, value);
  }
}

function requireDevice(kind: "cpu" | "gpu", context: EagerContext): void {
  if (kind === "cpu" || context.device.type === "GPU") return;
  const seen = context.devices.map((device) => device.name).join(", ");
  throw new Error(
    `Cannot run on a GPU as TensorFlow sees none: devices are ${seen}; check the driver and CUDA_VISIBLE_DEVICES, or use --device cpu`,
  );
}
