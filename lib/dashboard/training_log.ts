/**
 * A run's `metrics.jsonl` as curves, followed while it grows.
 *
 * @module
 */
import { FileTail } from "./file_tail.ts";
import { type StepBin, StepBins } from "./step_bins.ts";

/** The name under which a search's memory stands in the log; its steps are candidates. */
export const searchName = "search";

/** One training as far as it is logged. */
export interface TrainingView {
  /** What the training is called in the log, e.g. `finetune`. */
  readonly name: string;
  /** The last logged step. */
  readonly step: number;
  /** All steps of the training, where the log says so. */
  readonly totalSteps: number | null;
  /** Steps a second over the last logged ones; null before the first. */
  readonly stepsPerSecond: number | null;
  /** The worker's resident memory, as last logged, bytes. */
  readonly rssBytes: number | null;
  /** The curve, in bins. */
  readonly bins: readonly StepBin[];
  /** Steps in a full bin. */
  readonly binSteps: number;
}

const mostBins = 240;
/** Over how many steps the rate is taken. */
const rateSteps = 50;

/** Follows a log. Each read costs what the log has gained, and memory does not grow with it. */
export class TrainingLog {
  readonly #tail: FileTail;
  #trainings = new Map<string, Training>();

  /**
   * Starts at the log's beginning.
   *
   * @param path The file; need not exist.
   */
  constructor(path: string) {
    this.#tail = new FileTail(path);
  }

  /**
   * Reads what has come, all of it; between parts of a mebibyte others get their turn.
   *
   * @returns The trainings, in the order they began.
   */
  async read(): Promise<TrainingView[]> {
    for (let hasMore = true; hasMore;) {
      const found = await this.#tail.read();
      if (found.restarted) this.#trainings = new Map();
      for (const line of found.lines) this.#take(line);
      hasMore = found.hasMore;
    }
    return [...this.#trainings].map(([name, training]) => training.view(name));
  }

  /** A line that is no record is left out: what is wrong with a log is for the commands to say that use it. */
  #take(line: string): void {
    const record = parseObject(line);
    if (record === null || typeof record.stage !== "string" || typeof record.step !== "number") return;
    const training = this.#trainings.get(record.stage) ?? new Training();
    this.#trainings.set(record.stage, training);
    training.take(record.step, record);
  }
}

class Training {
  readonly #bins = new StepBins(mostBins);
  readonly #recentMs: number[] = [];
  #totalSteps: number | null = null;
  #rssBytes: number | null = null;

  take(step: number, record: Record<string, unknown>): void {
    const number = (name: string): number => typeof record[name] === "number" ? record[name] : NaN;
    const elapsedMs = number("elapsedMs");
    if (step < 1) return; // what precedes the training
    this.#bins.add({
      step,
      loss: number("loss"),
      learningRate: number("learningRate"),
      elapsedMs,
      waitMs: number("waitMs"),
      rssBytes: number("rssBytes"),
      coordinatorRssBytes: number("coordinatorRssBytes"),
    });
    if (elapsedMs > 0) this.#recentMs.push(elapsedMs);
    if (this.#recentMs.length > rateSteps) this.#recentMs.shift();
    if (number("totalSteps") > 0) this.#totalSteps = number("totalSteps");
    if (number("rssBytes") > 0) this.#rssBytes = number("rssBytes");
  }

  view(name: string): TrainingView {
    const recentMs = this.#recentMs.reduce((sum, ms) => sum + ms, 0);
    return {
      name,
      step: this.#bins.lastStep,
      totalSteps: this.#totalSteps,
      stepsPerSecond: recentMs > 0 ? (1000 * this.#recentMs.length) / recentMs : null,
      rssBytes: this.#rssBytes,
      bins: this.#bins.bins(),
      binSteps: this.#bins.width,
    };
  }
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
