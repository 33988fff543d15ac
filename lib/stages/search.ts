/**
 * Stage 3: evolution over the fine-tuned supernet, each candidate scored by its detection AP with inherited weights
 * (DetNAS, section 3.2, step 3), and random search at the same cost beside it.
 *
 * @module
 */
import { configHash } from "../config/config_identity.ts";
import { evolve } from "../search/evolution.ts";
import { type CandidateRecord, openHistory, type SearchHistory, type Strategy } from "../search/history.ts";
import { randomSearch } from "../search/random_search.ts";
import type { SearchOptions } from "../search/search_options.ts";
import { toWinner, type Winner, winners } from "../search/winners.ts";
import { WorkerError } from "../workers/worker_process.ts";
import { onceFinished, requireFinished, type StageContext, trainingTask } from "./stage_context.ts";

/** How many of the best go into `winners.json`. */
const winnerCount = 5;

/** What a finished search leaves behind; every candidate is in `search.sqlite`. */
export interface SearchResult {
  readonly winners: readonly Winner[];
  readonly candidates: number;
  readonly peakRssBytes: number;
}

/** Searches; writes `search.sqlite` and `winners.json`. */
export async function search(context: StageContext): Promise<SearchResult> {
  return await onceFinished(context, "search", async () => {
    await requireFinished(context.run, "finetune");
    const { run, worker } = context;
    const config = context.run.config;
    await worker.call((api) => api.openScoring(trainingTask(context)));
    using history = openHistory(run.paths.search, configHash(config));
    const settings = config.search;

    await evolve({ ...searchOptions(context, history, "evolution"), settings });
    if (settings.random) await randomSearch({ ...searchOptions(context, history, "random"), settings });

    await worker.call((api) => api.closeScoring());
    const best = winners(history, winnerCount).map((candidate) => toWinner(config.space.name, candidate));
    if (best.length === 0) throw nothingScored(history, run.paths.search);
    await run.writeJson("winners.json", best);
    const { peakRssBytes } = await worker.call((api) => api.memory());
    return { winners: best, candidates: history.all().length, peakRssBytes };
  });
}

/** Failures are kept like scores, so that only the user can ask for another try. */
function nothingScored(history: SearchHistory, path: string): RangeError {
  const failed = history.all();
  return new RangeError(
    `Cannot name a winner as all ${failed.length} candidates failed, the first with: ${failed[0]?.reason}; ` +
      `put that right and remove ${path} to search again`,
  );
}

function searchOptions(context: StageContext, history: SearchHistory, strategy: Strategy): SearchOptions {
  const { observer, worker } = context;
  const { space, seed, search } = context.run.config;
  const stop = new AbortController();
  const total = search.population * search.generations;
  let best = -Infinity;
  return {
    space,
    seed,
    budget: search.budget,
    history,
    signal: stop.signal,
    async evaluate(choices): Promise<number> {
      try {
        return await worker.call((api) => api.score(choices));
      } catch (error) {
        // Without a worker no candidate can be scored: that is not the candidate's failure.
        if (error instanceof WorkerError) stop.abort(error);
        throw error;
      }
    },
    onCandidate(candidate: CandidateRecord): void {
      best = Math.max(best, candidate.score ?? -Infinity);
      const done = candidate.generation * search.population + candidate.slot + 1;
      observer.progress({
        label: strategy,
        unit: "candidates",
        done,
        total,
        note: `generation ${candidate.generation + 1}/${search.generations}, best AP ${best.toFixed(3)}`,
      });
    },
  };
}
