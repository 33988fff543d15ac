/**
 * Signs of life of a worker process. A thread of its own writes them, since the worker's main thread is in native
 * code for seconds; so they say that the process runs, not that it gets on (see `Deadline`).
 *
 * A beat is a zero byte on standard error: that stream is there anyway, and no text holds one.
 *
 * @module
 */

/** How often a worker beats. A worker whose coordinator is gone notices it at the next beat, and ends. */
export const beatIntervalMs = 500;
/** How often the coordinator looks. */
export const tickIntervalMs = 1000;
/** Ticks without a beat after which a worker is silent: stopped, or its machine is in great trouble. */
const silentTicks = 5;
/** The same before the first beat: a process may take its time to start where disks are slow. */
const startingTicks = 30;

const beatByte = 0;

/** Starts the beats of this process, and its end at the first beat that nobody hears; resolves after the first. */
export async function startHeartbeat(): Promise<void> {
  const entry = new URL("./heartbeat_thread.ts", import.meta.url);
  const thread = new Worker(entry, { type: "module", name: "heartbeat" });
  await new Promise((resolve) => thread.addEventListener("message", resolve, { once: true }));
}

/**
 * Notices when beats stop. It counts the watcher's own ticks, not time: where both processes were suspended, as by
 * Ctrl-Z or a closed lid, no tick was made and none is missed.
 */
export class BeatWatch {
  #limit = startingTicks;
  #missed = 0;

  /** Takes note of what has come over standard error; gives it back without the beats. */
  hear(bytes: Uint8Array): Uint8Array {
    if (!bytes.includes(beatByte)) return bytes;
    this.#limit = silentTicks;
    this.#missed = 0;
    return bytes.filter((byte) => byte !== beatByte);
  }

  /** One more tick; tells whether the worker is silent. */
  tick(): boolean {
    return ++this.#missed >= this.#limit;
  }
}
