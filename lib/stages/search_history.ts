/**
 * A run's search history, held to what its scores were made from: the config, the device, the data and the latencies.
 *
 * @module
 */
import { configHash } from "../config/config_identity.ts";
import { dataFingerprint } from "../data/fingerprint.ts";
import { scoredStage } from "../run/plan.ts";
import {
  type Origin,
  type OriginDifference,
  originDifferences,
  recordApproximation,
  refuseDifferences,
} from "../run/origin.ts";
import { openHistory, type SearchHistory } from "../search/history.ts";
import type { BlockLatencies } from "../space/latency.ts";
import { latenciesHash } from "../space/latency_table.ts";
import type { StageContext } from "./stage_context.ts";

/** Under which name the history keeps what its scores were made from. */
const originName = "origin";

/**
 * Opens the history for a search, or starts it.
 *
 * @param latencies What its candidates' latencies are counted with, if they are.
 * @throws {RangeError} If its scores were made from something else and the run is not to be approximate; names every field.
 */
export async function openSearchHistory(
  context: StageContext,
  latencies: BlockLatencies | null,
): Promise<SearchHistory> {
  const origin = await searchOrigin(context, latencies);
  const history = await openRunHistory(context);
  try {
    const found = history.recall(originName);
    const was: Origin = found === undefined ? origin : JSON.parse(found);
    await settle(context, originDifferences(was, origin));
    history.remember(originName, JSON.stringify(origin));
    return history;
  } catch (error) {
    history[Symbol.dispose]();
    throw error;
  }
}

/**
 * Opens the history to read it.
 *
 * @throws {RangeError} If it is another config's, and the run is not to be approximate.
 */
export async function openRunHistory(context: StageContext): Promise<SearchHistory> {
  const { run, approximate } = context;
  const hash = configHash(run.config);
  const others: string[] = [];
  const history = openHistory(run.paths.search, hash, approximate ? (found) => others.push(found) : null);
  await settle(context, others.map((was) => ({ field: "config", was, is: hash })));
  return history;
}

/** Workers don't count: scores do not depend on how many there are. */
async function searchOrigin(context: StageContext, latencies: BlockLatencies | null): Promise<Origin> {
  const { run: { config }, scorers: [scorer], data } = context;
  const { threads, tensorflow, kernels } = await scorer.call((api) => api.device());
  const { train, val } = scoredStage(config) === "finetune"
    ? await data.detection(config)
    : await data.classification(config);
  return {
    data: dataFingerprint(train, val),
    latencies: latencies === null ? "none" : latenciesHash(latencies),
    threads,
    "version of tensorflow": tensorflow,
    "version of kernels": kernels,
  };
}

async function settle({ run, approximate }: StageContext, differences: OriginDifference[]): Promise<void> {
  if (!approximate) refuseDifferences(run.paths.search, differences);
  for (const difference of differences) {
    await recordApproximation(run.dir, { checkpoint: "search.sqlite", ...difference });
  }
}
