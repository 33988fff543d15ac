/**
 * Does the supernet rank? Architectures spread over the budget are each trained alone, and their scores compared with
 * those that they have with the supernet's weights.
 *
 * Both scores are of the same images: the search's split. The retrained ones learn from the training split alone; the
 * reported split takes no part.
 *
 * @module
 */
import { stream } from "../base/random.ts";
import type { Duration } from "../config/duration.ts";
import type { Config } from "../config/schema.ts";
import { bootstrapInterval, type Correlation, kendallTau, spearmanRho } from "../eval/rank_correlation.ts";
import { readApproximations } from "../run/origin.ts";
import { isPlanned, scoredStage } from "../run/plan.ts";
import { type Architecture, architectureKey } from "../space/architecture.ts";
import { costTable } from "../space/cost.ts";
import type { RecalibrationMode } from "../workers/worker_api.ts";
import { searchLatencies } from "./profile.ts";
import { type CostedArchitecture, spreadArchitectures } from "./rank_architectures.ts";
import { openRankScores, type RankScores } from "./rank_scores.ts";
import { runTraining } from "./run_training.ts";
import { recorded, requireFinished, type StageContext, trainingTask } from "./stage_context.ts";
import { winnersOf } from "./trained_architecture.ts";

/** What is ranked. */
export interface RankOptions {
  /** How many architectures are retrained, the search's winner included where there is one. */
  readonly architectures: number;
  /** Batch norm's modes that inherited scores are taken under, at least one. */
  readonly modes: readonly RecalibrationMode[];
  /** How long each is trained; null is as long as the config's retraining. */
  readonly duration: Duration | null;
}

/** An architecture with both of its scores. */
export interface RankedArchitecture {
  /** One choice for each block. */
  readonly choices: Architecture;
  /** Multiply-adds of the backbone at the space's resolution. */
  readonly macs: number;
  /** Parameters of the backbone. */
  readonly parameters: number;
  /** The score with the supernet's weights, in the result's `recalibration` mode. */
  readonly inherited: number;
  /** The score after its own training. */
  readonly retrained: number;
}

/** Correlations with their 95 % bootstrap intervals (2000 draws); null where all scores of a side are equal. */
export interface RankCorrelation {
  readonly kendallTau: number | null;
  readonly spearmanRho: number | null;
  readonly tauInterval: readonly [low: number, high: number] | null;
  readonly rhoInterval: readonly [low: number, high: number] | null;
}

/** What `rank.json` holds; of an approximate run also `approximate: true`. */
export interface RankResult extends RankCorrelation {
  /** The search's winner first, then in the order that they were drawn. */
  readonly architectures: readonly RankedArchitecture[];
  /** The config's mode, or the first that was asked for. */
  readonly recalibration: RecalibrationMode;
  /** How long each was trained. */
  readonly duration: Duration;
  /** Every mode that was asked for, with its inherited scores in the order of the architectures. */
  readonly byMode: readonly (RankCorrelation & {
    readonly mode: RecalibrationMode;
    readonly inherited: readonly number[];
  })[];
}

/** Scores, retrains and compares; what an earlier call has done is not done again. Writes `rank.json`. */
export async function rank(context: StageContext, options: RankOptions): Promise<RankResult> {
  const { run } = context;
  const { config } = run;
  checkHasSupernet(config);
  if (isPlanned(config, scoredStage(config))) await requireFinished(run, scoredStage(config));
  return await recorded(context, "rank", async () => {
    const architectures = await chosenArchitectures(context, options.architectures);
    const scores = await openRankScores(`${run.dir}/rank`);
    for (const mode of options.modes) await scoreInherited(context, architectures, mode, scores);
    for (const index of architectures.keys()) await retrain(context, architectures, index, options, scores);

    const result = rankResult(config, architectures, options, scores);
    const isApproximate = (await readApproximations(run.dir)).length > 0;
    await run.writeJson("rank.json", { ...result, ...(isApproximate ? { approximate: true } : {}) });
    return result;
  });
}

/** An architecture's folder in its run; trainings of other lengths keep apart. */
export function rankFolder(choices: Architecture, duration: Duration | null): string {
  const length = duration === null
    ? ""
    : "-" + Object.entries(duration).map(([unit, n]) => `${n}-${unit}`).join("");
  return `rank/${architectureKey(choices)}${length}`;
}

/**
 * Rank correlations of paired scores, with intervals.
 *
 * @param seed Names the bootstrap's draws.
 */
