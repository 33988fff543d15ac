/**
 * The path of a step: which choice of each block it trains.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import type { PathsConfig } from "../config/schema.ts";
import type { Architecture } from "../space/architecture.ts";
import { architectureCost, costTable, countClassifierMacs } from "../space/cost.ts";
import { blockCount, choiceCount, type SearchSpace } from "../space/search_space.ts";

/** The architecture that a step trains; a pure function, so that every worker and every resumed run agrees. */
export type PathOfStep = (step: number) => Architecture;

/** What names the draws of a training's paths. */
export interface PathDraws {
  /** Where paths come from. */
  readonly space: SearchSpace;
  /** The run's seed. */
  readonly seed: number;
  /** Which training the draws are for. */
  readonly stage: string;
}

/** The paths that a config asks for. */
export function sampledPaths(paths: PathsConfig, draws: PathDraws): PathOfStep {
  switch (paths.kind) {
    case "uniform":
      return uniformPaths(draws);
    case "fair":
      return fairPaths(draws);
    case "macs-bins":
      return macsBinPaths(paths, draws);
  }
}

/** One uniformly sampled path a step (DetNAS, section 3.2; Guo et al. 2020, section 3.2). */
export function uniformPaths({ space, seed, stage }: PathDraws): PathOfStep {
  return (step) => {
    const random = stream(seed, "path", stage, step);
    return Array.from({ length: blockCount(space) }, () => random.integer(choiceCount(space)));
  };
}

/**
 * Strictly fair paths (Chu et al. 2019, FairNAS, section 3.2): in each round of as many steps as there are choices, a
 * block meets every choice once, in an order of its own; so after each round all choices have had as many updates.
 *
 * Differs: FairNAS adds up a round's gradients and updates once. Here every step updates, each on a batch of its own;
 * for a choice that is the same number of updates, for stem and head it is more.
 */
export function fairPaths({ space, seed, stage }: PathDraws): PathOfStep {
  const choices = choiceCount(space);
  return (step) => {
    const [round, place] = [Math.floor(step / choices), step % choices];
    return Array.from(
      { length: blockCount(space) },
      (_, block) => permutation(stream(seed, "fair path", stage, round, block), choices)[place],
    );
  };
}

/** Bins of multiply-adds of the whole classifier. */
export type MacsBins = Omit<Extract<PathsConfig, { readonly kind: "macs-bins" }>, "kind">;

/** The authors' classifier tells 1,000 classes apart. */
const imageNetClasses = 1000;

/**
 * Paths uniform over bins of multiply-adds, as in the authors' code (`Supernet-ImageNet`): a bin is drawn, then
 * uniform paths until one's classifier falls into it; after `maxAttempts`, the next path will do.
 */
export function macsBinPaths(bins: MacsBins, { space, seed, stage }: PathDraws): PathOfStep {
  const costs = costTable(space);
  const zeros = Array.from({ length: blockCount(space) }, () => 0);
  const afterBackboneMacs = countClassifierMacs(space, zeros, imageNetClasses) -
    architectureCost(costs, zeros).macs;
  const binCount = Math.max(1, Math.floor((bins.highest - bins.lowest) / bins.width));
  return (step) => {
    const random = stream(seed, "binned path", stage, step);
    const lowest = bins.lowest + random.integer(binCount) * bins.width;
    const draw = (): number[] => zeros.map(() => random.integer(choiceCount(space)));
    for (let attempt = 0; attempt < bins.maxAttempts; attempt++) {
      const choices = draw();
      const macs = architectureCost(costs, choices).macs + afterBackboneMacs;
      if (macs >= lowest && macs < lowest + bins.width) return choices;
    }
    return draw();
  };
}

/** The same architecture at every step: retraining. */
export function fixedPath(choices: Architecture): PathOfStep {
  return () => choices;
}
