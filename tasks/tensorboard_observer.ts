/**
 * Keeps a run's TensorBoard file up with its stages.
 *
 * @module
 */
import type { Stage } from "../lib/run/run_folder.ts";
import type { StageObserver, StageProgress } from "../lib/stages/stage_context.ts";
import type { TensorBoardLog } from "../lib/stages/tensorboard_log.ts";

/** TensorBoard itself looks every five seconds. */
const intervalMs = 2000;

/** Hands on what stages tell, and writes events where there may be new ones. Dispose it after the stages. */
export class TensorBoardObserver implements StageObserver, AsyncDisposable {
  readonly #observer: StageObserver;
  readonly #log: Pick<TensorBoardLog, "update">;
  readonly #nowMs: () => number;
  #updatedMs = -Infinity;
  /** The updates so far; one waits for the other. */
  #updates: Promise<void> = Promise.resolve();
  #hasFailed = false;

  /**
   * @param observer Who is told.
   * @param log The run's.
   * @param nowMs A clock in milliseconds.
   */
  constructor(
    observer: StageObserver,
    log: Pick<TensorBoardLog, "update">,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#observer = observer;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  progress(progress: StageProgress): void {
    this.#observer.progress(progress);
    if (this.#nowMs() - this.#updatedMs >= intervalMs) this.#update();
  }

  say(sentence: string): void {
    this.#observer.say(sentence);
  }

  started(stage: Stage): void {
    this.#observer.started(stage);
    this.#update();
  }

  finished(stage: Stage, result: unknown): void {
    this.#observer.finished(stage, result);
    this.#update();
  }

  /** Writes what is left to write. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#update();
    await this.#updates;
  }

  #update(): void {
    this.#updatedMs = this.#nowMs();
    this.#updates = this.#updates.then(() => this.#hasFailed ? undefined : this.#log.update()).catch(
      (error) => {
        this.#hasFailed = true; // no reason to end a training
        const reason = error instanceof Error ? error.message : String(error);
        this.#observer.say(`TensorBoard's file is left as it is: ${reason}`);
      },
    );
  }
}
