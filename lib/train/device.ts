/**
 * What training needs of a device: a compiler of functions and a way to bring images onto it. The engine is one;
 * tests bring tfjs's cpu backend.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { ImageThreads } from "../data/image_threads.ts";
import type { BlockKernels } from "../nn/block_kernels.ts";
import type { Compiler } from "../nn/compiled.ts";
import type { WorkerGroup } from "../nn/worker_group.ts";

/** Where tensors live and functions run. */
export interface Device {
  /** How functions are compiled. */
  readonly compiler: Compiler;
  /** How the functions of units are compiled, if otherwise than the rest; default: as the rest. */
  readonly unitCompiler?: Compiler;
  /** Run whole blocks in place of compiled functions; default none. */
  readonly kernels?: BlockKernels;
  /** The workers that train together with this one; scoring never uses it. Default: none. */
  readonly group?: WorkerGroup;
  /** Make images ready while this thread computes; its owner disposes them. Default: this thread does it. */
  readonly imageThreads?: ImageThreads;
  /** `[N, H, W, 3]` uint8 to float32 in 0..255; the caller owns the result. */
  uploadImages(images: Uint8Array, shape: readonly number[]): Tensor;
}

/** How a device's units are compiled. */
export function unitCompilerOf({ unitCompiler, compiler }: Device): Compiler {
  return unitCompiler ?? compiler;
}

/** What loaders are told of a device. */
export function threadsOf({ imageThreads }: Device): { readonly threads?: ImageThreads } {
  return imageThreads === undefined ? {} : { threads: imageThreads };
}
