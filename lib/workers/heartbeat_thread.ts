/**
 * The thread that `startHeartbeat` starts.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { beatIntervalMs } from "./heartbeat.ts";

beat();
setInterval(beat, beatIntervalMs);
self.postMessage("beating");

function beat(): void {
  try {
    Deno.stderr.writeSync(Uint8Array.of(0));
  } catch {
    // Nobody reads: the coordinator is gone. The main thread may not see that for long, and `Deno.exit` would end this
    // thread alone.
    Deno.kill(Deno.pid, "SIGKILL");
  }
}
