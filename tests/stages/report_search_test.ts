import { assertAlmostEquals, assertEquals } from "@std/assert";
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { CandidateRecord } from "../../lib/search/candidate.ts";
import type { RankResult } from "../../lib/stages/rank.ts";
import { reportRank, reportSearch } from "../../lib/stages/report_search.ts";
import { shapesTiny } from "../../tasks/configs/shapes_tiny.ts";

const config = parseConfig({ ...shapesTiny, device: { kind: "cpu", threads: 1 } }, "shapes-tiny");

function candidate(changes: Partial<CandidateRecord>): CandidateRecord {
  return {
    strategy: "nsga2",
    trial: 0,
    generation: 0,
    slot: 0,
    origin: "random",
    choices: [0, 0, 0, 0, 0],
    macs: 100,
    parameters: 10,
    latencyMs: null,
    status: "scored",
    score: 0.5,
    images: null,
    reason: null,
    attempts: 1,
    elapsedMs: 1,
    ...changes,
  };
}

Deno.test("fronts are by strategy over all trials, hypervolumes by trial, up to the costliest candidate", () => {
  const { fronts } = reportSearch(config, [
    candidate({ macs: 100, score: 0.2 }),
    candidate({ macs: 150, score: 0.1, slot: 1 }), // dominated
    candidate({ macs: 120, score: 0.4, trial: 1 }),
    candidate({ strategy: "random", macs: 200, score: 0.3 }),
    candidate({ strategy: "random", macs: 50, status: "failed", score: null, reason: "r", slot: 1 }),
  ]);
  assertEquals(fronts.map(({ cost, referenceCost }) => [cost, referenceCost]), [["macs", 200]]);
  const [nsga2, random] = fronts[0].strategies;
  assertEquals(nsga2.points, [{ score: 0.2, cost: 100 }, { score: 0.4, cost: 120 }]);
  assertAlmostEquals(nsga2.hypervolumes[0], 0.2 * 100, 1e-9);
  assertAlmostEquals(nsga2.hypervolumes[1], 0.4 * 80, 1e-9);
  assertEquals(random.hypervolumes, [0]); // it is the costliest
});

Deno.test("a budget is the reference, and only measured candidates have a front of latency", () => {
  const budget = { macs: 400, parameters: null, latencyMs: null };
  const { fronts } = reportSearch({ ...config, search: { ...config.search, budget } }, [
    candidate({ latencyMs: 3 }),
    candidate({ slot: 1, score: 0.9 }),
  ]);
  assertEquals(fronts.map(({ cost, referenceCost }) => [cost, referenceCost]), [["macs", 400], [
    "latencyMs",
    3,
  ]]);
  assertEquals(fronts[1].strategies[0].points, [{ score: 0.5, cost: 3 }]);
});

Deno.test("a search without a score has no front", () => {
  const failed = candidate({ status: "failed", score: null, reason: "r" });
  assertEquals(reportSearch(config, [failed]).fronts, []);
});

Deno.test("scores are named after the objective", () => {
  const byLabels = { ...config, search: { ...config.search, objective: "classification" as const } };
  assertEquals([reportSearch(config, []).scoreName, reportSearch(byLabels, []).scoreName], ["AP", "top-1"]);
});

Deno.test("a ranking is shown in the run's mode, with the correlation of every mode", () => {
  const correlation = { kendallTau: 1, spearmanRho: 1, rhoInterval: null };
  const result: RankResult = {
    architectures: [{ choices: [0, 0, 0, 0, 0], macs: 1, parameters: 1, inherited: 0.1, retrained: 0.2 }],
    recalibration: "average",
    duration: { steps: 1 },
    ...correlation,
    tauInterval: [0.5, 1],
    byMode: [
      { mode: "average", inherited: [0.1], ...correlation, tauInterval: [0.5, 1] },
      { mode: "inherited", inherited: [0.3], ...correlation, kendallTau: null, tauInterval: null },
    ],
  };
  const rank = reportRank(config, result);
  assertEquals(rank.modeName, "average");
  assertEquals(rank.modes, [
    { name: "average", kendallTau: 1, spearmanRho: 1, interval: { low: 0.5, high: 1 } },
    { name: "inherited", kendallTau: null, spearmanRho: 1, interval: null },
  ]);
});
