/**
 * The pre-training's settings, as the paper has them, for every bench that trains a classifier.
 *
 * @module
 */

/** Of a `ClassificationModel`. */
export const pretrainingSettings = {
  momentum: 0.9,
  weightDecay: 4e-5,
  decayOn: "matrices",
  biasLearningRateFactor: 1,
  bnMomentum: 0.1,
  labelSmoothing: 0.1,
  dropout: 0.2,
  seed: 0,
} as const;
