/**
 * Entry point of a worker process: owns a device, serves the coordinator's calls on its standard streams, and ends
 * when they do. Arguments: see `serveWorker`.
 *
 * @module
 */
import { startHeartbeat } from "../lib/workers/heartbeat.ts";

// Ctrl-C reaches the whole process group: what becomes of the worker is the coordinator's to say, by closing its input.
Deno.addSignalListener("SIGINT", () => {});
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => {});

// Standard output carries messages: whatever a library prints goes to standard error.
console.log = console.info = console.debug = console.error;

await startHeartbeat(); // before all that takes time to load
const { serveWorker } = await import("./serve_worker.ts");
await serveWorker(Deno.args).catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1); // at once: a thread of TensorFlow's may go on waiting for a group that has not come
});
Deno.exit(0);
