/**
 * The network's layers in TensorFlow's operations.
 *
 * @module
 */
import type { ConvNode, DenseNode, DepthwiseConvNode, MaxPoolNode, Value } from "./graph.ts";
import type { NodeAttribute, TensorFlowGraphBuilder } from "./tensorflow_graph.ts";

const float = { T: { type: "float32" } } as const;
const format = { data_format: { text: "NHWC" } } as const;

/** A dense convolution with its bias and ReLU. */
export function denseConv(builder: TensorFlowGraphBuilder, node: ConvNode, x: string): string {
  const { kernel, inChannels, outChannels } = node;
  return convolution(builder, "Conv2D", node, x, [kernel, kernel, inChannels, outChannels], padding(node));
}

/** A depthwise convolution with its bias and ReLU. */
export function depthwiseConv(builder: TensorFlowGraphBuilder, node: DepthwiseConvNode, x: string): string {
  const { kernel, channels } = node;
  const shape = [kernel, kernel, channels, 1];
  // TensorFlow 2.21 ends the process over explicit paddings of a depthwise convolution, where it infers shapes.
  if (node.stride === 1) return convolution(builder, "DepthwiseConv2dNative", node, x, shape, padding(node));
  const framed = bordered(builder, x, kernel >> 1, 0);
  return convolution(builder, "DepthwiseConv2dNative", node, framed, shape, { padding: { text: "VALID" } });
}

function convolution(
  builder: TensorFlowGraphBuilder,
  op: string,
  node: ConvNode | DepthwiseConvNode,
  x: string,
  weightShape: readonly number[],
  padded: Readonly<Record<string, NodeAttribute>>,
): string {
  const { name } = node.outputs[0];
  const weight = builder.constant(node.weight, weightShape, `${name}/weight`);
  const attributes = { ...float, ...format, ...window(node.stride), ...padded };
  return biased(builder, builder.add(op, [x, weight], attributes, `${name}/conv`), node);
}

function window(stride: number): Record<string, NodeAttribute> {
  return { strides: { ints: [1, stride, stride, 1] }, dilations: { ints: [1, 1, 1, 1] } };
}

/** At stride 1 "same" is half a kernel on each side; at stride 2 it would be less at the start of an even size. */
function padding({ kernel, stride }: ConvNode | DepthwiseConvNode): Record<string, NodeAttribute> {
  const half = kernel >> 1;
  if (half === 0) return { padding: { text: "VALID" } };
  if (stride === 1) return { padding: { text: "SAME" } };
  return { padding: { text: "EXPLICIT" }, explicit_paddings: { ints: [0, 0, half, half, half, half, 0, 0] } };
}

/** A linear layer with its bias and ReLU. */
export function dense(builder: TensorFlowGraphBuilder, node: DenseNode, x: string): string {
  const { weight, inputCount, outputCount, outputs: [{ name }] } = node;
  const factor = builder.constant(weight, [inputCount, outputCount], `${name}/weight`);
  const attributes = { ...float, transpose_a: { bool: false }, transpose_b: { bool: false } };
  return biased(builder, builder.add("MatMul", [x, factor], attributes, `${name}/matmul`), node);
}

/** Adds the bias, and ReLU where the layer has it. */
function biased(
  builder: TensorFlowGraphBuilder,
  y: string,
  { bias, relu, outputs: [{ name }] }: ConvNode | DepthwiseConvNode | DenseNode,
): string {
  const shift = builder.constant(bias, [bias.length], `${name}/bias`);
  const sum = builder.add("BiasAdd", [y, shift], { ...float, ...format }, relu ? `${name}/biased` : name);
  return relu ? builder.add("Relu", [sum], float, name) : sum;
}

/** Less than any feature, so that a border of it is never the largest. */
const lowest = -3.4e38;

/** Max-pooling. tfjs pads a pool only as "same" does, so the border is added first. */
export function maxPool(
  builder: TensorFlowGraphBuilder,
  { kernel, stride, outputs: [{ name }] }: MaxPoolNode,
  x: string,
): string {
  const half = kernel >> 1;
  const framed = half === 0 ? x : bordered(builder, x, half, lowest);
  const attributes = {
    ...float,
    ...format,
    ksize: { ints: [1, kernel, kernel, 1] },
    strides: { ints: [1, stride, stride, 1] },
    padding: { text: "VALID" },
  };
  return builder.add("MaxPool", [framed], attributes, name);
}

function bordered(builder: TensorFlowGraphBuilder, x: string, width: number, value: number): string {
  const paddings = builder.constant(
    Int32Array.of(0, 0, width, width, width, width, 0, 0),
    [4, 2],
    "paddings",
  );
  const attributes = { ...float, Tpaddings: { type: "int32" } } as const;
  return builder.add("PadV2", [x, paddings, builder.scalar(value)], attributes);
}

/** Repeats each cell 2 x 2, and cuts what is more than the output's size. */
export function enlarge(
  builder: TensorFlowGraphBuilder,
  { inputs, outputs: [output] }: { readonly inputs: readonly Value[]; readonly outputs: readonly Value[] },
  x: string,
): string {
  const [, height, width] = inputs[0].shape;
  const doubled = [2 * height!, 2 * width!];
  const attributes = { ...float, align_corners: { bool: false }, half_pixel_centers: { bool: false } };
  const large = builder.add("ResizeNearestNeighbor", [x, builder.wholes(doubled)], attributes, output.name);
  const [, wantedHeight, wantedWidth] = output.shape;
  if (wantedHeight === doubled[0] && wantedWidth === doubled[1]) return large;
  const [begin, size] = [[0, 0, 0, 0], [-1, wantedHeight!, wantedWidth!, -1]];
  const cut = { ...float, Index: { type: "int32" } } as const;
  return builder.add("Slice", [large, builder.wholes(begin), builder.wholes(size)], cut, output.name);
}
