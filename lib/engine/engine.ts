/**
 * The engine: libtensorflow under tfjs, with a compiler of functions.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import { registerBackend, type TensorFlowBackend } from "./backend.ts";
import { FfiBinding } from "./binding.ts";
import { TensorFlowCompiler } from "./compile.ts";
import { EagerContext } from "./eager_context.ts";
import { registerKernels, uploadImages } from "./kernels.ts";
import { TensorFlowLibrary } from "./tensorflow_library.ts";

/** How the engine is started. */
export interface EngineOptions {
  /** Absolute path of libtensorflow; see `findLibrary`. */
  readonly libraryPath: string;
  /** Default `cpu`. */
  readonly device?: "cpu" | "gpu";
  /** Threads of one operation on the CPU; default all cores. CPU results depend on it, so runs store it. */
  readonly threads?: number;
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
  /** `[N, H, W, 3]` uint8 to float32 on the device; the caller owns the result. */
  uploadImages(images: Uint8Array, shape: readonly number[]): Tensor;
  /** Native tensors alive. */
  liveTensors(): number;
}

/**
 * Loads libtensorflow and makes it tfjs's backend `tensorflow`. Once a process: tfjs keeps one backend of a name.
 *
 * @throws {Error} If the library cannot be loaded, or a GPU was asked for and TensorFlow sees none.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const threads = options.threads ?? navigator.hardwareConcurrency;
  setTensorFlowEnvironment();
  const library = new TensorFlowLibrary(options.libraryPath);
  const context = new EagerContext(library, {
    intraOpThreads: threads,
    interOpThreads: threads,
    isGpuVisible: options.device === "gpu",
  });
  requireDevice(options.device ?? "cpu", context);
  const backend: TensorFlowBackend = await registerBackend(new FfiBinding(context));
  registerKernels(backend);
  return {
    version: library.version,
    deviceName: context.device.name,
    threads,
    compiler: new TensorFlowCompiler(context, backend),
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
