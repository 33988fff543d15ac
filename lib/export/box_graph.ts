/**
 * Boxes inside a graph: decoding, clipping, and the last step of both detectors. As `lib/boxes` does it on the host.
 *
 * @module
 */
import { boxCount } from "../boxes/box.ts";
import { type BoxWeights, maxLogScale } from "../boxes/box_coder.ts";
import type { Value } from "./graph.ts";
import type { GraphBuilder } from "./graph_builder.ts";

/** Boxes by centre and size, as deltas are applied to them. */
export interface CentredBoxes {
  /** `[M, 2]` x, y. */
  readonly centres: Value;
  /** `[M, 2]` width, height. */
  readonly sizes: Value;
}

/** What the last step keeps. */
export interface DetectionLimits {
  /** Overlap above which the lower of two of a class goes. */
  readonly nmsIou: number;
  readonly maxDetections: number;
  /** K. */
  readonly classes: number;
  /** The canvas's longer side. */
  readonly largestCoordinate: number;
}

/** Candidates, row by row. */
export interface Candidates {
  /** `[M, 4]`, clipped. */
  readonly boxes: Value;
  /** `[M]`, what they are ordered by. */
  readonly scores: Value;
  /** `[M]` int32. */
  readonly groups: Value;
}

/** Anchors that are known beforehand, as two constants. */
export function constantBoxes(builder: GraphBuilder, name: string, boxesXyxy: Float32Array): CentredBoxes {
  const count = boxCount(boxesXyxy);
  const pairs = (of: (low: number, high: number) => number): Float32Array =>
    Float32Array.from({ length: 2 * count }, (_, i) => {
      const at = 4 * (i >> 1) + i % 2;
      return of(boxesXyxy[at], boxesXyxy[at + 2]);
    });
  return {
    centres: builder.constant(`${name}/centres`, pairs((low, high) => low + (high - low) / 2), [count, 2]),
    sizes: builder.constant(`${name}/sizes`, pairs((low, high) => high - low), [count, 2]),
  };
}

/** Boxes `[M, 4]` x1, y1, x2, y2 by centre and size. */
export function centredBoxes(builder: GraphBuilder, name: string, boxes: Value): CentredBoxes {
  const low = builder.columns(`${name}/low`, boxes, 0, 2);
  const high = builder.columns(`${name}/high`, boxes, 2, 4);
  const sizes = builder.binary("subtract", `${name}/sizes`, high, low);
  const half = builder.binary("multiply", `${name}/half`, sizes, builder.number(`${name}/0.5`, 0.5));
  return { centres: builder.binary("add", `${name}/centres`, low, half), sizes };
}

/** Some of the boxes. */
export function takeCentred(
  builder: GraphBuilder,
  name: string,
  boxes: CentredBoxes,
  rows: Value,
): CentredBoxes {
  return {
    centres: builder.takeRows(`${name}/centres`, boxes.centres, rows),
    sizes: builder.takeRows(`${name}/sizes`, boxes.sizes, rows),
  };
}

/**
 * Decodes deltas, as `decodeBoxes` does, and clips to the image.
 *
 * @param deltas `[M, 4]` dx, dy, dw, dh.
 * @param limits `[4]`: width, height, width, height of the image.
 * @returns `[M, 4]` x1, y1, x2, y2.
 */
export function decodeClipped(
  builder: GraphBuilder,
  name: string,
  { centres, sizes }: CentredBoxes,
  deltas: Value,
  weights: BoxWeights,
  limits: Value,
): Value {
  const pair = (part: string, begin: number): Value => {
    const divisor = Float32Array.of(weights[begin], weights[begin + 1]);
    const columns = builder.columns(`${name}/${part}`, deltas, begin, begin + 2);
    return builder.binary(
      "divide",
      `${name}/${part}`,
      columns,
      builder.constant(`${name}/weights`, divisor, [2]),
    );
  };
  const shift = builder.binary("multiply", `${name}/shift`, pair("shift", 0), sizes);
  const centre = builder.binary("add", `${name}/centre`, centres, shift);
  const bounded = builder.binary(
    "minimum",
    `${name}/bounded`,
    pair("growth", 2),
    builder.number(`${name}/largest`, maxLogScale),
  );
  const size = builder.binary(
    "multiply",
    `${name}/size`,
    sizes,
    builder.unary("exp", `${name}/growth`, bounded),
  );
  const half = builder.binary("multiply", `${name}/half`, size, builder.number(`${name}/0.5`, 0.5));
  const corners = [
    builder.binary("subtract", `${name}/low`, centre, half),
    builder.binary("add", `${name}/high`, centre, half),
  ];
  const boxes = builder.concat(`${name}/boxes`, corners, 1);
  const positive = builder.binary("maximum", `${name}/positive`, boxes, builder.number(`${name}/zero`, 0));
  return builder.binary("minimum", `${name}/clipped`, positive, limits);
}

/** `[M]` bool: which boxes `[M, 4]` have an area. */
export function haveArea(builder: GraphBuilder, name: string, boxes: Value): Value {
  const column = (i: number): Value =>
    builder.reshape(`${name}/side${i}`, builder.columns(`${name}/column${i}`, boxes, i, i + 1), [
      boxes.shape[0],
    ]);
  const [x1, y1, x2, y2] = [0, 1, 2, 3].map(column);
  const isWide = builder.binary("greater", `${name}/isWide`, x2, x1);
  return builder.binary(
    "and",
    `${name}/hasArea`,
    isWide,
    builder.binary("greater", `${name}/isHigh`, y2, y1),
  );
}

/** Some of the candidates. */
export function takeCandidates(
  builder: GraphBuilder,
  name: string,
  from: Candidates,
  rows: Value,
): Candidates {
  return {
    boxes: builder.takeRows(`${name}/boxes`, from.boxes, rows),
    scores: builder.takeRows(`${name}/scores`, from.scores, rows),
    groups: builder.takeRows(`${name}/groups`, from.groups, rows),
  };
}

/** The last step of both detectors: suppression class by class, and the best of what is left. */
export function suppressed(
  builder: GraphBuilder,
  candidates: Candidates,
  { nmsIou, maxDetections, classes, largestCoordinate }: DetectionLimits,
): Candidates {
  const { boxes, scores, groups } = candidates;
  const options = { groupCount: classes, iouThreshold: nmsIou, limit: maxDetections, largestCoordinate };
  const kept = builder.suppress("kept", [boxes, scores, groups], options);
  return takeCandidates(builder, "detections", candidates, kept);
}
