/**
 * Workers that score candidates with one supernet: candidates that are asked for together go to idle workers in groups
 * that start alike, and each worker has one group at a time.
 *
 * A worker that ends is started again, and its candidates go to others, then each alone. That is no failure of theirs: which
 * worker scores what, and how often workers end, leaves no trace in the scores. But a candidate on which three
 * workers end that had scored others before is at fault itself, and is refused from then on.
 *
 * @module
 */
import { groupCandidates } from "../search/prefix_groups.ts";
import type { StoppedScore } from "../search/search_options.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { Deadline } from "./deadline.ts";
import { requestGroups, type ScoreRequest, ScoreRequests, settle } from "./score_requests.ts";
import { type Timers, untilStopped } from "./timers.ts";
import type { LivePictures, RecalibrationMode, ScoreOutcome, TrainingTask } from "./worker_api.ts";
import { type RemoteWorker, WorkerError } from "./worker_process.ts";
import type { WorkerSlot } from "./worker_slot.ts";

/** Ends of workers that a candidate is blamed for before it is refused. */
export const maxBlames = 3;

/** What a pool is made of. */
export interface PoolOptions {
  readonly task: TrainingTask;
  /** Batch norm's mode; the config's, if none is given. */
  readonly recalibration?: RecalibrationMode;
  /** An architecture that was scored before, by which a worker that was started again proves itself; null if none. */
  readonly proof: Architecture | null;
  readonly timers: Timers;
  /** The job's: when it aborts, calls reject with its reason. */
  readonly signal: AbortSignal;
  /** Told of each worker that ended, a sentence. */
  readonly onDeath: (sentence: string) => void;
}

type Kind = "score" | "gateGradients" | "pictures";

/** A call that waits for a worker. */
interface Waiter {
  /** Those on which it has failed: they get it only if no other is ready or at work. */
  readonly avoided: ReadonlySet<WorkerSlot>;
  readonly take: (slot: WorkerSlot) => void;
}

