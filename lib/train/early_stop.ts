/**
 * When a candidate's scoring may stop: as soon as images seen so far make it sure that its AP on all images will not
 * reach the least of its rivals'.
 *
 * @module
 */
import type { SearchConfig } from "../config/schema.ts";
import { type ImageAps, pairedDifference } from "../eval/image_aps.ts";

/** A config's early stop. */
export type EarlyStop = NonNullable<SearchConfig["earlyStop"]>;

/** What some images say of a candidate. */
export interface Standing {
  /** Its AP on all images, estimated. */
  readonly estimate: number;
  /** What it will not exceed, at the confidence of one look. */
  readonly upperBound: number;
}

/**
 * Estimates a candidate's AP on all images: the rivals' mean, which is known, plus its mean lead over them on the images
 * that it has seen. The bound is one-sided and normal; its standard error is the jackknife's, less the share that is
 * seen already (the correction for finite populations). Of several looks each gets an equal part of the doubt
 * (Bonferroni), so a candidate that belongs among the best is stopped at any of them with a probability of at most
 * 1 - confidence, as far as the normal approximation holds.
 *
 * @param candidate Has seen the first images.
 * @param rivals Have seen all, in the same order.
 * @param images How many all are.
 */
export function standingOf(
  candidate: ImageAps,
  rivals: readonly ImageAps[],
  images: number,
  { confidence, chunkImages }: EarlyStop,
): Standing {
  const { difference, standardError } = pairedDifference(candidate, rivals);
  const estimate = rivals.reduce((sum, rival) => sum + rival.ap(), 0) / rivals.length + difference;
  const unseen = Math.sqrt(1 - candidate.images / images);
  const looks = Math.ceil(images / chunkImages) - 1;
  return { estimate, upperBound: estimate + normalBound((1 - confidence) / looks) * unseen * standardError };
}

/** The least AP of the rivals: what a candidate must exceed to be one. */
export function leastAp(rivals: readonly ImageAps[]): number {
  return Math.min(...rivals.map((rival) => rival.ap()));
}

/**
 * What a standard normal variable exceeds with a probability of 0 to 0.5; within 4.5e-4 (Abramowitz and Stegun 1964,
 * 26.2.23).
 */
export function normalBound(probability: number): number {
  const t = Math.sqrt(-2 * Math.log(probability));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
}
