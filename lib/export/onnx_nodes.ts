/**
 * Each kind of node in ONNX's operators: layers and arithmetic. What chooses boxes is in `onnx_box_nodes.ts`.
 *
 * @module
 */
import { outputsFirst } from "./conv_weights.ts";
import type {
  BinaryOperation,
  ConcatNode,
  ConvNode,
  DenseNode,
  DepthwiseConvNode,
  GraphNode,
  MaxPoolNode,
  UnaryOperation,
  Value,
} from "./graph.ts";
import { addOrElse, addRoiAlign, addRowsWhere, addSuppress, addTopK } from "./onnx_box_nodes.ts";
import type { OnnxGraph } from "./onnx_graph.ts";
import { onnxTypes } from "./onnx_proto.ts";

/** Adds one node. */
export function addOnnxNode(onnx: OnnxGraph, node: GraphNode): void {
  const { inputs, outputs: [output] } = node;
  const [x] = inputs.map((value) => onnx.nameOf(value));
  const all = inputs.map((value) => onnx.nameOf(value));
  const y = onnx.nameOf(output);
  switch (node.kind) {
    case "constant":
      return addConstant(onnx, output, node.data);
    case "conv":
    case "depthwiseConv":
      return addConv(onnx, node, x, y);
    case "dense":
      return addDense(onnx, node, x, y);
    case "maxPool":
      return addMaxPool(onnx, node, x, y);
    case "enlarge":
      return addEnlarge(onnx, inputs[0], output);
    case "takeChannels": {
      const channels = onnx.ints(onnx.fresh("channels"), node.channels);
      return void onnx.node("Gather", [x, channels], y, [{ name: "axis", int: 1 }]);
    }
    case "concat":
      return void onnx.node("Concat", all, y, [{ name: "axis", int: axisOf(node) }]);
    case "reshape":
      return addReshape(onnx, inputs[0], output);
    case "columns": {
      const ranges = [[node.begin], [node.end], [1]].map((values) =>
        onnx.ints(onnx.fresh("columns"), values)
      );
      return void onnx.node("Slice", [x, ...ranges], y);
    }
    case "unary":
      return void onnx.node(unaryOperators[node.operation], [x], y);
    case "binary":
      return void onnx.node(binaryOperators[node.operation], all, y);
    case "toInt":
      return void onnx.node("Cast", [x], y, [{ name: "to", int: onnxTypes.int64 }]);
    case "softmax":
      return void onnx.node("Softmax", [x], y, [{ name: "axis", int: 1 }]);
    case "takeRows":
      return void onnx.node("Gather", all, y, [{ name: "axis", int: 0 }]);
    case "topK":
      return addTopK(onnx, node);
    case "rowsWhere":
      return void addRowsWhere(onnx, x, y);
    case "orElse":
      return addOrElse(onnx, node);
    case "suppress":
      return addSuppress(onnx, node);
    case "roiAlign":
      return addRoiAlign(onnx, node);
  }
}

const unaryOperators: Readonly<Record<UnaryOperation, string>> = {
  relu: "Relu",
  sigmoid: "Sigmoid",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  floor: "Floor",
};

const binaryOperators: Readonly<Record<BinaryOperation, string>> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
  floorDivide: "Div", // of whole numbers, rounded towards 0: the same, as both are at least 0
  minimum: "Min",
  maximum: "Max",
  greater: "Greater",
  and: "And",
};

function addConstant(onnx: OnnxGraph, { name, shape }: Value, data: Float32Array | Int32Array): void {
  const sizes = shape.map((size) => size ?? 0);
  if (data instanceof Float32Array) onnx.floats(name, data, sizes);
  else onnx.ints(name, data, sizes);
}

function addConv(onnx: OnnxGraph, node: ConvNode | DepthwiseConvNode, x: string, y: string): void {
  const { kernel, stride, bias } = node;
  const [inputs, outputs] = node.kind === "conv" ? [node.inChannels, node.outChannels] : [1, node.channels];
  const weight = onnx.floats(
    `${y}/weight`,
    outputsFirst(node.weight, { kernel, inputs, outputs }),
    [outputs, inputs, kernel, kernel],
  );
  const half = kernel >> 1;
  const attributes = [
    { name: "kernel_shape", ints: [kernel, kernel] },
    { name: "strides", ints: [stride, stride] },
    { name: "pads", ints: [half, half, half, half] },
    { name: "group", int: node.kind === "conv" ? 1 : node.channels },
  ];
  const inputNames = [x, weight, onnx.floats(`${y}/bias`, bias)];
  activated(onnx, node.relu, y, (to) => onnx.node("Conv", inputNames, to, attributes));
}

function addDense(onnx: OnnxGraph, node: DenseNode, x: string, y: string): void {
  const weight = onnx.floats(`${y}/weight`, node.weight, [node.inputCount, node.outputCount]);
  const inputs = [x, weight, onnx.floats(`${y}/bias`, node.bias)];
  activated(onnx, node.relu, y, (to) => onnx.node("Gemm", inputs, to));
}

function activated(onnx: OnnxGraph, relu: boolean, y: string, add: (to: string) => string): void {
  if (relu) onnx.node("Relu", [add(`${y}/linear`)], y);
  else add(y);
}

function addMaxPool(onnx: OnnxGraph, { kernel, stride }: MaxPoolNode, x: string, y: string): void {
  const half = kernel >> 1;
  onnx.node("MaxPool", [x], y, [
    { name: "kernel_shape", ints: [kernel, kernel] },
    { name: "strides", ints: [stride, stride] },
    { name: "pads", ints: [half, half, half, half] },
  ]);
}

function addEnlarge(onnx: OnnxGraph, x: Value, output: Value): void {
  const y = onnx.nameOf(output);
  const isWhole = [1, 2].every((axis) => output.shape[axis] === 2 * (x.shape[axis] ?? 0));
  const scales = onnx.floats(onnx.fresh("scales"), Float32Array.of(1, 1, 2, 2));
  const enlarged = onnx.node("Resize", [onnx.nameOf(x), "", scales], isWhole ? y : `${y}/whole`, [
    { name: "mode", text: "nearest" },
    { name: "coordinate_transformation_mode", text: "asymmetric" },
    { name: "nearest_mode", text: "floor" },
  ]);
  if (isWhole) return;
  const ends = output.shape.slice(1, 3).map((size) => size ?? 0);
  const ranges = [[0, 0], ends, [2, 3]].map((values) => onnx.ints(onnx.fresh("crop"), values));
  onnx.node("Slice", [enlarged, ...ranges], y);
}

/** The axis of NCHW. */
function axisOf({ axis, outputs: [{ shape }] }: ConcatNode): number {
  return shape.length === 4 ? [0, 2, 3, 1][axis] : axis;
}

function addReshape(onnx: OnnxGraph, x: Value, output: Value): void {
  const [name, y] = [onnx.nameOf(x), onnx.nameOf(output)];
  const from = x.shape.length === 4 ? onnx.channelsLast(name, `${y}/rows`) : name;
  const shape = onnx.ints(onnx.fresh("shape"), output.shape.map((size) => size ?? -1));
  if (output.shape.length !== 4) return void onnx.node("Reshape", [from, shape], y);
  onnx.channelsFirst(onnx.node("Reshape", [from, shape], `${y}/rows`), y);
}
