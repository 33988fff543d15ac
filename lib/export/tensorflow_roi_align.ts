/**
 * RoIAlign in operations that TensorFlow and tfjs have: all maps as tiles of one atlas, `CropAndResize` for the
 * bilinear samples, and a mean over each feature's samples. Equal to RoIAlign, not like it:
 *
 * - `CropAndResize` samples from corner to corner, so it is given the box from the first sample to the last.
 * - RoIAlign goes on with the border for one cell outside a map; each tile has such a border.
 * - A sample further out is 0; where those are follows from the boxes, and they are multiplied by 0.
 *
 * @module
 */
import type { RoiAlignNode, Value } from "./graph.ts";
import type { NodeAttribute, TensorFlowGraphBuilder } from "./tensorflow_graph.ts";

const T = { T: { type: "float32" } } as const;
const int = { type: "int32" } as const;

/** Where the maps lie in the atlas: one under the other, each with a border of one cell around it. */
interface Atlas {
  readonly height: number;
  readonly width: number;
  /** Of each map: the row of its first cell, its height and its width. */
  readonly tiles: readonly { readonly row: number; readonly height: number; readonly width: number }[];
}

/** One axis of the samples of M boxes; all tensors are float32. */
interface Axis {
  /** `[M, 1]`: the first sample's place on its map, in cells. */
  readonly first: string;
  /** `[M, 1]`: the last sample's. */
  readonly last: string;
  /** `[M, samples]`: 1 where a sample counts, 0 where it is too far out. */
  readonly mask: string;
}

/** Where M boxes' samples lie. */
interface Places {
  readonly x: Axis;
  readonly y: Axis;
  /** `[M, 1]` float32: the atlas's row of the box's map's first. */
  readonly rows: string;
  /** `[M]` int32. */
  readonly mapIndices: string;
}

/**
 * Cuts boxes out of maps.
 *
 * @param inputs Tensors: boxes `[M, 4]`, map indices `[M]`, and the maps.
 * @returns `[M, side, side, C]`.
 */
export function alignedRois(
  builder: TensorFlowGraphBuilder,
  node: RoiAlignNode,
  [boxes, mapIndices, ...maps]: readonly string[],
): string {
  const atlas = atlasOf(node.inputs.slice(2));
  const image = drawAtlas(builder, atlas, maps);
  const ofMap = (values: readonly number[]): string => lookUp(builder, values, mapIndices);
  const strides = ofMap(node.stridesPx);
  const [x, y] = [0, 1].map((axis) => {
    const sizes = ofMap(atlas.tiles.map(({ height, width }) => axis === 0 ? width : height));
    return axisSamples(builder, node, [boxes, strides, sizes], axis);
  });
  const rows = ofMap(atlas.tiles.map(({ row }) => row));
  const samples = crop(builder, node, atlas, image, { x, y, rows, mapIndices });
  const counted = multiply(builder, samples, outerMask(builder, node, x, y));
  return mean(builder, node, counted);
}

function atlasOf(maps: readonly Value[]): Atlas {
  let height = 0;
  const tiles = maps.map(({ shape: [, mapHeight, mapWidth] }) => {
    const tile = { row: height + 1, height: mapHeight!, width: mapWidth! };
    height += mapHeight! + 2;
    return tile;
  });
  return { height, width: Math.max(...tiles.map(({ width }) => width)) + 2, tiles };
}

/** `[1, height, width, C]`. */
function drawAtlas(
  builder: TensorFlowGraphBuilder,
  { width, tiles }: Atlas,
  maps: readonly string[],
): string {
  const framed = maps.map((map, i) => {
    const border = builder.constant(Int32Array.of(0, 0, 1, 1, 1, 1, 0, 0), [4, 2], "border");
    const mirror = { ...T, Tpaddings: int, mode: { text: "SYMMETRIC" } };
    const tile = builder.add("MirrorPad", [map, border], mirror); // by one cell: the border's own value
    const missing = width - tiles[i].width - 2;
    if (missing === 0) return tile;
    const paddings = builder.constant(Int32Array.of(0, 0, 0, 0, 0, missing, 0, 0), [4, 2], "paddings");
    return builder.add("PadV2", [tile, paddings, builder.scalar(0)], { ...T, Tpaddings: int });
  });
  if (framed.length === 1) return framed[0];
  const attributes: Record<string, NodeAttribute> = { ...T, N: { int: framed.length }, Tidx: int };
  return builder.add("ConcatV2", [...framed, builder.whole(1)], attributes);
}

