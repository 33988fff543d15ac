/**
 * The path of a step: which choice of each block it trains.
 *
 * @module
 */
import { stream } from "../base/random.ts";
import type { Architecture } from "../space/architecture.ts";
import { blockCount, choiceCount, type SearchSpace } from "../space/search_space.ts";

/** The architecture that a step trains; a pure function, so that every worker and every resumed run agrees. */
export type PathOfStep = (step: number) => Architecture;

/**
 * One uniformly sampled path a step (DetNAS, section 3.2; Guo et al. 2020, section 3.2).
 *
 * @param space The search space.
 * @param seed The run's seed.
 * @param stage Which training the draws are for.
 */
export function uniformPaths(space: SearchSpace, seed: number, stage: string): PathOfStep {
  return (step) => {
    const random = stream(seed, "path", stage, step);
    return Array.from({ length: blockCount(space) }, () => random.integer(choiceCount));
  };
}

/** The same architecture at every step: retraining. */
export function fixedPath(choices: Architecture): PathOfStep {
  return () => choices;
}
