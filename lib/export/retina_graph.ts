/**
 * RetinaNet's head and what is made of its outputs, as a graph: `lib/models/retina_head.ts` and
 * `lib/boxes/detections.ts`.
 *
 * @module
 */
import { anchorsPerCell, anchorsPerLevel, pyramidAnchors } from "../boxes/anchors.ts";
import { boxWeights } from "../boxes/box_coder.ts";
import type { RetinaNetConfig } from "../config/schema.ts";
import type { Canvas } from "../data/canvas.ts";
import {
  constantBoxes,
  decodeClipped,
  haveArea,
  suppressed,
  takeCandidates,
  takeCentred,
} from "./box_graph.ts";
import type { Value } from "./graph.ts";
import type { GraphBuilder } from "./graph_builder.ts";
import type { NetworkWeights } from "./network_weights.ts";

/** What the graph gives. */
export interface DetectionValues {
  readonly boxes: Value;
  readonly scores: Value;
  readonly classes: Value;
}

/** Whatever a detector's graph is made for. */
export interface DetectorShape<C> {
  readonly config: C;
  /** K. */
  readonly classes: number;
  readonly canvas: Canvas;
}

/**
 * Adds head and post-processing.
 *
 * @param levels The pyramid's maps.
 * @param limits `[4]`: width, height, width, height of the picture on the canvas.
 */
export function addRetinaDetector(
  builder: GraphBuilder,
  weights: NetworkWeights,
  levels: readonly Value[],
  limits: Value,
  shape: DetectorShape<RetinaNetConfig>,
): DetectionValues {
  const { config, classes, canvas } = shape;
  const rows = anchorsPerLevel(config.levels, canvas, config);
  const logits = levels.map((x, i) => {
    const y = addPredictor(builder, weights, x, i, "class", classes, config);
    return builder.reshape("class/logits", y, [rows[i] * classes]);
  });
  const deltas = levels.map((x, i) => {
    const y = addPredictor(builder, weights, x, i, "box", 4, config);
    return builder.reshape("box/deltas", y, [rows[i], 4]);
  });
  const best = bestOfLevels(builder, logits, config.candidatesPerLevel);
  const classCount = builder.constant("classCount", Int32Array.of(classes), [1]);
  const anchors = builder.binary("floorDivide", "anchors", best.positions, classCount);
  const firsts = builder.binary("multiply", "firsts", anchors, classCount);
  const groups = builder.binary("subtract", "groups", best.positions, firsts);
  const all = constantBoxes(builder, "anchors", pyramidAnchors(config.levels, canvas, config));
  const own = takeCentred(builder, "candidates", all, anchors);
  const ownDeltas = builder.takeRows("candidates/deltas", builder.concat("deltas", deltas, 0), anchors);
  const boxes = decodeClipped(builder, "decoded", own, ownDeltas, boxWeights, limits);
  const { scoreThreshold } = config;
  const least = builder.number("threshold", Math.log(scoreThreshold / (1 - scoreThreshold)));
  const isLikely = builder.binary("greater", "isLikely", best.values, least);
  const isCandidate = builder.binary("and", "isCandidate", isLikely, haveArea(builder, "decoded", boxes));
  const candidates = { boxes, scores: best.values, groups };
  const valid = takeCandidates(builder, "valid", candidates, builder.rowsWhere("validRows", isCandidate));
  const largestCoordinate = Math.max(canvas.widthPx, canvas.heightPx);
  const found = suppressed(builder, valid, { ...config, classes, largestCoordinate });
  return {
    boxes: found.boxes,
    scores: builder.unary("sigmoid", "probabilities", found.scores),
    classes: found.groups,
  };
}

/** The best of each level, level by level, with their positions in all levels one after the other. */
export function bestOfLevels(
  builder: GraphBuilder,
  levels: readonly Value[],
  count: number,
): { values: Value; positions: Value } {
  let begin = 0;
  const best = levels.map((level) => {
    const { values, positions } = builder.topK("best", level, count);
    const offset = builder.constant("best/begin", Int32Array.of(begin), [1]);
    begin += level.shape[0] ?? 0;
    return { values, positions: builder.binary("add", "best/row", positions, offset) };
  });
  return {
    values: builder.concat("best/values", best.map(({ values }) => values), 0),
    positions: builder.concat("best/rows", best.map(({ positions }) => positions), 0),
  };
}

/** A tower and its last convolution on one level, `[1, H, W, A depth]`. */
function addPredictor(
  builder: GraphBuilder,
  weights: NetworkWeights,
  x: Value,
  index: number,
  name: "class" | "box",
  depth: number,
  config: RetinaNetConfig,
): Value {
  const { channels, towerConvs, norm, levels: [first] } = config;
  const level = first + index;
  const size = { kind: "conv", kernel: 3, stride: 1, inChannels: channels } as const;
  for (let i = 0; i < towerConvs; i++) {
    const layer = { ...size, outChannels: channels, bias: norm !== "batch", relu: true };
    const own = `head.${name}.${i}`;
    const conv = norm === "batch"
      ? weights.normed(own, layer, `${own}.level${level}`)
      : weights.plain(own, layer);
    x = builder.conv(`p${level}/${name}${i}`, x, conv);
  }
  const last = { ...size, outChannels: anchorsPerCell(config) * depth, bias: true, relu: false };
  return builder.conv(`p${level}/${name}`, x, weights.plain(`head.${name}.last`, last));
}
