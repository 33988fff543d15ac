/**
 * A TensorFlow graph as tfjs's `loadGraphModel` reads it: `model.json` and its weights in files of a few megabytes.
 *
 * @module
 */
import { joinBytes } from "../base/join_bytes.ts";
import { projectVersion } from "../base/version.ts";
import { type ExportedFile, fileOfText } from "./exported_file.ts";
import {
  constantType,
  type ConstantValue,
  type GraphPort,
  type NodeAttribute,
  type TensorFlowGraph,
  type TensorFlowNode,
  type TensorType,
} from "./tensorflow_graph.ts";

/** What a weights file holds at most: browsers fetch several side by side, and keep those that did not change. */
const shardBytes = 4 * 2 ** 20;

const typeNames: Readonly<Record<TensorType, string>> = {
  float32: "DT_FLOAT",
  int32: "DT_INT32",
  int64: "DT_INT64",
  bool: "DT_BOOL",
};

/**
 * Writes a graph model.
 *
 * @param graph Only of operations that tfjs's backends have.
 * @param metadata What `model.json` says of the model besides, e.g. its classes' names.
 * @returns `model.json` first.
 */
export function tfjsModelFiles(
  graph: TensorFlowGraph,
  metadata: Readonly<Record<string, unknown>> = {},
): ExportedFile[] {
  const constants = graph.nodes.flatMap(({ name, attributes: { value } }) =>
    value !== undefined && "constant" in value ? [{ name, ...value.constant }] : []
  );
  const shards = shardsOf(constants.map(({ values }) => values));
  const paths = shards.map((_, i) => `weights-${i + 1}-of-${shards.length}.bin`);
  const weights = constants.map((constant) => ({
    name: constant.name,
    shape: constant.shape,
    dtype: constantType(constant),
  }));
  const model = {
    format: "graph-model",
    generatedBy: `detnas ${projectVersion}`,
    convertedBy: null,
    signature: { inputs: portsJson(graph.inputs), outputs: portsJson(graph.outputs) },
    userDefinedMetadata: metadata,
    modelTopology: {
      node: graph.nodes.map(nodeJson),
      library: {},
      versions: { producer: graphProducer },
    },
    weightsManifest: [{ paths, weights }],
  };
  return [
    fileOfText("model.json", JSON.stringify(model)),
    ...shards.map((bytes, i) => ({ name: paths[i], bytes })),
  ];
}

/** The version of the graph format that the operations and attributes used here are of (TensorFlow 2.4). */
export const graphProducer = 561;

function portsJson(ports: readonly GraphPort[]): Record<string, unknown> {
  return Object.fromEntries(ports.map(({ name, node, type, shape }) => [
    name,
    { name: `${node}:0`, dtype: typeNames[type], tensorShape: shapeJson(shape) },
  ]));
}

function nodeJson({ name, op, inputs, attributes }: TensorFlowNode): Record<string, unknown> {
  const attr = Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, attributeJson(attribute)]),
  );
  return { name, op, ...(inputs.length > 0 ? { input: inputs } : {}), attr };
}

/** Protocol buffers' JSON mapping: 64-bit numbers are strings, bytes are base64. */
function attributeJson(attribute: NodeAttribute): Record<string, unknown> {
  if ("type" in attribute) return { type: typeNames[attribute.type] };
  if ("shape" in attribute) return { shape: shapeJson(attribute.shape) };
  if ("constant" in attribute) return { tensor: constantJson(attribute.constant) };
  if ("int" in attribute) return { i: String(attribute.int) };
  if ("ints" in attribute) return { list: { i: attribute.ints.map(String) } };
  if ("float" in attribute) return { f: attribute.float };
  if ("bool" in attribute) return { b: attribute.bool };
  if ("texts" in attribute) return { list: { s: attribute.texts.map((text) => btoa(text)) } };
  return { s: btoa(attribute.text) };
}

/** Without its values, which are among the weights. */
function constantJson(constant: ConstantValue): Record<string, unknown> {
  return { dtype: typeNames[constantType(constant)], tensorShape: shapeJson(constant.shape) };
}

function shapeJson(shape: readonly (number | null)[]): { dim: { size: string }[] } {
  return { dim: shape.map((size) => ({ size: String(size ?? -1) })) };
}

/** All values, one after the other, in pieces. */
function shardsOf(arrays: readonly (Float32Array | Int32Array)[]): Uint8Array[] {
  const all = joinBytes(
    arrays.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  );
  const count = Math.max(1, Math.ceil(all.length / shardBytes));
  return Array.from({ length: count }, (_, i) => all.subarray(i * shardBytes, (i + 1) * shardBytes));
}
