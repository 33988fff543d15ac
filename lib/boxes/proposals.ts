/**
 * Region proposals (Ren et al. 2015, with the pyramid of Lin et al. 2017): which anchors their loss is taken over,
 * and from the network's raw outputs to the boxes that are looked at more closely.
 *
 * @module
 */
import type { RandomStream } from "../base/random.ts";
import { boxCount, clipBoxAt, hasAreaAt, joined, takeBoxes } from "./box.ts";
import { decodeBoxAt, encodeBoxAt, proposalWeights } from "./box_coder.ts";
import { checkBoxAt } from "./detections.ts";
import { foreground, ignored, matchAnchors, type MatchThresholds } from "./matcher.ts";
import { nms } from "./nms.ts";
import { drawSample } from "./sampling.ts";
import { bestRows, sortByScore } from "./score_order.ts";

/** The valid part of a canvas, from its top left corner. */
export interface ImageArea {
  /** x ends here. */
  readonly widthPx: number;
  /** y ends here. */
  readonly heightPx: number;
}

/** Which anchors the loss is taken over. */
export interface AnchorSampling extends MatchThresholds {
  /** How many an image; Faster R-CNN: 256. */
  readonly anchorsPerImage: number;
  /** Largest share of positives among them; Faster R-CNN: 0.5. */
  readonly positiveShare: number;
}

/** What the loss of one image's proposals compares with. */
export interface AnchorTargets {
  /** `[R]`: foreground, background, or ignored where it was not drawn. */
  readonly labels: Int32Array;
  /** `[R, 4]`: deltas of the matched box where the anchor is foreground, else 0. */
  readonly deltas: Float32Array;
  /** How many anchors were drawn. */
  readonly sampled: number;
}

/**
 * Matches anchors to objects and draws a sample. Anchors that reach out of the image are left out after matching, as
 * in the authors' code, so that an object whose best anchor is such a one may be without any.
 *
 * @param anchorsXyxy `[R, 4]`.
 * @param boxesXyxy Ground truth `[M, 4]`; M may be 0.
 * @param image What anchors must lie within.
 * @param random Where the draws come from.
 */
export function anchorTargets(
  anchorsXyxy: Float32Array,
  boxesXyxy: Float32Array,
  image: ImageArea,
  options: AnchorSampling,
  random: RandomStream,
): AnchorTargets {
  const { labels: matched, matchedIndices } = matchAnchors(anchorsXyxy, boxesXyxy, options);
  ignoreOutside(matched, anchorsXyxy, image);
  const size = { count: options.anchorsPerImage, positiveShare: options.positiveShare };
  const { positives, negatives } = drawSample(matched, size, random);
  const labels = new Int32Array(matched.length).fill(ignored);
  const deltas = new Float32Array(anchorsXyxy.length);
  for (const i of negatives) labels[i] = matched[i];
  for (const i of positives) {
    labels[i] = foreground;
    encodeBoxAt(anchorsXyxy, i, boxesXyxy, matchedIndices[i], proposalWeights, deltas);
  }
  return { labels, deltas, sampled: positives.length + negatives.length };
}

function ignoreOutside(labels: Int8Array, anchors: Float32Array, { widthPx, heightPx }: ImageArea): void {
  for (let i = 0, a = 0; i < labels.length; i++, a += 4) {
    const isInside = anchors[a] >= 0 && anchors[a + 1] >= 0 && anchors[a + 2] <= widthPx &&
      anchors[a + 3] <= heightPx;
    if (!isInside) labels[i] = ignored;
  }
}

/** How many proposals survive. */
export interface ProposalOptions {
  /** Best anchors of each level before suppression; the authors: 2,000 in training, 1,000 in detection. */
  readonly candidatesPerLevel: number;
  /** Overlap above which the lower of two on one level is dropped; Faster R-CNN: 0.7. */
  readonly nmsIou: number;
  /** At most so many an image, over all levels; the authors: 2,000 in training, 1,000 in detection. */
  readonly proposals: number;
}

/** The raw outputs for one image, and where they lie. */
export interface ProposalOutputs {
  /** `[R]`: logits of there being an object. */
  readonly logits: Float32Array;
  /** `[R, 4]`. */
  readonly deltas: Float32Array;
  /** `[R, 4]`. */
  readonly anchorsXyxy: Float32Array;
  /** How R divides into levels. */
  readonly anchorsPerLevel: readonly number[];
}

/**
 * Chooses proposals: of each level the best, decoded, clipped to the image and suppressed; then the best over all
 * levels. Boxes without area are dropped. If nothing is left, the whole image is proposed: there is always one.
 *
 * Differs: in training, the authors' code takes the best over all levels and all images of a batch; here each image's.
 *
 * @returns `[M, 4]`, best first, M in 1..proposals.
 * @throws {RangeError} If a logit or a candidate's box is not a number.
 */
export function selectProposals(
  outputs: ProposalOutputs,
  image: ImageArea,
  { candidatesPerLevel, nmsIou, proposals }: ProposalOptions,
): Float32Array {
  const found: { boxes: Float32Array; logits: Float32Array }[] = [];
  let begin = 0;
  for (const anchors of outputs.anchorsPerLevel) {
    const end = begin + anchors;
    const rows = bestRows(outputs.logits, begin, end, -Infinity, candidatesPerLevel);
    const level = decodeProposals(outputs, rows, image);
    const kept = nms(level.boxes, level.logits, nmsIou, proposals);
    found.push({
      boxes: takeBoxes(level.boxes, kept),
      logits: Float32Array.from(kept, (i) => level.logits[i]),
    });
    begin = end;
  }
  const logits = joined(found.map((level) => level.logits));
  const boxes = joined(found.map((level) => level.boxes));
  if (logits.length === 0) return Float32Array.of(0, 0, image.widthPx, image.heightPx);
  const order = sortByScore(Uint32Array.from(logits, (_, i) => i), logits);
  return takeBoxes(boxes, order.subarray(0, proposals));
}

/** The boxes, with their logits, of some anchors; those without area are left out. */
function decodeProposals(
  { logits, deltas, anchorsXyxy }: ProposalOutputs,
  rows: Uint32Array,
  image: ImageArea,
): { boxes: Float32Array; logits: Float32Array } {
  const boxes = new Float32Array(4 * rows.length);
  const kept = new Float32Array(rows.length);
  let count = 0;
  for (const row of rows) {
    decodeBoxAt(anchorsXyxy, row, deltas, row, proposalWeights, boxes, count);
    checkBoxAt(boxes, count, `anchor ${row}`);
    clipBoxAt(boxes, count, image);
    if (hasAreaAt(boxes, count)) kept[count++] = logits[row];
  }
  return { boxes: boxes.subarray(0, 4 * count), logits: kept.subarray(0, count) };
}

/**
 * A fixed number of proposals, as compiled functions want them: the first ones, again and again from the first.
 *
 * @param proposalsXyxy `[M, 4]`, M at least 1.
 * @param count How many to give.
 * @returns `[count, 4]`.
 */
export function repeatedBoxes(proposalsXyxy: Float32Array, count: number): Float32Array {
  const rows = boxCount(proposalsXyxy);
  return takeBoxes(proposalsXyxy, Array.from({ length: count }, (_, i) => i % rows));
}
