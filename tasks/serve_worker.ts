/**
 * What a worker process does: starts the engine on its device and answers calls.
 *
 * @module
 */
import * as comlink from "comlink";
import { openImageThreads } from "../lib/data/image_threads.ts";
import { startEngine } from "../lib/engine/engine.ts";
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
 * @param args libtensorflow's path, `cpu` or `gpu`, threads, and the folder of data indexes, or an empty text, and
 * its place in a group as JSON, or an empty text.
 */
export async function serveWorker(args: readonly string[]): Promise<void> {
  const [libraryPath, device, threads, indexDir, placeText] = args;
  const place = groupPlaceOf(placeText);
  const engine = await startEngine({
    libraryPath,
    device: device === "gpu" ? "gpu" : "cpu",
    threads: Number(threads),
    ...(place && { group: place }),
  });
  const indexes = indexDir === "" ? null : { dir: indexDir, canWrite: false };
  const report = {
    tensorflow: engine.version,
    deviceName: engine.deviceName,
    threads: engine.threads,
    hostCpu: await hostCpuModel(),
  };
  using imageThreads = openImageThreads({
    entry: new URL("image_thread.ts", import.meta.url),
    argument: libraryPath,
    count: Math.min(mostImageThreads, engine.threads),
    cacheBytes: imageCacheBytes,
  });
  const worker = new StageWorker({ ...engine, imageThreads }, report, new DataSets(indexes));
  const channel = openChannel(Deno.stdin.readable, Deno.stdout.writable);
  const leading = place?.rank === 0 && engine.group ? leadGroup(worker, engine.group) : null;
  comlink.expose(leading?.api ?? worker, channel);
  await channel.closed;
  leading?.dismiss();
}