/** An open pool. Dispose it: the supernet is closed on the first worker, and the other workers end. */
export class WorkerPool implements AsyncDisposable {
  readonly #slots: readonly WorkerSlot[];
  readonly #options: PoolOptions;
  readonly #stop = new AbortController();
  readonly #idle = new Set<WorkerSlot>();
  /** Those whose process has scored something. */
  readonly #proven = new Set<WorkerSlot>();
  readonly #waiters: Waiter[] = [];
  readonly #requests = new ScoreRequests((requests) => this.#scoreTogether(requests));
  readonly #refused = new Map<string, string>();
  readonly #deadlines: Readonly<Record<Kind, Deadline>> = {
    score: new Deadline(),
    gateGradients: new Deadline(),
    pictures: new Deadline(),
  };
  /** Those that are being made ready. */
  readonly #preparing = new Map<WorkerSlot, Promise<void>>();
  #proof: Architecture | null;

  /** Aborts when the job is stopped, or when the pool can't go on: no worker is left, or the supernet can't be opened. */
  readonly signal: AbortSignal;

  /**
   * Opens the supernet on every worker; the first call waits for the first of them.
   *
   * @param slots At least one; they are the pool's until it is disposed.
   */
  constructor(slots: readonly WorkerSlot[], options: PoolOptions) {
    this.#slots = slots;
    this.#options = options;
    this.#proof = options.proof;
    this.signal = AbortSignal.any([options.signal, this.#stop.signal]);
    for (const slot of slots) this.#serve(slot);
  }

  /**
   * An architecture's score. Those that are asked for in the same turn share work; that changes no bit of a score.
   *
   * @param rivals Whose least score counts, if the config's early stop may leave out those that won't reach it.
   * @throws What the evaluation threw; an error if the candidate ended three workers; the signal's reason.
   */
  score(
    choices: Architecture,
    rivals: readonly Architecture[] | null = null,
  ): Promise<number | StoppedScore> {
    return this.#requests.ask(choices, rivals);
  }

  /** One derivative a block, see `WorkerApi.gateGradients`. Throws as `score` does. */
  async gateGradients(choices: Architecture, step: number): Promise<number[]> {
    const key = `${architectureKey(choices)}, step ${step}`;
    return await this.#work("gateGradients", key, (worker) => worker.gateGradients(choices, step));
  }

  /** What a candidate finds, see `WorkerApi.candidatePictures`. Throws as `score` does. */
  async pictures(choices: Architecture): Promise<LivePictures> {
    const { task } = this.#options;
    const key = `pictures of ${architectureKey(choices)}`;
    return await this.#work("pictures", key, (worker) => worker.candidatePictures(task, choices));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isStopped = this.signal.aborted;
    this.#stop.abort(new Error("The pool is closed"));
    await Promise.all(this.#preparing.values());
    const [first, ...others] = this.#slots;
    await Promise.all(others.map((slot) => slot.end()));
    if (isStopped || !this.#idle.has(first)) await first.end(); // whatever it was at is of no use any more
    else await first.call((worker) => worker.closeScoring());
  }

  /** Cuts what is asked for into groups, so that all workers have equally much to do. */
  #scoreTogether(requests: readonly ScoreRequest[]): void {
    const open = this.#slots.filter(({ isOpen }) => isOpen).length;
    for (const group of requestGroups(requests, groupCandidates, Math.max(1, open))) {
      void this.#scoreGroup(group);
    }
  }

  /** A worker that ends at a group blames nobody; its candidates go on alone, as one of them may be at fault. */
  async #scoreGroup(group: readonly ScoreRequest[]): Promise<void> {
    try {
      const outcomes = await this.#outcomes(group);
      this.#proof ??= group.find((_, i) => "score" in outcomes[i])?.choices ?? null;
      group.forEach((request, i) => settle(request, outcomes[i]));
    } catch (error) {
      if (error instanceof WorkerError && group.length > 1) {
        for (const request of group) void this.#scoreGroup([request]);
      } else group.forEach(({ reject }) => reject(error));
    }
  }

  async #outcomes(group: readonly ScoreRequest[]): Promise<ScoreOutcome[]> {
    const candidates = group.map(({ choices }) => choices);
    const [{ choices, rivals }] = group;
    const scoreAll = (worker: RemoteWorker): Promise<ScoreOutcome[]> => worker.scoreAll(candidates, rivals);
    if (group.length > 1) {
      return await this.#attempt(await this.#idleSlot(new Set()), "score", scoreAll, group.length);
    }
    const key = architectureKey(choices);
    if (rivals !== null) return await this.#work("score", key, scoreAll);
    return [{ score: await this.#work("score", key, (worker) => worker.score(choices)) }];
  }

  /** Gives a call to workers until one answers. */
  async #work<T>(kind: Kind, key: string, call: (worker: RemoteWorker) => Promise<T>): Promise<T> {
    const avoided = new Set<WorkerSlot>();
    for (let blames = 0; !this.#refused.has(key);) {
      const slot = await this.#idleSlot(avoided);
      const isProven = this.#proven.has(slot);
      try {
        return await this.#attempt(slot, kind, call);
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error;
        avoided.add(slot);
        if (isProven && ++blames === maxBlames) this.#refused.set(key, refusal(error));
      }
    }
    throw new Error(this.#refused.get(key));
  }

  /** One call of an idle worker, which is idle again afterwards, or is started again. */
  async #attempt<T>(
    slot: WorkerSlot,
    kind: Kind,
    call: (worker: RemoteWorker) => Promise<T>,
    parts = 1,
  ): Promise<T> {
    try {
      const result = await this.#timed(slot, kind, call, parts);
      this.#release(slot);
      return result;
    } catch (error) {
      if (!(error instanceof WorkerError)) this.#release(slot);
      else {
        this.#mourn(slot, error);
        this.#serve(slot);
      }
      throw error;
    }
  }

  /** Calls a worker, and ends it if it takes far longer than such calls did before. */
  async #timed<T>(
    slot: WorkerSlot,
    kind: Kind,
    call: (worker: RemoteWorker) => Promise<T>,
    parts = 1,
  ): Promise<T> {
    const result = await this.#deadlines[kind].hold(this.#options.timers, slot, () => slot.call(call), parts);
    slot.succeeded();
    this.#proven.add(slot);
    return result;
  }

  /** Makes a worker ready for candidates, however often it ends meanwhile. */
  #serve(slot: WorkerSlot): void {
    const ready = this.#prepare(slot).then(
      () => void this.#preparing.delete(slot),
      (error) => this.#stop.abort(error),
    );
    this.#preparing.set(slot, ready.then(() => this.#match()));
    this.#match(); // a call may have waited for this worker rather than for those it failed on
  }

  async #prepare(slot: WorkerSlot): Promise<void> {
    while (slot.isOpen) {
      try {
        await untilStopped(this.signal, this.#open(slot));
        this.#idle.add(slot);
        return;
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error;
        this.#mourn(slot, error);
      }
    }
    if (!this.#slots.some(({ isOpen }) => isOpen)) throw noneLeft(slot);
  }

  /** A worker that was started again proves itself before it gets a candidate, so that none is blamed for its faults. */
  async #open(slot: WorkerSlot): Promise<void> {
    const { task, recalibration } = this.#options;
    const proof = slot.deaths === 0 ? null : this.#proof;
    await slot.call((worker) => worker.openScoring(task, recalibration));
    this.signal.throwIfAborted(); // nobody is there any more to end what a call would start
    if (proof !== null) await this.#timed(slot, "score", (worker) => worker.score(proof));
  }

  #mourn(slot: WorkerSlot, { message }: WorkerError): void {
    this.#proven.delete(slot);
    const next = slot.isOpen ? "started again" : `given up after ${slot.deaths} times in a row`;
    this.#options.onDeath(`${slot.name} is ${next}: ${message}`);
  }

  #idleSlot(avoided: ReadonlySet<WorkerSlot>): Promise<WorkerSlot> {
    const waiting = new Promise<WorkerSlot>((take) => this.#waiters.push({ avoided, take }));
    this.#match();
    return untilStopped(this.signal, waiting);
  }

  #release(slot: WorkerSlot): void {
    this.#idle.add(slot);
    this.#match();
  }

  /** Hands idle workers to those who wait, first come first served. */
  #match(): void {
    for (const waiter of [...this.#waiters]) {
      const slot = [...this.#idle].find((slot) => this.#isFor(slot, waiter));
      if (slot === undefined) continue;
      this.#idle.delete(slot);
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.take(slot);
    }
  }

  #isFor(slot: WorkerSlot, { avoided }: Waiter): boolean {
    const isBetter = (other: WorkerSlot): boolean =>
      !avoided.has(other) && other.isOpen && !this.#preparing.has(other);
    return !avoided.has(slot) || !this.#slots.some(isBetter);
  }
}

function refusal({ message }: WorkerError): string {
  return `${maxBlames} workers ended while they scored it. The last: ${message}`;
}

function noneLeft(slot: WorkerSlot): WorkerError {
  return new WorkerError(`Cannot go on scoring as no worker is left. ${slot.lastDeath}`);
}
