/**
 * The feature pyramid as a graph, as `lib/models/fpn.ts` runs it.
 *
 * @module
 */
import type { DetectorConfig } from "../config/schema.ts";
import { type ExtraLevels, pyramidTaps } from "../models/fpn.ts";
import type { ConvShape } from "../nn/conv.ts";
import type { Value } from "./graph.ts";
import type { FoldedConv, GraphBuilder } from "./graph_builder.ts";
import type { NetworkWeights } from "./network_weights.ts";

/** The level of the first stage's output. */
const firstStageLevel = 2;

/** Which pyramid. */
export interface ExportedPyramid extends Pick<DetectorConfig, "channels" | "norm"> {
  readonly levels: readonly [first: number, last: number];
  readonly extraLevels: ExtraLevels;
  readonly stageChannels: readonly number[];
}

/**
 * Adds a pyramid.
 *
 * @param stages Each stage's output, C2 first.
 * @returns One map a level, finest first.
 */
export function addPyramid(
  builder: GraphBuilder,
  weights: NetworkWeights,
  stages: readonly Value[],
  pyramid: ExportedPyramid,
): Value[] {
  const { channels, stageChannels, norm } = pyramid;
  const conv = (
    name: string,
    size: Omit<ConvShape, "outChannels">,
    isNormed = norm === "batch",
  ): FoldedConv => {
    const layer = { ...size, outChannels: channels, bias: true, relu: false };
    return isNormed ? weights.normed(`fpn.${name}`, layer) : weights.plain(`fpn.${name}`, layer);
  };
  const taps = pyramidTaps(pyramid);
  const merged = taps.map((stage) => {
    const size = { kind: "pointwise", kernel: 1, stride: 1, inChannels: stageChannels[stage] } as const;
    const level = stage + firstStageLevel;
    return builder.conv(`fpn/lateral${level}`, stages[stage], conv(`lateral${level}`, size));
  });
  for (let i = merged.length - 2; i >= 0; i--) {
    const above = builder.enlarge("fpn/enlarged", merged[i + 1], merged[i]);
    merged[i] = builder.binary("add", "fpn/merged", merged[i], above);
  }
  const dense = { kind: "conv", kernel: 3, stride: 1, inChannels: channels } as const;
  const outputs = merged.map((x, i) => {
    const level = taps[i] + firstStageLevel;
    return builder.conv(`p${level}`, x, conv(`output${level}`, dense));
  });
  const extra = (x: Value, level: number, isFirst: boolean): Value =>
    pyramid.extraLevels === "subsampled" ? builder.maxPool(`p${level}`, x, 1) : builder.conv(
      `p${level}`,
      isFirst ? x : builder.unary("relu", `p${level}/input`, x),
      conv(`extra${level}`, { ...dense, stride: 2 }, false),
    );
  const top = firstStageLevel + stageChannels.length - 1;
  for (let level = top + 1; level <= pyramid.levels[1]; level++) {
    outputs.push(extra(outputs[outputs.length - 1], level, level === top + 1));
  }
  return outputs;
}
