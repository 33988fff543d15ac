/**
 * Faster R-CNN's two stages and what is made of their outputs, as a graph: `lib/models/proposal_head.ts`,
 * `lib/models/box_head.ts`, `lib/boxes/proposals.ts` and `lib/boxes/rois.ts`.
 *
 * @module
 */
import { anchorsPerCell, anchorsPerLevel, pyramidAnchors, pyramidLevels } from "../boxes/anchors.ts";
import { boxWeights, proposalWeights } from "../boxes/box_coder.ts";
import type { FasterRcnnConfig } from "../config/schema.ts";
import {
  centredBoxes,
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
import { bestOfLevels, type DetectionValues, type DetectorShape } from "./retina_graph.ts";

/** Regions are cut from no coarser level, as in `lib/train/faster_rcnn_detector.ts`. */
const lastRoiLevel = 5;

/**
 * Adds both stages and post-processing.
 *
 * @param levels The pyramid's maps.
 * @param limits `[4]`: width, height, width, height of the picture on the canvas.
 */
export function addFasterRcnn(
  builder: GraphBuilder,
  weights: NetworkWeights,
  levels: readonly Value[],
  limits: Value,
  shape: DetectorShape<FasterRcnnConfig>,
): DetectionValues {
  const regions = addProposals(builder, weights, levels, limits, shape);
  const { logits, deltas } = addBoxHead(builder, weights, levels, regions, shape);
  return addRegionDetections(builder, regions, logits, deltas, limits, shape);
}

/** The first stage: regions `[P, 4]`, best first, at least one. */
function addProposals(
  builder: GraphBuilder,
  weights: NetworkWeights,
  levels: readonly Value[],
  limits: Value,
  { config, canvas }: DetectorShape<FasterRcnnConfig>,
): Value {
  const { candidatesPerLevel, nmsIou, proposals: limit } = config.proposals;
  const outputs = addProposalHead(
    builder,
    weights,
    levels,
    config,
    anchorsPerLevel(config.levels, canvas, config),
  );
  const best = bestOfLevels(builder, outputs.logits, candidatesPerLevel);
  const all = constantBoxes(builder, "anchors", pyramidAnchors(config.levels, canvas, config));
  const own = takeCentred(builder, "proposed", all, best.positions);
  const deltas = builder.takeRows(
    "proposed/deltas",
    builder.concat("deltas", outputs.deltas, 0),
    best.positions,
  );
  const boxes = decodeClipped(builder, "proposal", own, deltas, proposalWeights, limits);
  const levelOf = outputs.logits.flatMap(({ shape: [rows] }, i) =>
    Array<number>(Math.min(rows ?? 0, candidatesPerLevel)).fill(i)
  );
  const groups = builder.constant("proposal/levels", Int32Array.from(levelOf), [levelOf.length]);
  const withArea = builder.rowsWhere("proposal/rows", haveArea(builder, "proposal", boxes));
  const valid = takeCandidates(builder, "proposal", { boxes, scores: best.values, groups }, withArea);
  // Suppressed level by level: a level is to proposals what a class is to detections.
  const kept = builder.suppress("proposal/kept", [valid.boxes, valid.scores, valid.groups], {
    groupCount: levels.length,
    iouThreshold: nmsIou,
    limit,
    largestCoordinate: Math.max(canvas.widthPx, canvas.heightPx),
  });
  return builder.orElse(
    "regions",
    builder.takeRows("proposals", valid.boxes, kept),
    wholeImage(builder, limits),
  );
}

/** `[1, 4]`: what is proposed if nothing else is. */
function wholeImage(builder: GraphBuilder, limits: Value): Value {
  const isEnd = builder.constant("whole/isEnd", Float32Array.of(0, 0, 1, 1), [1, 4]);
  return builder.binary("multiply", "whole", isEnd, limits);
}

function addProposalHead(
  builder: GraphBuilder,
  weights: NetworkWeights,
  levels: readonly Value[],
  config: FasterRcnnConfig,
  rows: readonly number[],
): { logits: Value[]; deltas: Value[] } {
  const { channels, levels: [first] } = config;
  const anchors = anchorsPerCell(config);
  const size = { stride: 1, inChannels: channels, bias: true } as const;
  const pointwise = { kind: "pointwise", kernel: 1, relu: false } as const;
  const hidden = weights.plain("proposalHead.hidden", {
    ...size,
    kind: "conv",
    kernel: 3,
    outChannels: channels,
    relu: true,
  });
  const object = weights.plain("proposalHead.object", { ...size, ...pointwise, outChannels: anchors });
  const box = weights.plain("proposalHead.box", { ...size, ...pointwise, outChannels: 4 * anchors });
  const features = levels.map((x, i) => builder.conv(`p${first + i}/proposal`, x, hidden));
  return {
    logits: features.map((x, i) =>
      builder.reshape("object/logits", builder.conv(`p${first + i}/object`, x, object), [rows[i]])
    ),
    deltas: features.map((x, i) =>
      builder.reshape("proposal/deltas", builder.conv(`p${first + i}/proposalBox`, x, box), [rows[i], 4])
    ),
  };
}

/** The second stage: logits `[P, K + 1]` and deltas `[P, 4 K]` of the regions. */
function addBoxHead(
  builder: GraphBuilder,
  weights: NetworkWeights,
  levels: readonly Value[],
  regions: Value,
  { config, classes, canvas }: DetectorShape<FasterRcnnConfig>,
): { logits: Value; deltas: Value } {
  const { channels, norm, boxHead: { poolSide, samplingRatio, convs, hidden }, levels: [first, last] } =
    config;
  const roiLevels = [first, Math.min(last, lastRoiLevel)] as const;
  const maps = levels.slice(0, roiLevels[1] - first + 1);
  const stridesPx = pyramidLevels(roiLevels, canvas).map((level) => level.stridePx);
  const mapIndices = addMapIndices(builder, regions, roiLevels);
  let x = builder.roiAlign("cut", regions, mapIndices, maps, { stridesPx, side: poolSide, samplingRatio });
  for (let i = 0; i < convs; i++) {
    const size = { kind: "conv", kernel: 3, stride: 1, inChannels: channels, outChannels: channels } as const;
    const layer = { ...size, bias: norm === "none", relu: true };
    const own = `boxHead.conv.${i}`;
    x = builder.conv(
      `boxHead${i}`,
      x,
      norm === "batch" ? weights.normed(own, layer) : weights.plain(own, layer),
    );
  }
  const inputs = poolSide * poolSide * channels;
  const flat = builder.reshape("boxHead/flat", x, [null, inputs]);
  const common = builder.dense("boxHead/hidden", flat, weights.dense("boxHead.hidden", inputs, hidden), true);
  const out = (name: string, outputs: number): Value =>
    builder.dense(`boxHead/${name}`, common, weights.dense(`boxHead.${name}`, hidden, outputs), false);
  return { logits: out("class", classes + 1), deltas: out("box", 4 * classes) };
}

/** `[P]` int32: which map each region is cut from, as `roiLevel` says, from 0. */
function addMapIndices(
  builder: GraphBuilder,
  regions: Value,
  [first, last]: readonly [number, number],
): Value {
  const { sizes } = centredBoxes(builder, "regions", regions);
  const side = (i: number): Value => builder.columns(`regions/side${i}`, sizes, i, i + 1);
  const root = builder.unary(
    "sqrt",
    "regions/root",
    builder.binary("multiply", "regions/area", side(0), side(1)),
  );
  const share = builder.binary("divide", "regions/share", root, builder.number("regions/224", 224));
  const safe = builder.binary("add", "regions/safe", share, builder.number("regions/least", 1e-6));
  const log = builder.unary("log", "regions/log", safe);
  const octaves = builder.binary("divide", "regions/octaves", log, builder.number("regions/ln2", Math.LN2));
  const level = builder.binary("add", "regions/level", octaves, builder.number("regions/base", 4 - first));
  const floor = builder.unary("floor", "regions/floor", level);
  const atLeast = builder.binary("maximum", "regions/atLeast", floor, builder.number("regions/first", 0));
  const bounded = builder.binary(
    "minimum",
    "regions/atMost",
    atLeast,
    builder.number("regions/last", last - first),
  );
  return builder.toInt("regions/map", builder.reshape("regions/flat", bounded, [null]));
}

/** Every class of every region above the threshold, decoded by its own deltas, clipped and suppressed. */
function addRegionDetections(
  builder: GraphBuilder,
  regions: Value,
  logits: Value,
  deltas: Value,
  limits: Value,
  { config, classes, canvas }: DetectorShape<FasterRcnnConfig>,
): DetectionValues {
  const softmax = builder.softmax("softmax", logits);
  const foreground = builder.columns("foreground", softmax, 0, classes);
  const scores = builder.reshape("regionScores", foreground, [null]);
  const least = builder.number("threshold", config.scoreThreshold);
  const likely = builder.rowsWhere("likely", builder.binary("greater", "isLikely", scores, least));
  const classCount = builder.constant("classCount", Int32Array.of(classes), [1]);
  const region = builder.binary("floorDivide", "likely/region", likely, classCount);
  const firsts = builder.binary("multiply", "likely/firsts", region, classCount);
  const own = centredBoxes(builder, "likely", builder.takeRows("likely/regions", regions, region));
  const ownDeltas = builder.takeRows(
    "likely/deltas",
    builder.reshape("classDeltas", deltas, [null, 4]),
    likely,
  );
  const candidates = {
    boxes: decodeClipped(builder, "decoded", own, ownDeltas, boxWeights, limits),
    scores: builder.takeRows("likely/scores", scores, likely),
    groups: builder.binary("subtract", "likely/groups", likely, firsts),
  };
  const withArea = builder.rowsWhere("validRows", haveArea(builder, "decoded", candidates.boxes));
  const valid = takeCandidates(builder, "valid", candidates, withArea);
  const largestCoordinate = Math.max(canvas.widthPx, canvas.heightPx);
  const found = suppressed(builder, valid, { ...config, classes, largestCoordinate });
  return { boxes: found.boxes, scores: found.scores, classes: found.groups };
}
