/**
 * A worker's place: one device, or one share of the cores, and the process that works there now. A process that
 * ended is started again, after a pause that doubles each time; one that ends over and over is given up.
 *
 * @module
 */
import { pause, type Timers, untilStopped } from "./timers.ts";
import { type CallableWorker, type RemoteWorker, WorkerError, type WorkerProcess } from "./worker_process.ts";

/** Deaths in a row, without a success between, that close a slot. */
export const maxDeaths = 5;
/** The pause before a process is started again after one death. */
const firstPauseMs = 500;

/** What a slot is made of. */
export interface SlotOptions {
  /** For messages, e.g. `worker 1`. */
  readonly name: string;
  /** Starts a process; what it throws, the call that needed the process throws. */
  readonly start: () => WorkerProcess | Promise<WorkerProcess>;
  readonly timers: Timers;
  /** The job's: when it aborts, calls reject with its reason and nothing is started any more. */
  readonly signal: AbortSignal;
}

/** A worker that outlives its processes. Dispose it, and no process is left. */
export class WorkerSlot implements CallableWorker, AsyncDisposable {
  /** For messages, e.g. `worker 1`. */
  readonly name: string;
  readonly #options: SlotOptions;
  #process: Promise<WorkerProcess> | null = null;
  #ending = new AbortController();
  #deaths = 0;
  #lastDeath = "";

  /** No process is started before the first call. */
  constructor(options: SlotOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Whether there is, or will be, a process to call. */
  get isOpen(): boolean {
    return this.#deaths < maxDeaths;
  }

  /** Deaths in a row, without a success between. */
  get deaths(): number {
    return this.#deaths;
  }

  /** What the last of them was; empty if there was none. */
  get lastDeath(): string {
    return this.#lastDeath;
  }

  /**
   * Calls the process, started if there is none. What an earlier process had opened is not open in a new one.
   *
   * @throws {WorkerError} If the process ends before it answers, or the slot is closed; the signal's reason as soon as
   * it aborts; else what the call threw.
   */
  async call<T>(call: (worker: RemoteWorker) => Promise<T>): Promise<T> {
    return await untilStopped(this.#options.signal, this.finish(call));
  }

  /** The same, but the answer is waited for also when the job is to stop: for what must not be left half done. */
  async finish<T>(call: (worker: RemoteWorker) => Promise<T>): Promise<T> {
    const starting = this.#process ??= this.#start();
    const process = await starting;
    try {
      return await process.call(call);
    } catch (error) {
      if (error instanceof WorkerError) await this.#bury(starting, error);
      throw error;
    }
  }

  /** The process has got on with its work: deaths before no longer count. */
  succeeded(): void {
    this.#deaths = 0;
  }

  /** Ends the process at once, if there is one; its calls throw. */
  kill(reason: string): void {
    this.#process?.then((process) => process.kill(reason), () => {});
  }

  /** Ends the process at once and counts that as a death, if there is one: it is of no use any more. */
  async discard(reason: string): Promise<void> {
    const starting = this.#process;
    if (starting === null) return;
    (await starting.catch(() => null))?.kill(reason);
    await this.#bury(starting, new WorkerError(`The worker process was ended as it ${reason}`));
  }

  /** Ends the process and forgets its deaths; the next call starts another. */
  async end(): Promise<void> {
    this.#deaths = 0;
    await this.#endProcess();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endProcess();
  }

  async #endProcess(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    this.#ending.abort(new WorkerError(`${this.name} is to end`)); // a start that waits for its time
    this.#ending = new AbortController();
    await (await process?.catch(() => null))?.[Symbol.asyncDispose]();
  }

  async #start(): Promise<WorkerProcess> {
    const { name, start, timers, signal } = this.#options;
    try {
      signal.throwIfAborted();
      if (!this.isOpen) {
        throw new WorkerError(
          `Cannot start ${name} again as it ended ${this.#deaths} times in a row. ${this.#lastDeath}`,
        );
      }
      const pauseMs = this.#deaths === 0 ? 0 : firstPauseMs * 2 ** (this.#deaths - 1);
      if (pauseMs > 0) await pause(timers, pauseMs, AbortSignal.any([signal, this.#ending.signal]));
      return await start();
    } catch (error) {
      this.#process = null;
      throw error;
    }
  }

  /** Counts a death once, however many calls meet it. */
  async #bury(process: Promise<WorkerProcess>, { message }: WorkerError): Promise<void> {
    if (this.#process !== process) return;
    this.#deaths++;
    this.#lastDeath = message;
    await this.#endProcess();
  }
}
