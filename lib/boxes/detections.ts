/**
 * From the heads' raw outputs to an image's detections: the inference half of RetinaNet, on typed arrays.
 *
 * @module
 */
import { boxCount } from "./box.ts";
import { type BoxWeights, boxWeights, decodeBoxAt } from "./box_coder.ts";
import { classWiseNms } from "./nms.ts";
import { sortByScore } from "./score_order.ts";

/** How many detections survive, and which. */
export interface DetectionOptions {
  /** A class whose probability is not above this at an anchor is no candidate; RetinaNet: 0.05. */
  readonly scoreThreshold: number;
  /** Overlap above which NMS suppresses; the authors' RetinaNet: 0.4. */
  readonly nmsIou: number;
  /** Candidates kept per pyramid level before decoding; RetinaNet: 1,000. */
  readonly candidatesPerLevel: number;
  /** Detections per image after NMS; COCO: 100. */
  readonly maxDetections: number;
  /** The box coder's weights, if not the usual ones. */
  readonly weights?: BoxWeights;
}

/** The raw outputs for one image, and where they lie. */
export interface RetinaOutputs {
  /** `[R, K]` class logits; the score is their sigmoid. */
  readonly logits: Float32Array;
  /** `[R, 4]`. */
  readonly deltas: Float32Array;
  /** `[R, 4]` x1, y1, x2, y2 in canvas pixels. */
  readonly anchorsXyxy: Float32Array;
  /** How R divides into levels, e.g. from {@linkcode anchorsPerLevel}. */
  readonly anchorsPerLevel: readonly number[];
}

/** Detections of one image in canvas pixels, best first. */
export interface CanvasDetections {
  /** `[N, 4]` x1, y1, x2, y2, within the image. */
  readonly boxesXyxy: Float32Array;
  /** `[N]` in 0..1, descending. */
  readonly scores: Float32Array;
  /** `[N]` 0..K-1. */
  readonly classIndices: Int32Array;
}

/**
 * Detects: per level the best candidates above the threshold, decoded, clipped to the image, suppressed class by
 * class (Lin et al. 2017, section 4). An anchor may give several classes. Ties in score go to the earlier anchor,
 * then class. Boxes without area after clipping are dropped.
 *
 * @param outputs The heads' outputs for one image.
 * @param image The valid part of the canvas, from its top left corner.
 * @param options See {@linkcode DetectionOptions}.
 * @throws RangeError if lengths disagree, or a logit or the box of a candidate is not a number.
 */
export function decodeDetections(
  outputs: RetinaOutputs,
  image: { readonly widthPx: number; readonly heightPx: number },
  options: DetectionOptions,
): CanvasDetections {
  const classCount = checkOutputs(outputs);
  const candidates = levelCandidates(outputs, classCount, options);
  const boxes = new Float32Array(4 * candidates.length);
  const logits = new Float32Array(candidates.length);
  const classes = new Int32Array(candidates.length);
  let count = 0;
  for (const candidate of candidates) {
    const anchor = Math.floor(candidate / classCount);
    decodeBoxAt(outputs.anchorsXyxy, outputs.deltas, anchor, options.weights ?? boxWeights, boxes, count);
    clipInPlace(boxes, count, image, anchor);
    if (!hasArea(boxes, count)) continue; // the next candidate overwrites the row
    logits[count] = outputs.logits[candidate];
    classes[count++] = candidate % classCount;
  }
  // Suppression goes by logits: sigmoid keeps their order, but rounds large ones to equal scores.
  const found = { boxes: boxes.subarray(0, 4 * count), logits: logits.subarray(0, count), classes };
  return suppress(found, options);
}

function suppress(
  found: { boxes: Float32Array; logits: Float32Array; classes: Int32Array },
  options: DetectionOptions,
): CanvasDetections {
  const { boxes, logits } = found;
  const classes = found.classes.subarray(0, logits.length);
  const kept = classWiseNms(boxes, logits, classes, options.nmsIou, options.maxDetections);
  const boxesXyxy = new Float32Array(4 * kept.length);
  kept.forEach((row, i) => boxesXyxy.set(boxes.subarray(4 * row, 4 * row + 4), 4 * i));
  return {
    boxesXyxy,
    scores: Float32Array.from(kept, (row) => 1 / (1 + Math.exp(-logits[row]))),
    classIndices: Int32Array.from(kept, (row) => classes[row]),
  };
}

/** Positions in `logits` of all levels' candidates, level by level, each best first. */
function levelCandidates(outputs: RetinaOutputs, classCount: number, options: DetectionOptions): number[] {
  // sigmoid(x) > t is x > log(t / (1 - t)): one logarithm instead of R * K exponentials.
  const threshold = Math.log(options.scoreThreshold / (1 - options.scoreThreshold));
  const candidates: number[] = [];
  let begin = 0;
  for (const anchors of outputs.anchorsPerLevel) {
    const end = begin + anchors * classCount;
    candidates.push(...bestPositions(outputs.logits, begin, end, threshold, options.candidatesPerLevel));
    begin = end;
  }
  return candidates;
}

/**
 * The `count` largest logits above a threshold between two positions, best first. Whenever a buffer is full, its best
 * stay and the threshold rises to the least of them, so that a level of a million logits is sorted in a few
 * thousands. What only equals that threshold comes later than what set it, and rightly loses the tie.
 */
function bestPositions(
  logits: Float32Array,
  begin: number,
  end: number,
  threshold: number,
  count: number,
): Uint32Array {
  const buffer = new Uint32Array(Math.min(4 * count, end - begin));
  let size = 0;
  for (let i = begin; i < end; i++) {
    if (logits[i] <= threshold) continue;
    if (Number.isNaN(logits[i])) {
      throw new RangeError(`Cannot decode detections as logits must be numbers: logits[${i}] is NaN`);
    }
    if (size === buffer.length) {
      sortByScore(buffer, logits);
      size = count;
      threshold = logits[buffer[count - 1]];
    }
    buffer[size++] = i;
  }
  return sortByScore(buffer.subarray(0, size), logits).subarray(0, count);
}

function clipInPlace(
  boxes: Float32Array,
  row: number,
  image: { readonly widthPx: number; readonly heightPx: number },
  anchor: number,
): void {
  for (let i = 4 * row; i < 4 * row + 4; i++) {
    if (Number.isNaN(boxes[i])) {
      throw new RangeError(
        `Cannot decode detections as boxes must be numbers: the box of anchor ${anchor} is NaN`,
      );
    }
    boxes[i] = Math.min(Math.max(boxes[i], 0), i % 2 === 0 ? image.widthPx : image.heightPx);
  }
}

function hasArea(boxes: Float32Array, row: number): boolean {
  return boxes[4 * row + 2] > boxes[4 * row] && boxes[4 * row + 3] > boxes[4 * row + 1];
}

/** Checks that all arrays have the same R, and returns K. */
function checkOutputs(
  { logits, deltas, anchorsXyxy, anchorsPerLevel }: RetinaOutputs,
): number {
  const anchors = boxCount(anchorsXyxy, "anchorsXyxy");
  const levels = anchorsPerLevel.reduce((sum, count) => sum + count, 0);
  if (
    deltas.length !== anchorsXyxy.length || levels !== anchors || anchors === 0 ||
    logits.length % anchors !== 0
  ) {
    throw new RangeError(
      `Cannot decode detections as logits [R, K], deltas [R, 4], anchors [R, 4] and levels must have one R > 0: lengths are ${logits.length}, ${deltas.length}, ${anchorsXyxy.length}, and levels sum to ${levels}`,
    );
  }
  return logits.length / anchors;
}
