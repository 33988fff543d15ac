/**
 * From an exported network to a TensorFlow graph, of operations that tfjs's WASM and WebGL backends have too. What is
 * one operation in both is translated here; what takes several has a file of its own.
 *
 * @module
 */
import type {
  BinaryNode,
  BinaryOperation,
  ConstantNode,
  ExportGraph,
  GraphNode,
  TakeRowsNode,
  UnaryOperation,
  Value,
} from "./graph.ts";
import { type TensorFlowGraph, TensorFlowGraphBuilder } from "./tensorflow_graph.ts";
import { dense, denseConv, depthwiseConv, enlarge, maxPool } from "./tensorflow_layers.ts";
import { alignedRois } from "./tensorflow_roi_align.ts";
import { orElse, rowsWhere, suppressed } from "./tensorflow_rows.ts";

/**
 * Translates a graph. The signature is the graph's: the same names, types and shapes of inputs and outputs.
 *
 * @param graph An exported network.
 */
export function toTensorFlow(graph: ExportGraph): TensorFlowGraph {
  const builder = new TensorFlowGraphBuilder();
  const tensors = new Map<Value, string>();
  for (const value of graph.inputs) {
    tensors.set(value, builder.input(value.name, value.dtype, value.shape));
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((value) => tensorOf(tensors, value));
    const outputs = translate(builder, node, inputs);
    node.outputs.forEach((value, i) => tensors.set(value, outputs[i]));
  }
  for (const value of graph.outputs) {
    builder.output(value.name, tensorOf(tensors, value), value.dtype, value.shape);
  }
  return builder.finish();
}

function tensorOf(tensors: ReadonlyMap<Value, string>, value: Value): string {
  const tensor = tensors.get(value);
  if (tensor !== undefined) return tensor;
  throw new RangeError(`Cannot translate a graph as ${value.name} is used before a node makes it`);
}

/** Adds what makes a node's outputs, one tensor each. */
function translate(builder: TensorFlowGraphBuilder, node: GraphNode, inputs: readonly string[]): string[] {
  const [x] = inputs;
  const [output] = node.outputs;
  const hint = output.name;
  switch (node.kind) {
    case "constant":
      return [constant(builder, node)];
    case "conv":
      return [denseConv(builder, node, x)];
    case "depthwiseConv":
      return [depthwiseConv(builder, node, x)];
    case "dense":
      return [dense(builder, node, x)];
    case "maxPool":
      return [maxPool(builder, node, x)];
    case "enlarge":
      return [enlarge(builder, node, x)];
    case "takeChannels":
      return [gather(builder, node.inputs[0], x, builder.wholes([...node.channels]), 3, hint)];
    case "concat":
      return [concat(builder, output, inputs, node.axis)];
    case "reshape":
      return [reshape(builder, output, x)];
    case "columns": {
      const [begin, size] = [[0, node.begin], [-1, node.end - node.begin]].map((two) => builder.wholes(two));
      const attributes = { T: { type: output.dtype }, Index: { type: "int32" } } as const;
      return [builder.add("Slice", [x, begin, size], attributes, hint)];
    }
    case "unary":
      return [builder.add(unaryOps[node.operation], [x], { T: { type: "float32" } }, hint)];
    case "binary":
      return [binary(builder, node, inputs)];
    case "toInt":
      return [builder.add("Cast", [x], { SrcT: { type: "float32" }, DstT: { type: "int32" } }, hint)];
    case "softmax":
      return [builder.add("Softmax", [x], { T: { type: "float32" } }, hint)];
    case "topK": {
      const attributes = { T: { type: node.inputs[0].dtype }, sorted: { bool: true } } as const;
      const best = builder.add("TopKV2", [x, builder.whole(node.count)], attributes, hint);
      return [best, `${best}:1`];
    }
    case "takeRows":
      return [takeRows(builder, node, x, inputs[1])];
    case "rowsWhere":
      return [rowsWhere(builder, x, hint)];
    case "orElse":
      return [orElse(builder, node, inputs)];
    case "suppress":
      return [suppressed(builder, node, inputs)];
    case "roiAlign":
      return [alignedRois(builder, node, inputs)];
  }
}

const unaryOps: Readonly<Record<UnaryOperation, string>> = {
  relu: "Relu",
  sigmoid: "Sigmoid",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  floor: "Floor",
};

const binaryOps: Readonly<Record<BinaryOperation, string>> = {
  add: "AddV2",
  subtract: "Sub",
  multiply: "Mul",
  divide: "RealDiv",
  floorDivide: "FloorDiv",
  minimum: "Minimum",
  maximum: "Maximum",
  greater: "Greater",
  and: "LogicalAnd",
};

function constant(
  builder: TensorFlowGraphBuilder,
  { data, outputs: [{ name, shape }] }: ConstantNode,
): string {
  return builder.constant(data, shape.map((size) => size ?? -1), name);
}

function binary(builder: TensorFlowGraphBuilder, node: BinaryNode, inputs: readonly string[]): string {
  const { operation, inputs: [{ dtype }], outputs: [{ name }] } = node;
  return builder.add(binaryOps[operation], inputs, operation === "and" ? {} : { T: { type: dtype } }, name);
}

function gather(
  builder: TensorFlowGraphBuilder,
  { dtype }: Value,
  x: string,
  indices: string,
  axis: number,
  hint: string,
): string {
  return builder.add("GatherV2", [x, indices, builder.whole(axis)], {
    Tparams: { type: dtype },
    Tindices: { type: "int32" },
    Taxis: { type: "int32" },
    batch_dims: { int: 0 },
  }, hint);
}

/** Where x may have no rows, the result's rank is said again: tfjs's gather on WebAssembly gives four dimensions then. */
function takeRows(
  builder: TensorFlowGraphBuilder,
  { inputs: [from], outputs: [to] }: TakeRowsNode,
  x: string,
  rows: string,
): string {
  const taken = gather(builder, from, x, rows, 0, to.name);
  return from.shape[0] === null ? reshape(builder, to, taken) : taken;
}

function concat(
  builder: TensorFlowGraphBuilder,
  { name, dtype }: Value,
  inputs: readonly string[],
  axis: number,
): string {
  if (inputs.length === 1) return inputs[0];
  const attributes = { N: { int: inputs.length }, T: { type: dtype }, Tidx: { type: "int32" } } as const;
  return builder.add("ConcatV2", [...inputs, builder.whole(axis)], attributes, name);
}

function reshape(builder: TensorFlowGraphBuilder, { name, dtype, shape }: Value, x: string): string {
  const wanted = builder.wholes(shape.map((size) => size ?? -1));
  return builder.add("Reshape", [x, wanted], { T: { type: dtype }, Tshape: { type: "int32" } }, name);
}
