/**
 * Learning rate schedules: pure functions from a step to a rate.
 *
 * @module
 */

/** The learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

/**
 * Falls linearly from the base rate at step 0 to 0 after the last step: the ImageNet recipe.
 *
 * @param learningRate At step 0.
 * @param totalSteps How many steps there are, above 0.
 * @throws {RangeError} If there are no steps.
 */
export function linearDecay(learningRate: number, totalSteps: number): Schedule {
  checkSteps(totalSteps);
  return (step) => learningRate * Math.max(0, 1 - step / totalSteps);
}

/** What {@linkcode warmupMultiStep} needs. */
export interface WarmupMultiStepSettings {
  /** Between the warm-up and the first decay. */
  readonly learningRate: number;
  /** How many steps there are, above 0. */
  readonly totalSteps: number;
  /** How many of them warm up. */
  readonly warmupSteps: number;
  /** The rate at step 0 over {@linkcode learningRate}; 1/3 in the detection recipe. */
  readonly warmupFactor: number;
  /** Fractions of the whole after which the rate falls to a tenth, ascending. */
  readonly decayAt: readonly number[];
}

/** How much of the rate a decay leaves. */
const decayFactor = 0.1;

/**
 * Rises linearly during the warm-up, then falls by tens: the detection recipe.
 *
 * @throws {RangeError} If there are no steps.
 */
export function warmupMultiStep(settings: WarmupMultiStepSettings): Schedule {
  const { learningRate, totalSteps, warmupSteps, warmupFactor, decayAt } = settings;
  checkSteps(totalSteps);
  const milestones = decayAt.map((fraction) => Math.round(fraction * totalSteps));
  return (step) => {
    const progress = step < warmupSteps ? step / warmupSteps : 1;
    const decays = milestones.filter((milestone) => step >= milestone).length;
    return learningRate * (warmupFactor * (1 - progress) + progress) * decayFactor ** decays;
  };
}

function checkSteps(totalSteps: number): void {
  if (totalSteps > 0) return;
  throw new RangeError(
    `Cannot make a learning rate schedule as its steps must be above 0: they are ${totalSteps}`,
  );
}
