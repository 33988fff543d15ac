/**
 * A network as it goes out into the world: a small graph of operations that ONNX and TensorFlow both have, between the
 * models and the formats' writers. A run's network becomes one graph; each writer translates node by node.
 *
 * Images and feature maps are NHWC, everything else is rows. Batch norm is folded into the convolutions, weights are
 * float32 on the host. Nodes come in an order in which they can be run. Of an int32 value no more is needed than a
 * count of rows or an index, so a format may hold it in 64 bits.
 *
 * @module
 */

/** What a value's elements are. */
export type ValueType = "float32" | "int32" | "bool";

/** One tensor between nodes. */
export interface Value {
  /** Unique in its graph; letters, digits, `.`, `_` and `/`. */
  readonly name: string;
  readonly dtype: ValueType;
  /** Sizes; null is known only when the graph runs (a batch, an image's side, or a count of rows). */
  readonly shape: readonly (number | null)[];
}

/** What every node has. */
interface Wired<Kind extends string> {
  readonly kind: Kind;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** `[]` to one: a tensor that is part of the graph; never a feature map. */
export interface ConstantNode extends Wired<"constant"> {
  /** float32 or int32 as the output's dtype says, row by row. */
  readonly data: Float32Array | Int32Array;
}

/**
 * `[x]` to one: a dense k x k convolution. x `[N, H, W, I]`; zeros are added, `kernel >> 1` on each of the four sides
 * (for stride 2 this is not TensorFlow's "SAME"); output `[N, ceil(H / stride), ceil(W / stride), O]`.
 */
export interface ConvNode extends Wired<"conv"> {
  /** `[K, K, I, O]`, batch norm folded in. */
  readonly weight: Float32Array;
  /** `[O]`, added. */
  readonly bias: Float32Array;
  /** K, odd. */
  readonly kernel: number;
  readonly stride: 1 | 2;
  /** I. */
  readonly inChannels: number;
  /** O. */
  readonly outChannels: number;
  /** Whether max(y, 0) comes last. */
  readonly relu: boolean;
}

/** As {@linkcode ConvNode}, one filter a channel: I = O = C. */
export interface DepthwiseConvNode extends Wired<"depthwiseConv"> {
  /** `[K, K, C, 1]`, batch norm folded in. */
  readonly weight: Float32Array;
  /** `[C]`, added. */
  readonly bias: Float32Array;
  /** K, odd. */
  readonly kernel: number;
  readonly stride: 1 | 2;
  /** C. */
  readonly channels: number;
  /** Whether max(y, 0) comes last. */
  readonly relu: boolean;
}

/** `[x]` to one: x `[M, I]` times weight plus bias, `[M, O]`. */
export interface DenseNode extends Wired<"dense"> {
  /** `[I, O]`. */
  readonly weight: Float32Array;
  /** `[O]`. */
  readonly bias: Float32Array;
  /** I. */
  readonly inputCount: number;
  /** O. */
  readonly outputCount: number;
  /** Whether max(y, 0) comes last. */
  readonly relu: boolean;
}

/**
 * `[x]` to one: the largest of each kernel x kernel window, `[N, ceil(H / stride), ceil(W / stride), C]`. The border of
 * `kernel >> 1` on each side is never the largest. A kernel of 1 takes every `stride`-th row and column, from the first.
 */
export interface MaxPoolNode extends Wired<"maxPool"> {
  /** 1 or 3. */
  readonly kernel: number;
  readonly stride: 2;
}

/** `[x]` to one: each cell repeated 2 x 2 (nearest), then cropped at bottom and right to the output's size. */
export type EnlargeNode = Wired<"enlarge">;

/** `[x]` to one: some channels of `[N, H, W, C]`, in this order; both halves of a channel shuffle are made by it. */
export interface TakeChannelsNode extends Wired<"takeChannels"> {
  /** Each in 0..C-1. */
  readonly channels: Int32Array;
}

/** All inputs to one, along an axis: of feature maps the channels (3), of rows 0 or 1. */
export interface ConcatNode extends Wired<"concat"> {
  readonly axis: number;
}

/** `[x]` to one of the output's shape, in which at most one size is null: row-major order of NHWC, as in memory. */
export type ReshapeNode = Wired<"reshape">;

/** `[x]` to one: columns `begin` to `end` (not included) of rows `[M, D]`: `[M, end - begin]`. */
export interface ColumnsNode extends Wired<"columns"> {
  readonly begin: number;
  readonly end: number;
}

/** Of one value, element by element. */
export type UnaryOperation = "relu" | "sigmoid" | "exp" | "log" | "sqrt" | "floor";

/** `[x]` to one of the same shape and dtype float32. */
export interface UnaryNode extends Wired<"unary"> {
  readonly operation: UnaryOperation;
}

/**
 * Of two values of one dtype. `floorDivide` is of int32 at least 0; `greater` gives bool; `and` takes bool; the others
 * keep their inputs' dtype.
 */
export type BinaryOperation =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "floorDivide"
  | "minimum"
  | "maximum"
  | "greater"
  | "and";

/** `[a, b]` to one, NumPy's broadcasting; feature maps are added only to maps of the same shape. */
export interface BinaryNode extends Wired<"binary"> {
  readonly operation: BinaryOperation;
}

/** `[x]` to one: float32 whole numbers to int32. */
export type ToIntNode = Wired<"toInt">;

/** `[x]` to one: softmax over the last axis of `[M, D]`. */
export type SoftmaxNode = Wired<"softmax">;

/** `[x]` to two, values and positions (int32): the `count` largest of `[M]`, best first; of equals the earlier first. */
export interface TopKNode extends Wired<"topK"> {
  /** At most M. */
  readonly count: number;
}

/** `[x, rows]` to one: rows (int32 `[D]`) of x `[M, …]`: `[D, …]`. */
export type TakeRowsNode = Wired<"takeRows">;

/** `[mask]` to one: the positions (int32 `[D]`, ascending) where a mask `[M]` is true; D may be 0. */
export type RowsWhereNode = Wired<"rowsWhere">;

/** `[x, fallback]` to one: x `[D, …]`, or where D is 0 the fallback `[1, …]`. */
export type OrElseNode = Wired<"orElse">;

/**
 * `[boxes, scores, groups]` to one: greedy non-maximum suppression in which boxes suppress only boxes of their own
 * group. boxes `[M, 4]` x1, y1, x2, y2, all with an area; scores `[M]`, on any scale; groups `[M]` int32. Output: the
 * rows kept (int32 `[D]`), best first over all groups, at most `limit`; of equal scores the earlier row first. A box
 * goes if its IoU with a kept one is greater than the threshold. M may be 0.
 */
export interface SuppressNode extends Wired<"suppress"> {
  /** Groups are 0..groupCount - 1. */
  readonly groupCount: number;
  readonly iouThreshold: number;
  readonly limit: number;
  /** No coordinate is larger, none is below 0: by how much boxes of two groups may be moved apart. */
  readonly largestCoordinate: number;
}

/**
 * `[boxes, mapIndices, map0, map1, …]` to one: RoIAlign (He et al. 2017), `[M, side, side, C]`. boxes `[M, 4]` in image
 * pixels, M at least 1; mapIndices `[M]` int32 names the map of each; maps `[1, H_i, W_i, C]`. A box is divided by its
 * map's stride, without moving it by half a cell, and taken as at least one cell wide and high. Each feature is the mean
 * of `samplingRatio` x `samplingRatio` bilinear samples at regular places; a sample more than one cell outside the map
 * (below -1 or above its size) counts as 0, others outside as the border. ONNX: RoiAlign, "output_half_pixel", "avg".
 */
export interface RoiAlignNode extends Wired<"roiAlign"> {
  /** Image pixels from a cell to the next, of each map. */
  readonly stridesPx: readonly number[];
  readonly side: number;
  readonly samplingRatio: number;
}

/** One operation. */
export type GraphNode =
  | ConstantNode
  | ConvNode
  | DepthwiseConvNode
  | DenseNode
  | MaxPoolNode
  | EnlargeNode
  | TakeChannelsNode
  | ConcatNode
  | ReshapeNode
  | ColumnsNode
  | UnaryNode
  | BinaryNode
  | ToIntNode
  | SoftmaxNode
  | TopKNode
  | TakeRowsNode
  | RowsWhereNode
  | OrElseNode
  | SuppressNode
  | RoiAlignNode;

/**
 * A whole network.
 *
 * A detector's inputs: `image` `[1, H, W, 3]` float32, RGB in 0..255, the picture at the top left of a canvas of zeros;
 * `extent` `[2]` float32, the picture's width and height on the canvas in pixels. Its outputs: `boxes` `[D, 4]` x1, y1,
 * x2, y2 in canvas pixels, `scores` `[D]` in 0..1, best first, and `classes` `[D]` int32; D is at most the detector's
 * limit and may be 0.
 *
 * A backbone's input: `image` `[N, H, W, 3]` likewise, of any size (N, H and W are null). Its outputs: `c2` … the feature maps after each stage,
 * `[N, H / 4, W / 4, C]` and so on.
 */
export interface ExportGraph {
  /** E.g. `detector`. */
  readonly name: string;
  /** What is given to the graph. */
  readonly inputs: readonly Value[];
  /** What it gives; the names are the users', each the name of its value. */
  readonly outputs: readonly Value[];
  /** In an order in which they can be run. */
  readonly nodes: readonly GraphNode[];
}
