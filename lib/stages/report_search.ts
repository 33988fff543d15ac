/**
 * What a report shows of a search and of a ranking, from what they recorded.
 *
 * @module
 */
import type { Config } from "../config/schema.ts";
import type { ReportFront, ReportFronts, ReportRank, ReportSearch } from "../report/report_input.ts";
import type { CandidateRecord, ScoredCandidate } from "../search/candidate.ts";
import { isScored } from "../search/candidate.ts";
import { scoreName } from "../run/plan.ts";
import { hypervolume, paretoFront } from "../search/pareto.ts";
import type { RankResult } from "./rank.ts";

/** A search's record for the report, with its fronts for each cost that its candidates have. */
export function reportSearch(config: Config, candidates: readonly CandidateRecord[]): ReportSearch {
  const scored = candidates.filter(isScored);
  const costs = (["macs", "latencyMs"] as const).filter((cost) => scored.some((one) => one[cost] !== null));
  const { budget } = config.search;
  return {
    scoreName: scoreName(config),
    budget,
    candidates,
    fronts: costs.map((cost) => frontsOf(scored, cost, budget[cost])),
  };
}

/** A ranking's record for the report. */
export function reportRank(config: Config, result: RankResult): ReportRank {
  return {
    scoreName: scoreName(config),
    modeName: result.recalibration,
    architectures: result.architectures,
    modes: result.byMode.map(({ mode, kendallTau, spearmanRho, tauInterval }) => ({
      name: mode,
      kendallTau,
      spearmanRho,
      interval: tauInterval && { low: tauInterval[0], high: tauInterval[1] },
    })),
  };
}

/** Hypervolumes are measured up to the budget, or, without one, up to the costliest candidate. */
function frontsOf(
  scored: readonly ScoredCandidate[],
  cost: ReportFronts["cost"],
  budget: number | null,
): ReportFronts {
  const priced = scored.filter((one) => one[cost] !== null);
  const referenceCost = budget ?? Math.max(...priced.map((one) => one[cost] ?? 0));
  const byStrategy = Map.groupBy(priced, ({ strategy }) => strategy);
  return {
    cost,
    referenceCost,
    strategies: [...byStrategy].map(([strategy, own]): ReportFront => ({
      strategy,
      points: pointsOf(own, cost),
      hypervolumes: [...Map.groupBy(own, ({ trial }) => trial).values()].map((trial) =>
        hypervolume(pointsOf(trial, cost), { score: 0, cost: referenceCost })
      ),
    })),
  };
}

function pointsOf(
  candidates: readonly ScoredCandidate[],
  cost: ReportFronts["cost"],
): { score: number; cost: number }[] {
  const costOf = (one: ScoredCandidate): number => one[cost] ?? Infinity;
  return paretoFront(candidates, costOf).map((one) => ({ score: one.score, cost: costOf(one) }));
}
