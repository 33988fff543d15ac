/**
 * Time as pools and slots use it: passed in, so that tests need not wait.
 *
 * @module
 */

/** A clock with alarms. */
export interface Timers {
  /** Milliseconds on a steady clock. */
  nowMs(): number;
  /**
   * Does something later.
   *
   * @returns Calls it off.
   */
  after(ms: number, action: () => void): () => void;
}

/** Real time. */
export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after(ms, action): () => void {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

/** Waits; rejects with the signal's reason as soon as it aborts. */
export async function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  let callOff = (): void => {};
  const over = new Promise<void>((resolve) => callOff = timers.after(ms, resolve));
  try {
    await untilStopped(signal, over);
  } finally {
    callOff();
  }
}

/** What the work gives, unless the signal aborts before: then its reason is thrown, and the work goes unheard. */
export async function untilStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = (): void => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([stopped, work]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
