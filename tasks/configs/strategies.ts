/**
 * How each search strategy is set where a config has nothing else in mind.
 *
 * @module
 */
import type { SearchConfig } from "../../lib/config/schema.ts";

/** Settings of the strategies beside the authors' evolution. */
export const strategySettings: Pick<SearchConfig, "ageing" | "reinforce" | "gradient"> = {
  ageing: { sampleSize: 10 },
  reinforce: { learningRate: 0.3, baselineMomentum: 0.9, entropyWeight: 0.001 },
  gradient: { learningRate: 0.1, stepsPerCandidate: 4 },
};
