/**
 * Opening CUDA's libraries before TensorFlow looks for them. It opens them by bare names, such as `libcudart.so.12`,
 * and the loader gives it the ones that are open already. So a process that could not be started with
 * `LD_LIBRARY_PATH` finds them all the same.
 *
 * @module
 */
import { join } from "node:path";

/** What TensorFlow opens by name, in the order of what needs what; `cuda` is the driver. */
const stems = [
  ...["cuda", "cudart", "nvJitLink", "nvrtc", "cublasLt", "cublas", "cufft", "cusparse", "cusolver"],
  ...["cudnn", "cupti", "nccl"],
];

/**
 * Opens what there is of CUDA's libraries, for the life of the process. One that can't be opened is passed over:
 * TensorFlow says what it misses.
 *
 * @param folders Where they may lie, the first to have a library wins; those that don't exist are passed over.
 * @returns The paths of those that were opened.
 * @throws {Deno.errors.NotCapable} Without unrestricted `--allow-ffi`.
 */
export async function openCudaLibraries(folders: readonly string[]): Promise<string[]> {
  const opened: string[] = [];
  for (const path of await cudaLibraries(folders)) if (open(path)) opened.push(path);
  return opened;
}

/** The paths of CUDA's libraries in these folders, in the order to open them. */
async function cudaLibraries(folders: readonly string[]): Promise<string[]> {
  const paths = new Map<string, string>();
  for (const folder of folders) {
    for (const name of await fileNames(folder)) {
      if (stemOf(name) !== undefined && !paths.has(name)) paths.set(name, join(folder, name));
    }
  }
  const rank = (name: string): number => stems.indexOf(stemOf(name)!);
  return [...paths].sort(([a], [b]) => rank(a) - rank(b)).map(([, path]) => path);
}

/** `cudart` of `libcudart.so.12`; nothing for files that have no such name. */
function stemOf(fileName: string): string | undefined {
  const stem = fileName.match(/^lib(\w+)\.so\.\d+$/)?.[1];
  return stem !== undefined && stems.includes(stem) ? stem : undefined;
}

async function fileNames(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}

function open(path: string): boolean {
  try {
    Deno.dlopen(path, {});
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}
