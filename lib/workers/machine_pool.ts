/**
 * Machines that score candidates with one supernet: this one's worker deals them out by rank, and each machine scores its
 * own. Candidates that are asked for together go in rounds, in which those that start alike go to the same machine.
 *
 * @module
 */
import { groupCandidates } from "../search/prefix_groups.ts";
import type { StoppedScore } from "../search/search_options.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { requestGroups, type ScoreRequest, ScoreRequests, settle } from "./score_requests.ts";
import { untilStopped } from "./timers.ts";
import type { Trainer } from "./training_group.ts";
import type { LivePictures, ScoreOutcome, TrainingTask } from "./worker_api.ts";
import { WorkerError } from "./worker_process.ts";

/** Losses while one candidate is scored alone after which it is refused; a round that loses a machine is taken apart. */
const maxLosses = 3;

/** What a pool of machines is made of. */
export interface MachinePoolOptions {
  readonly task: TrainingTask;
  /** How many machines there are. */
  readonly machines: number;
  /** The job's: when it aborts, calls reject with its reason. */
  readonly signal: AbortSignal;
  /** Told of each loss, a sentence. */
  readonly onDeath: (sentence: string) => void;
}

/** An open pool. Dispose it, and the supernet is closed. */
export class MachinePool implements AsyncDisposable {
  readonly #trainer: Trainer;
  readonly #options: MachinePoolOptions;
  readonly #requests = new ScoreRequests((requests) => this.#queue = this.#score(requests));
  /** What is under way, and all that was asked for before. */
  #queue: Promise<void> = Promise.resolve();
  #isOpen = false;
  readonly #stop = new AbortController();

  /** Aborts when the job is stopped, or when the machines can't go on. */
  readonly signal: AbortSignal;

  /** @param trainer The first worker of the group of machines. */
  constructor(trainer: Trainer, options: MachinePoolOptions) {
    this.#trainer = trainer;
    this.#options = options;
    this.signal = AbortSignal.any([options.signal, this.#stop.signal]);
  }

  /**
   * An architecture's score. Those that are asked for in the same turn share work; that changes no bit of a score.
   *
   * @param rivals Whose least score counts, if the config's early stop may leave out those that won't reach it.
   * @throws What the evaluation threw; an error if the machines fail over and over on this candidate; the signal's reason.
   */
  score(
    choices: Architecture,
    rivals: readonly Architecture[] | null = null,
  ): Promise<number | StoppedScore> {
    return untilStopped(this.signal, this.#requests.ask(choices, rivals));
  }

  /** One derivative a block, see `WorkerApi.gateGradients`, by this machine's worker. */
  async gateGradients(choices: Architecture, step: number): Promise<number[]> {
    return await this.#persist(
      architectureKey(choices),
      maxLosses,
      () => this.#trainer.call((worker) => worker.gateGradients(choices, step)),
    );
  }

  /** What a candidate finds, see `WorkerApi.candidatePictures`, by this machine's worker when what was asked for before is done. */
  pictures(choices: Architecture): Promise<LivePictures> {
    const { task } = this.#options;
    const pictures = this.#queue.then(() =>
      this.#persist(
        `pictures of ${architectureKey(choices)}`,
        1,
        () => this.#trainer.call((worker) => worker.candidatePictures(task, choices)),
      )
    );
    this.#queue = pictures.then(() => {}, () => {});
    return untilStopped(this.signal, pictures);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue;
    if (this.#isOpen && !this.signal.aborted) await this.#trainer.call((worker) => worker.closeScoring());
  }

  /** A round at a time, each as large as keeps all machines at work. */
  async #score(requests: readonly ScoreRequest[]): Promise<void> {
    await this.#queue;
    const most = this.#options.machines * groupCandidates;
    for (const round of requestGroups(requests, most)) await this.#scoreRound(round);
  }

  async #scoreRound(round: readonly ScoreRequest[]): Promise<void> {
    const outcomes = await this.#outcomes(round).catch((error) => error);
    if (Array.isArray(outcomes)) round.forEach((each, i) => settle(each, outcomes[i]));
    else if (round.length > 1 && outcomes instanceof WorkerError && !this.signal.aborted) {
      for (const each of round) await this.#scoreRound([each]); // which of them is at fault?
    } else round.forEach(({ reject }) => reject(outcomes));
  }

  async #outcomes(round: readonly ScoreRequest[]): Promise<ScoreOutcome[]> {
    const candidates = round.map(({ choices }) => choices);
    const [{ rivals }] = round;
    return await this.#persist(
      candidates.map(architectureKey).join(", "),
      candidates.length === 1 ? maxLosses : 1,
      () => this.#trainer.call((worker) => worker.scoreAll(candidates, rivals)),
    );
  }

  /** Makes a call with the supernet open, again if a machine is lost meanwhile. */
  async #persist<T>(what: string, tries: number, call: () => Promise<T>): Promise<T> {
    for (let losses = 1;; losses++) {
      try {
        await this.#open();
        const result = await call();
        this.#trainer.succeeded();
        return result;
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error;
        this.#isOpen = false;
        this.#options.onDeath(`${this.#trainer.name} is started again: ${error.message}`);
        if (!this.#trainer.isOpen) this.#stop.abort(error);
        this.signal.throwIfAborted();
        if (losses < tries) continue;
        throw new WorkerError(`Workers ended ${losses} times at ${what}. The last: ${error.message}`);
      }
    }
  }

  async #open(): Promise<void> {
    if (!this.#isOpen) await this.#trainer.call((worker) => worker.openScoring(this.#options.task));
    this.#isOpen = true;
  }
}