/** `[M, 1]`: each box's map's value. */
function lookUp(builder: TensorFlowGraphBuilder, values: readonly number[], mapIndices: string): string {
  const table = builder.constant(Float32Array.from(values), [values.length, 1], "by_map");
  return builder.add("GatherV2", [table, mapIndices, builder.whole(0)], {
    Tparams: { type: "float32" },
    Tindices: int,
    Taxis: int,
    batch_dims: { int: 0 },
  });
}

/** Samples lie at start + (i + 0.5) length / samples, i from 0, where a length is at least one cell. */
function axisSamples(
  builder: TensorFlowGraphBuilder,
  { side, samplingRatio }: RoiAlignNode,
  [boxes, strides, sizes]: readonly string[],
  axis: number,
): Axis {
  const binary = (op: string, a: string, b: string): string => builder.add(op, [a, b], T);
  const samples = side * samplingRatio;
  const edge = (column: number): string => {
    const [begin, size] = [builder.wholes([0, column]), builder.wholes([-1, 1])];
    return binary("RealDiv", builder.add("Slice", [boxes, begin, size], { ...T, Index: int }), strides);
  };
  const start = edge(axis);
  const length = binary("Maximum", binary("Sub", edge(axis + 2), start), builder.scalar(1));
  const shares = Float32Array.from({ length: samples }, (_, i) => (i + 0.5) / samples);
  const at = (share: string): string => binary("AddV2", start, multiply(builder, length, share));
  const places = at(builder.constant(shares, [1, samples], "shares"));
  const inside = builder.add("LogicalAnd", [
    binary("GreaterEqual", places, builder.scalar(-1)),
    binary("LessEqual", places, sizes),
  ]);
  const mask = builder.add("Cast", [inside], { SrcT: { type: "bool" }, DstT: { type: "float32" } });
  return { first: at(builder.scalar(shares[0])), last: at(builder.scalar(shares[samples - 1])), mask };
}

/** Samples `[M, samples, samples, C]`. */
function crop(
  builder: TensorFlowGraphBuilder,
  { side, samplingRatio }: RoiAlignNode,
  { height, width }: Atlas,
  image: string,
  { x, y, rows, mapIndices }: Places,
): string {
  const share = (place: string, origin: string, cells: number): string =>
    builder.add("RealDiv", [builder.add("AddV2", [place, origin], T), builder.scalar(cells - 1)], T);
  const corners = [
    share(y.first, rows, height),
    share(x.first, builder.scalar(1), width),
    share(y.last, rows, height),
    share(x.last, builder.scalar(1), width),
  ];
  const attributes: Record<string, NodeAttribute> = { ...T, N: { int: 4 }, Tidx: int };
  const boxes = builder.add("ConcatV2", [...corners, builder.whole(1)], attributes);
  const imageIndices = builder.add("ZerosLike", [mapIndices], { T: int });
  const samples = side * samplingRatio;
  return builder.add("CropAndResize", [image, boxes, imageIndices, builder.wholes([samples, samples])], {
    ...T,
    method: { text: "bilinear" },
    extrapolation_value: { float: 0 },
  });
}

/** `[M, samples, samples, 1]`. */
function outerMask(builder: TensorFlowGraphBuilder, node: RoiAlignNode, x: Axis, y: Axis): string {
  const samples = node.side * node.samplingRatio;
  const shaped = (mask: string, shape: readonly number[]): string =>
    builder.add("Reshape", [mask, builder.wholes(shape)], { ...T, Tshape: int });
  return multiply(builder, shaped(y.mask, [-1, samples, 1, 1]), shaped(x.mask, [-1, 1, samples, 1]));
}

function multiply(builder: TensorFlowGraphBuilder, a: string, b: string): string {
  return builder.add("Mul", [a, b], T);
}

/** Each feature's samples to one. */
function mean(builder: TensorFlowGraphBuilder, node: RoiAlignNode, samples: string): string {
  const { samplingRatio, outputs: [{ name }] } = node;
  const window = { ints: [1, samplingRatio, samplingRatio, 1] };
  return builder.add("AvgPool", [samples], {
    ...T,
    ksize: window,
    strides: window,
    padding: { text: "VALID" },
    data_format: { text: "NHWC" },
  }, name);
}
