/**
 * DetNAS: a detector's backbone by search. This is the library's surface: search spaces and what their architectures
 * cost, searches with an evaluation of your own, and the measures of detection. It asks for no permission.
 *
 * The other entry points:
 *
 * - `@detnas/detnas/models`: units, supernets, heads and losses; blocks of your own
 * - `@detnas/detnas/train`: training along paths, under a classifier or a detector; groups of workers
 * - `@detnas/detnas/data`: readers of Pascal VOC's, COCO's and ImageNet's layouts; loaders of batches
 * - `@detnas/detnas/engine`: libtensorflow as tfjs's backend
 * - `@detnas/detnas/fused`: the blocks' own kernels
 *
 * A search with an own evaluation:
 *
 * ```ts
 * import { authorsEvolution, evolve, memoryHistory, searchSpaces, winners } from "@detnas/detnas";
 *
 * using history = memoryHistory();
 * await evolve({
 *   space: searchSpaces.small,
 *   seed: 1,
 *   budget: { macs: 300e6, parameters: null, latencyMs: null },
 *   history,
 *   settings: { ...authorsEvolution, generations: 2 },
 *   // Any number will do, higher is better: here, how many blocks are 3x3 shuffles.
 *   evaluate: (choices) => Promise.resolve(choices.filter((choice) => choice === 0).length),
 * });
 * const [best] = winners(history, 1);
 * console.log(best.choices, best.score, best.macs);
 * ```
 *
 * @module
 */

// Search spaces and architectures
export {
  authorsChoices,
  type BlockChoice,
  type BlockShape,
  blockShapes,
  checkSearchSpace,
  choiceCount,
  choiceName,
  type CustomChoice,
  type CustomCost,
  type KnownChoice,
  maxChoices,
  type SearchSpace,
  type SearchSpaceName,
  searchSpaces,
} from "./lib/space/search_space.ts";
export {
  type Architecture,
  architectureFromKey,
  architectureKey,
  checkArchitecture,
  formatArchitecture,
  parseArchitecture,
} from "./lib/space/architecture.ts";
export {
  namedArchitecture,
  type PublishedArchitecture,
  publishedArchitectures,
  publishedNames,
} from "./lib/space/published.ts";

// What an architecture costs
export {
  architectureCost,
  type Cost,
  type CostTable,
  costTable,
  countClassifierMacs,
  countClassifierParameters,
  countMacs,
  countParameters,
  layersCost,
  leastCost,
} from "./lib/space/cost.ts";
export { type BlockLayers, blockLayers, type ConvLayer } from "./lib/space/block_layers.ts";
export type { BlockLatencies } from "./lib/space/latency.ts";

// Searches
export {
  authorsEvolution,
  type EvolutionOptions,
  type EvolutionSettings,
  evolve,
} from "./lib/search/evolution.ts";
export { ageingEvolution, type AgeingOptions, type AgeingSettings } from "./lib/search/ageing.ts";
export { reinforce, type ReinforceOptions, type ReinforceSettings } from "./lib/search/reinforce.ts";
export {
  type GateGradients,
  type GradientOptions,
  gradientSearch,
  type GradientSettings,
} from "./lib/search/gradient.ts";
export { boundedCost, nsga2, type Nsga2Options, type Nsga2Settings } from "./lib/search/nsga2.ts";
export { runStrategy, type StrategyOptions, type StrategySettings } from "./lib/search/strategies.ts";
export { hypervolume, type Objectives, paretoFront } from "./lib/search/pareto.ts";
export { randomSearch, type RandomSearchOptions } from "./lib/search/random_search.ts";
export type { Evaluate, SearchOptions, SearchSize, StoppedScore } from "./lib/search/search_options.ts";
export type { Budget } from "./lib/search/budget.ts";
export type {
  CandidatePlace,
  CandidateRecord,
  Origin,
  Proposal,
  ScoredCandidate,
  Strategy,
} from "./lib/search/candidate.ts";
export { memoryHistory, openHistory, type SearchHistory } from "./lib/search/history.ts";
export { type RetrainedScores, toWinner, type Winner, winners } from "./lib/search/winners.ts";

// Measures
export type { Detection } from "./lib/eval/detection.ts";
export type { GroundTruth, GroundTruthAnnotation } from "./lib/eval/ground_truth.ts";
export {
  type ClassAp,
  type CocoCurves,
  type CocoEvaluation,
  type CocoSummary,
  evaluateCoco,
  type PrecisionRecallCurve,
  precisionRecallCurve,
} from "./lib/eval/coco.ts";
export { evaluateVoc, type VocAp, type VocEvaluation } from "./lib/eval/voc.ts";
export { bootstrapInterval, type Correlation, kendallTau, spearmanRho } from "./lib/eval/rank_correlation.ts";
export { type RandomStream, stream, type StreamKey } from "./lib/base/random.ts";
