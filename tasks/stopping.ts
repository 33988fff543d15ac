/**
 * How a command is stopped: the first SIGINT or SIGTERM asks it to leave a state that it can go on from, a second one
 * ends it at once; so does the first while there is no such state yet.
 *
 * @module
 */
import { systemTimers, type Timers } from "../lib/workers/timers.ts";

/** The signals that stop a command. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** What a command that was told to stop rejects with. */
export class Stopped extends Error {
  /** What a shell gives for a process that the signal ended: 128 and the signal's number. */
  readonly exitCode: number;
  /** What told it. */
  readonly signal: StopSignal;

  /** @param signal What told it. */
  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`);
    this.name = "Stopped";
    this.signal = signal;
    this.exitCode = signal === "SIGINT" ? 130 : 143;
  }
}

/** After this the command is ended wherever it is: what is on the disk is whole at any time. */
const patienceMs = 9000;
/** Signals within this are one: `deno task` hands on to its child the Ctrl-C that the whole group has got. */
const echoMs = 1000;

/** A command's wish to stop. */
export class Stopping {
  readonly #controller = new AbortController();
  readonly #exit: (stopped: Stopped) => void;
  readonly #timers: Timers;
  #isListening = false;
  #firstMs = 0;

  /**
   * @param exit Ends the process.
   * @param timers Real time, but in tests.
   */
  constructor(exit: (stopped: Stopped) => void, timers: Timers = systemTimers) {
    this.#exit = exit;
    this.#timers = timers;
  }

  /** Aborts when the command is to stop, with a {@linkcode Stopped} as reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Takes the process's signals; until {@linkcode listen} they end it at once. */
  attach(): void {
    Deno.addSignalListener("SIGINT", () => this.request("SIGINT"));
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => this.request("SIGTERM"));
  }

  /** From now on there is something to leave in order. */
  listen(): AbortSignal {
    this.#isListening = true;
    return this.signal;
  }

  /** A signal has come. */
  request(signal: StopSignal): void {
    const stopped = new Stopped(signal);
    if (!this.#isListening) this.#exit(stopped);
    else if (!this.signal.aborted) {
      this.#firstMs = this.#timers.nowMs();
      this.#timers.after(patienceMs, () => this.#exit(stopped));
      this.#controller.abort(stopped);
    } else if (this.#timers.nowMs() - this.#firstMs >= echoMs) this.#exit(stopped);
  }
}