export function rankCorrelation(
  inherited: readonly number[],
  retrained: readonly number[],
  seed: number,
): RankCorrelation {
  const defined = (value: number): number | null => Number.isNaN(value) ? null : value;
  const interval = (correlation: Correlation): [number, number] | null => {
    const random = stream(seed, "rank", "bootstrap");
    const [low, high] = bootstrapInterval(inherited, retrained, correlation, random);
    return Number.isNaN(low) ? null : [low, high];
  };
  return {
    kendallTau: defined(kendallTau(inherited, retrained)),
    spearmanRho: defined(spearmanRho(inherited, retrained)),
    tauInterval: interval(kendallTau),
    rhoInterval: interval(spearmanRho),
  };
}

async function chosenArchitectures(context: StageContext, count: number): Promise<CostedArchitecture[]> {
  const { space, seed, search } = context.run.config;
  const costs = costTable(space, space.resolution, await searchLatencies(context));
  const first = await winnerOf(context);
  return spreadArchitectures({ space, costs, budget: search.budget, seed, first }, count);
}

/** What the run has found so far, or is told to train. */
async function winnerOf(context: StageContext): Promise<Architecture | null> {
  const { run } = context;
  const isSearched = (await run.stageState("search")).status === "finished";
  if (run.config.architecture === null && !isSearched) return null;
  return (await winnersOf(context))[0].choices;
}

/** Scores those that have no score in this mode. */
async function scoreInherited(
  context: StageContext,
  architectures: readonly CostedArchitecture[],
  mode: RecalibrationMode,
  scores: RankScores,
): Promise<void> {
  const { worker, observer } = context;
  const missing = architectures.filter(({ choices }) => scores.inherited(mode, choices) === undefined);
  if (missing.length === 0) return;
  await worker.call((api) => api.openScoring(trainingTask(context), mode));
  for (const [i, { choices }] of missing.entries()) {
    await scores.setInherited(mode, choices, await worker.call((api) => api.score(choices)));
    observer.progress({
      label: `rank, ${mode} statistics`,
      unit: "architectures",
      done: i + 1,
      total: missing.length,
    });
  }
  await worker.call((api) => api.closeScoring());
}

/** Trains one alone and scores it, unless that is done; a training that was stopped goes on. */
async function retrain(
  context: StageContext,
  architectures: readonly CostedArchitecture[],
  index: number,
  { duration }: RankOptions,
  scores: RankScores,
): Promise<void> {
  const { run, worker, observer } = context;
  const { choices } = architectures[index];
  const folder = rankFolder(choices, duration);
  if (scores.retrained(folder) !== undefined) return;
  const task = trainingTask(context);
  observer.say(`rank: architecture ${index + 1} of ${architectures.length}, ${architectureKey(choices)}`);
  if (run.config.retrain.classification !== null) {
    const name = `${folder} classification`;
    await runTraining(context, name, (api) => api.openRankPretraining(task, choices, folder), false);
  }
  await runTraining(context, folder, (api) => api.openRankTraining(task, choices, folder, duration), false);
  await scores.setRetrained(folder, await worker.call((api) => api.scoreRanked(task, choices, folder)));
}

function rankResult(
  { seed, search, retrain }: Config,
  architectures: readonly CostedArchitecture[],
  { modes, duration }: RankOptions,
  scores: RankScores,
): RankResult {
  const retrained = architectures.map(({ choices }) => scores.retrained(rankFolder(choices, duration))!);
  const byMode = modes.map((mode) => {
    const inherited = architectures.map(({ choices }) => scores.inherited(mode, choices)!);
    return { mode, inherited, ...rankCorrelation(inherited, retrained, seed) };
  });
  const main = byMode.find(({ mode }) => mode === search.recalibration.mode) ?? byMode[0];
  const { mode, inherited, ...correlation } = main;
  return {
    architectures: architectures.map(({ choices, macs, parameters }, i) => ({
      choices,
      macs,
      parameters,
      inherited: inherited[i],
      retrained: retrained[i],
    })),
    ...correlation,
    recalibration: mode,
    duration: duration ?? retrain.duration,
    byMode,
  };
}

function checkHasSupernet({ name, architecture, supernetRun }: Config): void {
  if (architecture === null || supernetRun !== null) return;
  throw new RangeError(
    `Cannot rank by the supernet of config ${name} as it has none: it trains architecture ${architecture} alone`,
  );
}
