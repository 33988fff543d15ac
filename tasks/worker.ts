/**
 * Entry point of a worker process: owns a device, serves the coordinator's calls on its standard streams, and ends
 * when they do. Arguments: libtensorflow's path, `cpu` or `gpu`, threads, and the
 * folder of data indexes, or an empty text.
 *
 * @module
 */
import * as comlink from "comlink";
import { startEngine } from "../lib/engine/engine.ts";
import { DataSets } from "../lib/train/datasets.ts";
import { openChannel } from "../lib/workers/channel.ts";
import { hostCpuModel } from "../lib/train/profile_host.ts";
import { StageWorker } from "../lib/workers/stage_worker.ts";

// Standard output carries messages: whatever a library prints goes to standard error.
console.log = console.info = console.debug = console.error;

const [libraryPath, device, threads, indexDir] = Deno.args;
const engine = await startEngine({
  libraryPath,
  device: device === "gpu" ? "gpu" : "cpu",
  threads: Number(threads),
});
const indexes = indexDir === "" ? null : { dir: indexDir, canWrite: false };
const worker = new StageWorker(engine, {
  tensorflow: engine.version,
  deviceName: engine.deviceName,
  threads: engine.threads,
  hostCpu: await hostCpuModel(),
}, new DataSets(indexes));
const channel = openChannel(Deno.stdin.readable, Deno.stdout.writable);
comlink.expose(worker, channel);
await channel.closed;
Deno.exit(0);
