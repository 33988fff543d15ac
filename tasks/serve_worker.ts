/**
 * What a worker process does: starts the engine on its device and answers calls.
 *
 * @module
 */
import * as comlink from "comlink";
import { delimiter } from "node:path";
import { openImageThreads } from "../lib/data/image_threads.ts";
import { openCudaLibraries } from "../lib/engine/cuda_libraries.ts";
import { startEngine } from "../lib/engine/engine.ts";
import { type KernelBuild, loadKernels } from "../lib/fused/mod.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { hostCpuModel } from "../lib/train/profile_host.ts";
import { openChannel } from "../lib/workers/channel.ts";
import { leadGroup } from "../lib/workers/group_calls.ts";
import { StageWorker } from "../lib/workers/stage_worker.ts";
import { groupPlaceOf } from "../lib/workers/worker_place.ts";

/** A thread makes some 250 images of 500 x 375 px a second ready for training on their classes. */
const mostImageThreads = 16;
/** Images read, kept between epochs. */
const imageCacheBytes = 512 * 2 ** 20;

/**
 * Serves calls until the standard input ends.
 *
 * @param args libtensorflow's path, `cpu` or `gpu`, threads, the folder of data indexes, its place in a group as JSON,
 * the kernels of its blocks as JSON, `xla` if that compiles its units, and the folders of CUDA's libraries as in
 * `LD_LIBRARY_PATH`; an empty text for each of the last five that is not.
 */
export async function serveWorker(args: readonly string[]): Promise<void> {
  const [libraryPath, device, threads, indexDir, placeText, kernelsText, xla, cudaFolders] = args;
  const place = groupPlaceOf(placeText);
  await openCudaLibraries(cudaFolders.split(delimiter).filter((folder) => folder !== ""));
  const engine = await startEngine({
    libraryPath,
    device: device === "gpu" ? "gpu" : "cpu",
    threads: Number(threads),
    ...(place && { group: place }),
  });
  const kernels: KernelBuild | null = kernelsText === "" ? null : JSON.parse(kernelsText);
  const withoutXla: string[] = [];
  const unitCompiler = xla === "" ? null : engine.xlaCompiler((name, reason) => {
    const sentence = `${name}, as ${reason}`; // the same of every shape
    if (!withoutXla.includes(sentence)) withoutXla.push(sentence);
  });
  const indexes = indexDir === "" ? null : { dir: indexDir, canWrite: false };
  const report = {
    tensorflow: engine.version,
    deviceName: engine.deviceName,
    threads: engine.threads,
    hostCpu: await hostCpuModel(),
    kernels: kernels?.name ?? (unitCompiler === null ? "tensorflow" : "xla"),
    withoutXla,
  };
  using imageThreads = openImageThreads({
    entry: new URL("image_thread.ts", import.meta.url),
    argument: libraryPath,
    count: Math.min(mostImageThreads, engine.threads),
    cacheBytes: imageCacheBytes,
  });
  const blocks = kernels && { kernels: loadKernels(kernels.path, engine.threads, engine.memory) };
  const computing = { ...engine, ...blocks, ...(unitCompiler && { unitCompiler }), imageThreads };
  const worker = new StageWorker(computing, report, new DataSets(indexes));
  const channel = openChannel(Deno.stdin.readable, Deno.stdout.writable);
  const leading = place?.rank === 0 && engine.group ? leadGroup(worker, engine.group) : null;
  comlink.expose(leading?.api ?? worker, channel);
  await channel.closed;
  leading?.dismiss();
}
