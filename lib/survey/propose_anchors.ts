/**
 * Anchors that fit a data set: as many as the config has, so a step costs no more.
 *
 * @module
 */
import { permutation, stream } from "../base/random.ts";
import type { DetectorConfig } from "../config/schema.ts";
import { type AnchorFit, anchorFit, type PyramidAnchors } from "./anchor_recall.ts";
import type { BoxExtent } from "./data_survey.ts";

/** A config's anchors, better ones, and how both fit. */
export interface AnchorProposal {
  readonly current: PyramidAnchors;
  readonly currentFit: AnchorFit;
  /** The current ones where none are clearly better. */
  readonly proposed: PyramidAnchors;
  readonly proposedFit: AnchorFit;
}

/** Boxes that proposals are made from; more would not change the second digit. */
const mostBoxes = 4000;
const anchorScales = [1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8];
/** Anchors that fit less much better are not worth another config. */
const leastGain = 0.02;
const lloydRounds = 50;

/**
 * Proposes anchors: aspect ratios by k-means over the boxes' (in the logarithm, where 2 and 1/2 are equally far from 1),
 * then the scale, and for RetinaNet the last pyramid level, for which recall and the best anchor's mean IoU sum up highest.
 *
 * @param extents Training boxes on the canvas, px.
 * @param detector The config's.
 */
export function proposeAnchors(extents: readonly BoxExtent[], detector: DetectorConfig): AnchorProposal {
  const boxes = someBoxes(extents);
  const thresholds = matcherThresholds(detector);
  const { levels, anchorScale, scalesPerOctave, aspectRatios } = detector;
  const current: PyramidAnchors = { levels, anchorScale, scalesPerOctave, aspectRatios };
  const currentFit = anchorFit(boxes, current, thresholds);
  let best = { anchors: current, fit: currentFit };
  for (const anchors of candidates(boxes, detector)) {
    const fit = anchorFit(boxes, anchors, thresholds);
    // The first of about equals has the fewest levels.
    if (quality(fit) > quality(best.fit) + (best.anchors === current ? leastGain : 0.002)) {
      best = { anchors, fit };
    }
  }
  return { current, currentFit, proposed: best.anchors, proposedFit: best.fit };
}

/** Recall alone would be content with anchors that just reach the threshold. */
function quality({ recall, meanIou }: AnchorFit): number {
  return recall + meanIou;
}

/** What makes an anchor foreground or background under a config's detector. */
export function matcherThresholds(
  detector: DetectorConfig,
): { readonly foregroundIou: number; readonly backgroundIou: number } {
  return detector.kind === "retinanet" ? detector : detector.proposals;
}

/** RoIs are pooled from all levels, so only RetinaNet's may become fewer. */
function candidates(boxes: readonly BoxExtent[], detector: DetectorConfig): PyramidAnchors[] {
  const { levels: [first, last], scalesPerOctave } = detector;
  const fitted = fittedAspectRatios(boxes, detector.aspectRatios.length);
  const lasts = detector.kind === "retinanet" ? range(Math.min(first + 2, last), last) : [last];
  return lasts.flatMap((end) =>
    anchorScales.flatMap((anchorScale) =>
      [detector.aspectRatios, fitted].map((aspectRatios): PyramidAnchors => ({
        levels: [first, end],
        anchorScale,
        scalesPerOctave,
        aspectRatios,
      }))
    )
  );
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/**
 * Aspect ratios by k-means (Lloyd 1982) over the logarithms, from quantiles on.
 *
 * @param boxes At least one.
 * @param count How many; fewer come out where boxes have fewer ratios.
 * @returns Height over width, two digits, ascending, each once.
 */
export function fittedAspectRatios(boxes: readonly BoxExtent[], count: number): number[] {
  const logs = boxes.map(({ widthPx, heightPx }) => Math.log(heightPx / widthPx)).sort((a, b) => a - b);
  let means = Array.from({ length: count }, (_, i) => logs[Math.floor((i + 0.5) / count * logs.length)] ?? 0);
  for (let round = 0; round < lloydRounds; round++) means = nextMeans(logs, means);
  return [...new Set(means.map((mean) => Number(Math.exp(mean).toPrecision(2))))].sort((a, b) => a - b);
}

function nextMeans(values: readonly number[], means: readonly number[]): number[] {
  const sums = means.map(() => ({ sum: 0, count: 0 }));
  for (const value of values) {
    const distances = means.map((mean) => Math.abs(mean - value));
    const own = sums[distances.indexOf(Math.min(...distances))];
    own.sum += value;
    own.count++;
  }
  return sums.map(({ sum, count }, i) => count === 0 ? means[i] : sum / count);
}

function someBoxes(extents: readonly BoxExtent[]): BoxExtent[] {
  const order = permutation(stream(0, "boxes for anchors"), extents.length);
  return Array.from(order.subarray(0, mostBoxes), (i) => extents[i]);
}
