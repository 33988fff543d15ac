/**
 * How long a training lasts, in whichever unit the config's author thinks in; training itself counts steps.
 *
 * @module
 */

/** A training's length: updates, or passes over the training images. */
export type Duration = { steps: number } | { epochs: number };

/**
 * Turns a duration into steps.
 *
 * @param duration Steps, or epochs (which may be fractions).
 * @param imagesPerEpoch Images in the training split.
 * @param batchSize Images in a step, over all workers.
 * @returns Whole steps, at least 1; a last part of a step counts as one.
 * @throws {RangeError} If there are no images, or fewer than none in a batch.
 */
export function durationSteps(duration: Duration, imagesPerEpoch: number, batchSize: number): number {
  if ("steps" in duration) return duration.steps;
  if (!(imagesPerEpoch > 0 && batchSize > 0)) {
    throw new RangeError(
      `Cannot count steps as an epoch needs images and a batch size above 0: ` +
        `${imagesPerEpoch} images, batch size ${batchSize}`,
    );
  }
  return Math.max(1, Math.ceil((duration.epochs * imagesPerEpoch) / batchSize));
}
