/**
 * A batch's regions of interest, on the host: drawn for training, or proposed for detection, always as many an image.
 *
 * @module
 */
import { stream } from "../base/random.ts";
import { joined } from "../boxes/box.ts";
import { anchorTargets, repeatedBoxes, selectProposals } from "../boxes/proposals.ts";
import { roiLevel, roiTargets } from "../boxes/rois.ts";
import type { FasterRcnnConfig } from "../config/schema.ts";
import type { DetectionBatch } from "../data/sample.ts";
import type { Rois } from "../nn/roi_align.ts";

/** What the first stage says of a batch, and of which anchors. */
export interface ProposalBatch {
  /** `[N, R]`. */
  readonly logits: Float32Array;
  /** `[N, R, 4]`. */
  readonly deltas: Float32Array;
  /** `[R, 4]`. */
  readonly anchorsXyxy: Float32Array;
  /** How R divides into levels. */
  readonly anchorsPerLevel: readonly number[];
}

/** What the first stage should say. */
export interface AnchorTargetBatch {
  /** `[N, R]`. */
  readonly labels: Int32Array;
  /** `[N, R, 4]`. */
  readonly deltas: Float32Array;
  /** How many rows are not ignored. */
  readonly sampled: number;
}

/** Regions, and what the second stage should say. */
export interface RoiTargetBatch {
  /** `[N P, 4]`, image by image. */
  readonly boxesXyxy: Float32Array;
  /** `[N P]`. */
  readonly labels: Int32Array;
  /** `[N P, 4]`. */
  readonly deltas: Float32Array;
  /** How many rows are not ignored. */
  readonly sampled: number;
}

/** Draws the anchors that a step's loss is taken over. */
export function anchorBatch(
  anchorsXyxy: Float32Array,
  batch: DetectionBatch,
  config: FasterRcnnConfig["proposals"],
  seed: number,
  step: number,
): AnchorTargetBatch {
  const anchors = anchorsXyxy.length / 4;
  const labels = new Int32Array(batch.ids.length * anchors);
  const deltas = new Float32Array(batch.ids.length * anchors * 4);
  let sampled = 0;
  batch.ids.forEach((id, i) => {
    const random = stream(seed, "anchors", step, id);
    const image = anchorTargets(anchorsXyxy, batch.boxesXyxy[i], batch.placements[i], config, random);
    labels.set(image.labels, i * anchors);
    deltas.set(image.deltas, i * anchors * 4);
    sampled += image.sampled;
  });
  return { labels, deltas, sampled };
}

/** Chooses proposals in training and draws those that a step's loss is taken over. */
export function trainingRois(
  outputs: ProposalBatch,
  batch: DetectionBatch,
  { proposals, boxHead }: FasterRcnnConfig,
  classCount: number,
  seed: number,
  step: number,
): RoiTargetBatch {
  const sizes = {
    nmsIou: proposals.nmsIou,
    candidatesPerLevel: proposals.trainingCandidatesPerLevel,
    proposals: proposals.trainingProposals,
  };
  const images = batch.ids.map((id, i) => {
    const proposed = selectProposals(imageOutputs(outputs, i), batch.placements[i], sizes);
    const random = stream(seed, "rois", step, id);
    const sampling = { ...boxHead, classCount };
    return roiTargets(proposed, batch.boxesXyxy[i], batch.classIndices[i], sampling, random);
  });
  return {
    boxesXyxy: joined(images.map((image) => image.boxesXyxy)),
    labels: Int32Array.from(images.flatMap((image) => [...image.labels])),
    deltas: joined(images.map((image) => image.deltas)),
    sampled: images.reduce((sum, image) => sum + image.sampled, 0),
  };
}

/** Chooses proposals in detection, repeated up to the same number an image; `counts` says how many are not repeats. */
export function detectionRois(
  outputs: ProposalBatch,
  batch: DetectionBatch,
  { proposals }: FasterRcnnConfig,
): { boxesXyxy: Float32Array; counts: number[] } {
  const images = batch.placements.map((placement, i) =>
    selectProposals(imageOutputs(outputs, i), placement, proposals)
  );
  return {
    boxesXyxy: joined(images.map((boxes) => repeatedBoxes(boxes, proposals.proposals))),
    counts: images.map((boxes) => boxes.length / 4),
  };
}

/**
 * Regions by image and level, for RoIAlign.
 *
 * @param boxesXyxy `[N P, 4]`, image by image.
 * @param images N.
 * @param levels First and last level that regions are cut from.
 */
export function roisOf(
  boxesXyxy: Float32Array,
  images: number,
  levels: readonly [number, number],
): Rois {
  const rois = boxesXyxy.length / 4;
  return {
    boxesXyxy,
    imageIndices: Int32Array.from({ length: rois }, (_, m) => Math.floor(m * images / rois)),
    mapIndices: Int32Array.from({ length: rois }, (_, m) => roiLevel(boxesXyxy, m, levels) - levels[0]),
  };
}

function imageOutputs(outputs: ProposalBatch, image: number): ProposalBatch {
  const anchors = outputs.anchorsXyxy.length / 4;
  return {
    ...outputs,
    logits: outputs.logits.subarray(image * anchors, (image + 1) * anchors),
    deltas: outputs.deltas.subarray(image * anchors * 4, (image + 1) * anchors * 4),
  };
}
