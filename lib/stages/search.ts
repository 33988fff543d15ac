/**
 * Stage 3: the search over the trained supernet (DetNAS, section 3.2, step 3). Each candidate is scored with inherited
 * weights: by its detection AP, or by its top-1 accuracy where a config compares with that. All of a config's
 * strategies run on the same supernet, budget and evaluation, each as often as `search.seeds` says.
 *
 * @module
 */
import { isPlanned, scoredStage, scoreName } from "../run/plan.ts";
import type { Strategy } from "../search/candidate.ts";
import type { CandidateRecord, SearchHistory } from "../search/history.ts";
import { runStrategy } from "../search/strategies.ts";
import { toWinner, type Winner, winners } from "../search/winners.ts";
import type { BlockLatencies } from "../space/latency.ts";
import { MachinePool } from "../workers/machine_pool.ts";
import { WorkerPool } from "../workers/worker_pool.ts";
import { searchLatencies } from "./profile.ts";
import { SearchLooks } from "./live_detections.ts";
import { openSearchHistory } from "./search_history.ts";
import { SearchMemory } from "./search_memory.ts";
import { onceFinished, requireFinished, type StageContext, trainingTask } from "./stage_context.ts";
import { writeWinners } from "./winners_file.ts";

/** How many of the best go into `winners.json`. */
const winnerCount = 5;

/** What a finished search leaves behind; every candidate is in `search.sqlite`. */
export interface SearchResult {
  /** The best, best first. */
  readonly winners: readonly Winner[];
  /** Of all strategies and trials. */
  readonly candidates: number;
  /** Of the worker, resident. */
  readonly peakRssBytes: number;
}

/** Searches; writes `search.sqlite` and `winners.json`. */
export async function search(context: StageContext): Promise<SearchResult> {
  return await onceFinished(context, "search", async () => {
    const { run, scorers: [scorer] } = context;
    const { config } = run;
    const scored = scoredStage(config);
    if (isPlanned(config, scored)) await requireFinished(run, scored);
    const latencies = await searchLatencies(context);
    await clearCores(context);
    using history = await openSearchHistory(context, latencies);
    await runStrategies(context, history, latencies);

    const best = winners(history, winnerCount).map((candidate) => toWinner(config.space.name, candidate));
    if (best.length === 0) throw nothingScored(history, run.paths.search);
    await writeWinners(run, best);
    const { peakRssBytes } = await scorer.call((api) => api.memory());
    await endScorers(context);
    return { winners: best, candidates: history.all().length, peakRssBytes };
  });
}

/** Where others score, the workers' cores and memory are theirs. */
async function clearCores({ workers, scorers, observer }: StageContext): Promise<void> {
  if (scorers === workers) return;
  await Promise.all(workers.map((worker) => worker.end()));
  observer.say(`search: candidates are scored by ${scorers.length} processes of one thread`);
}

async function endScorers({ workers, scorers }: StageContext): Promise<void> {
  if (scorers !== workers) await Promise.all(scorers.map((scorer) => scorer.end()));
}

/** A trial of every strategy before the next trial of any, so that a search under way can be compared. */
async function runStrategies(
  context: StageContext,
  history: SearchHistory,
  latencies: BlockLatencies | null,
): Promise<void> {
  const { space, seed, search: settings } = context.run.config;
  const memory = new SearchMemory(context);
  let candidates = history.all().length;
  await memory.resume(candidates);
  await using pool = context.machines > 1 ? machinePool(context) : openPool(context, history);
  const looks = scoredStage(context.run.config) === "finetune"
    ? new SearchLooks(context, history, (choices) => pool.pictures(choices))
    : null;
  const onCandidate = (done: number): void => {
    memory.measure(++candidates);
    if (done % settings.population === 0) looks?.generationEnded();
  };
  try {
    for (let trial = 0; trial < settings.seeds; trial++) {
      for (const strategy of settings.strategies) {
        await runStrategy(strategy, {
          space,
          seed,
          trial,
          budget: settings.budget,
          latencies,
          history,
          settings,
          onCandidate: candidateObserver(context, history, strategy, trial, onCandidate),
          evaluate: (choices, rivals) => pool.score(choices, settings.earlyStop && rivals),
          gateGradients: (choices, step) => pool.gateGradients(choices, step),
          concurrency: settings.population, // the pool sees a generation whole, and shares what its candidates have in common
          signal: pool.signal,
        });
      }
    }
  } finally {
    await Promise.all([looks?.done(), memory.done()]);
  }
}

/** All scorers, with the trained supernet open. Without one no candidate can be scored: that is no candidate's failure. */
function openPool(context: StageContext, history: SearchHistory): WorkerPool {
  const { scorers, timers, signal, observer } = context;
  return new WorkerPool(scorers, {
    task: trainingTask(context),
    proof: history.scored()[0]?.choices ?? null,
    timers,
    signal,
    onDeath: (sentence) => observer.say(`search: ${sentence}`),
  });
}

/** All machines, each with one worker. */
function machinePool(context: StageContext): MachinePool {
  const { trainer, machines, signal, observer } = context;
  return new MachinePool(trainer, {
    task: trainingTask(context),
    machines,
    signal,
    onDeath: (sentence) => observer.say(`search: ${sentence}`),
  });
}

/**
 * Tells how far one run of a strategy is.
 *
 * @param onCandidate Is told after each candidate how many there are of this run.
 */
function candidateObserver(
  { observer, run }: StageContext,
  history: SearchHistory,
  strategy: Strategy,
  trial: number,
  onCandidate: (done: number) => void,
): (candidate: CandidateRecord) => void {
  const { population, generations, seeds } = run.config.search;
  let best = Math.max(...history.scored(strategy, trial).map(({ score }) => score));
  let done = history.all(strategy, trial).length;
  return ({ generation, score }) => {
    onCandidate(++done);
    best = Math.max(best, score ?? -Infinity);
    observer.progress({
      label: seeds === 1 ? strategy : `${strategy} ${trial + 1}/${seeds}`,
      unit: "candidates",
      done,
      total: population * generations,
      note: `generation ${generation + 1}/${generations}, best ${scoreName(run.config)} ${best.toFixed(3)}`,
    });
  };
}

/** Failures are kept like scores, so that only the user can ask for another try. */
function nothingScored(history: SearchHistory, path: string): RangeError {
  const failed = history.all();
  return new RangeError(
    `Cannot name a winner as all ${failed.length} candidates failed, the first with: ${failed[0]?.reason}; ` +
      `put that right and remove ${path} to search again`,
  );
}
