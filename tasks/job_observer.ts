/**
 * Tells a command's listener how its stages go.
 *
 * @module
 */
import type { RunFolder, Stage } from "../lib/run/run_folder.ts";
import type { StageObserver, StageProgress } from "../lib/stages/stage_context.ts";
import { resultPath, shownPath } from "./ending.ts";
import type { JobOutput } from "./job_output.ts";

/** Hands on what stages tell, and adds how long each took, where its result lies and what follows it. */
export class JobObserver implements StageObserver {
  readonly #run: RunFolder;
  readonly #output: JobOutput;
  readonly #stages: readonly Stage[];
  readonly #nowMs: () => number;
  #startMs = 0;

  /**
   * @param output Who is told.
   * @param stages What the command does, in order.
   * @param nowMs A clock in milliseconds.
   */
  constructor(
    run: RunFolder,
    output: JobOutput,
    stages: readonly Stage[],
    nowMs: () => number = () => performance.now(),
  ) {
    this.#run = run;
    this.#output = output;
    this.#stages = stages;
    this.#nowMs = nowMs;
  }

  progress(progress: StageProgress): void {
    this.#output.tell({ event: "progress", ...progress });
  }

  say(text: string): void {
    this.#output.tell({ event: "note", text });
  }

  started(stage: Stage): void {
    this.#startMs = this.#nowMs();
    this.#output.tell({ event: "started", stage });
  }

  finished(stage: Stage, result: unknown): void {
    const seconds = Math.round(this.#nowMs() - this.#startMs) / 1000;
    const index = this.#stages.indexOf(stage);
    const then = index < 0 ? null : this.#stages[index + 1] ?? null;
    this.#output.tell({ event: "finished", stage, seconds, then });
    this.#output.tell({ event: "wrote", paths: [shownPath(resultPath(this.#run, stage, result))] });
  }
}
