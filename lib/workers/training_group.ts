/**
 * Workers that train together, as one that never tires: the first is called, the others follow it. When one is lost, all
 * are ended and started again, since a group that has lost a member can exchange nothing any more.
 *
 * @module
 */
import type { Timers } from "./timers.ts";
import { type CallableWorker, type RemoteWorker, WorkerError } from "./worker_process.ts";
import type { WorkerSlot } from "./worker_slot.ts";

/** What a training is run on: one worker, or a group that acts as one. */
export interface Trainer extends CallableWorker {
  /** For messages, e.g. `worker 1`. */
  readonly name: string;
  /** Whether a call after a {@linkcode WorkerError} can help. */
  readonly isOpen: boolean;
  /** As `call`, but the answer is waited for also when the job is to stop: for what must not be left half done. */
  finish<T>(call: (worker: RemoteWorker) => Promise<T>): Promise<T>;
  /** The work has got on: losses before no longer count. */
  succeeded(): void;
  /** Ends what is at work at once; its calls throw. */
  kill(reason: string): void;
  /** Ends the processes and forgets their losses; the next call starts others. */
  end(): Promise<void>;
}

/** Longer than a lost worker goes unnoticed: how long the others' words are waited for, to tell the cause from its echoes. */
const patienceMs = 10_000;

/** A group, or this machine's part of it. Ended, it leaves no process. */
export class TrainingGroup implements Trainer {
  readonly name = "the group of workers";
  readonly #leader: WorkerSlot;
  readonly #followers: readonly WorkerSlot[];
  readonly #timers: Timers;
  readonly #signal: AbortSignal;
  /** Each follower's end; null while no group runs. */
  #following: readonly Promise<void>[] | null = null;

  /**
   * @param slots This machine's workers, in rank order: the first worker of the group, and those that follow it. They are
   * the group's, and whoever made them disposes them after the group has ended.
   * @param signal The job's.
   */
  constructor([leader, ...followers]: readonly WorkerSlot[], timers: Timers, signal: AbortSignal) {
    this.#leader = leader;
    this.#followers = followers;
    this.#timers = timers;
    this.#signal = signal;
  }

  get #slots(): readonly WorkerSlot[] {
    return [this.#leader, ...this.#followers];
  }

  get isOpen(): boolean {
    return this.#slots.every(({ isOpen }) => isOpen);
  }

  /**
   * @throws {WorkerError} If a worker is lost; all are ended then.
   * @throws What a worker's part of the call threw, whichever worker it was; all are ended then.
   */
  call<T>(call: (worker: RemoteWorker) => Promise<T>): Promise<T> {
    return this.#together(this.#leader.call(call));
  }

  finish<T>(call: (worker: RemoteWorker) => Promise<T>): Promise<T> {
    return this.#together(this.#leader.finish(call));
  }

  succeeded(): void {
    this.#slots.forEach((slot) => slot.succeeded());
  }

  kill(reason: string): void {
    this.#slots.forEach((slot) => slot.kill(reason));
  }

  async end(): Promise<void> {
    this.#following = null;
    await this.#leader.end(); // lets the others go
    await Promise.all(this.#followers.map((slot) => slot.end()));
  }

  async #together<T>(answer: Promise<T>): Promise<T> {
    const following = this.#following ??= this.#follow();
    const lost = Promise.race(following.map((end) => end.then(() => new Promise<never>(() => {}))));
    try {
      return await (following.length === 0 ? answer : Promise.race([answer, lost]));
    } catch (error) {
      throw await this.#fall(error, [answer, ...following]);
    }
  }

  #follow(): Promise<void>[] {
    const following = this.#followers.map((slot) => slot.finish((worker) => worker.follow()));
    following.forEach((end) => end.catch(() => {})); // told by the call that meets it
    return following;
  }

  /** Waits for what the others say, ends all, and gives the cause. */
  async #fall(first: unknown, calls: readonly Promise<unknown>[]): Promise<unknown> {
    if (this.#signal.aborted && first === this.#signal.reason) return first;
    const errors = isEcho(first) ? await this.#errorsOf(calls) : [first];
    this.#following = null;
    await Promise.all(this.#slots.map((slot) => slot.discard("lost its group")));
    return causeOf(errors);
  }

  async #errorsOf(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
    const errors: unknown[] = [];
    await this.#within(Promise.all(calls.map((call) => call.catch((error) => void errors.push(error)))));
    return errors;
  }

  async #within(all: Promise<unknown>): Promise<void> {
    let callOff = (): void => {};
    const over = new Promise<void>((resolve) => callOff = this.#timers.after(patienceMs, resolve));
    await Promise.race([all, over]);
    callOff();
  }
}

/**
 * What the others' errors follow from: a lost worker first, then what a worker threw itself. What is left when neither is
 * known here happened to a worker on another machine.
 */
function causeOf(errors: readonly unknown[]): unknown {
  const lost = errors.find((error) => error instanceof WorkerError);
  if (lost !== undefined) return lost;
  const own = errors.find((error) => !isEcho(error));
  if (own !== undefined) return own;
  const [echo] = errors;
  const left = echo instanceof Error ? /worker \d+ left: .*/s.exec(echo.message)?.[0] : undefined;
  if (left !== undefined) return new Error(`Cannot go on as ${left}`);
  return new WorkerError(`Another worker is lost: ${echo instanceof Error ? echo.message : echo}`);
}

/** Whether an error only says that another worker is not there any more. */
function isEcho(error: unknown): boolean {
  return error instanceof Error && error.name === "TensorFlowError" &&
    /Collective ops is aborted|heartbeat|worker \d+ left|Socket closed|Connection reset/.test(error.message);
}
