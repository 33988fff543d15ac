/**
 * How much memory a search takes, put down beside the learning curves.
 *
 * @module
 */
import type { StageContext } from "./stage_context.ts";

/** The name under which a search stands in `metrics.jsonl`; its steps are candidates. */
export const searchName = "search";

/** Measures after candidates, one measurement at a time: of those that come meanwhile the last has the next. */
export class SearchMemory {
  readonly #context: StageContext;
  #lastMs: number;
  /** Candidates so far. */
  #latest = 0;
  #isMeasuring = false;
  #measurements: Promise<void> = Promise.resolve();

  /** Without a measurement yet. */
  constructor(context: StageContext) {
    this.#context = context;
    this.#lastMs = context.timers.nowMs();
  }

  /** Takes back the measurements after so many candidates. */
  async resume(candidates: number): Promise<void> {
    await this.#context.run.metrics.truncate(searchName, candidates);
  }

  /** Begins to measure after so many candidates; what goes wrong leaves a gap. */
  measure(candidates: number): void {
    this.#latest = candidates;
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    this.#measurements = this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    for (let measured = 0; measured < this.#latest;) {
      measured = this.#latest;
      await this.#append(measured).catch(() => {});
    }
    this.#isMeasuring = false;
  }

  /** Waits for the measurements that have begun. */
  async done(): Promise<void> {
    await this.#measurements;
  }

  /** Of the scorers the largest counts: each must fit into its share. */
  async #append(candidates: number): Promise<void> {
    const { run, timers, scorers, machines, trainer } = this.#context;
    const asked = machines > 1 ? [trainer] : scorers.filter(({ deaths }) => deaths === 0);
    if (asked.length === 0) return; // all are being started again
    const reports = await Promise.all(asked.map((slot) => slot.call((api) => api.memory())));
    const nowMs = timers.nowMs();
    await run.metrics.append({
      stage: searchName,
      step: candidates,
      elapsedMs: nowMs - this.#lastMs,
      rssBytes: Math.max(...reports.map(({ rssBytes }) => rssBytes)),
      coordinatorRssBytes: Deno.memoryUsage().rss,
    });
    this.#lastMs = nowMs;
  }
}
