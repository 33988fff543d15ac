/**
 * Writes a graph as an ONNX model (opset 17), for onnxruntime and whatever else reads it.
 *
 * @module
 */
import { projectVersion } from "../base/version.ts";
import type { ExportGraph, Value, ValueType } from "./graph.ts";
import { OnnxGraph } from "./onnx_graph.ts";
import { addOnnxNode } from "./onnx_nodes.ts";
import { modelMessage, type OnnxType, valueMessage } from "./onnx_proto.ts";

/** Whole numbers are 64 bits wide, as ONNX's indices are. */
const typeOf: Readonly<Record<ValueType, OnnxType>> = { float32: "float32", int32: "int64", bool: "bool" };

/**
 * An ONNX model's bytes. Inputs and outputs have the graph's names and shapes (NHWC); classes are int64.
 *
 * @param graph The graph.
 * @param metadata Free text by key, e.g. the classes' names; stands in the model's `metadata_props`.
 */
export function encodeOnnx(
  graph: ExportGraph,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const onnx = new OnnxGraph();
  for (const input of graph.inputs.filter(isImage)) {
    onnx.rename(input, onnx.channelsFirst(input.name, `${input.name}/channelsFirst`));
  }
  for (const output of graph.outputs.filter(isImage)) onnx.rename(output, `${output.name}/channelsFirst`);
  for (const node of graph.nodes) addOnnxNode(onnx, node);
  for (const output of graph.outputs.filter(isImage)) onnx.channelsLast(onnx.nameOf(output), output.name);
  return modelMessage({
    name: graph.name,
    producerVersion: projectVersion,
    nodes: onnx.nodes,
    tensors: onnx.tensors,
    inputs: graph.inputs.map(valueOf),
    outputs: graph.outputs.map(valueOf),
    metadata,
  }).bytes();
}

function isImage({ shape }: Value): boolean {
  return shape.length === 4;
}

/** Sizes that are open have names; those of an output are its own, so that nobody takes them for the input's. */
function valueOf({ name, dtype, shape }: Value): ReturnType<typeof valueMessage> {
  const open = shape.length === 4 ? ["images", `${name}_height`, `${name}_width`] : ["rows"];
  return valueMessage(name, typeOf[dtype], shape.map((size, axis) => size ?? open[axis]));
}
