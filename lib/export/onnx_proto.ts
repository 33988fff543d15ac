/**
 * ONNX's messages (onnx/onnx.proto3, IR version 8), by field number.
 *
 * @module
 */
import { MessageWriter } from "../base/protobuf.ts";

/** ONNX's numbers for the element types in use. */
export const onnxTypes = { float32: 1, int64: 7, bool: 9 } as const;

/** An element type in use. */
export type OnnxType = keyof typeof onnxTypes;

/** A node's attribute: whole numbers at least 0, floats or text. */
export type OnnxAttribute =
  | { readonly name: string; readonly int: number }
  | { readonly name: string; readonly float: number }
  | { readonly name: string; readonly ints: readonly number[] }
  | { readonly name: string; readonly text: string };

/** Which set of operators the graph is written in: the first with RoiAlign's old coordinates is 16. */
export const onnxOpset = 17;

/** `AttributeProto`. */
export function attributeMessage(attribute: OnnxAttribute): MessageWriter {
  const message = new MessageWriter().field(1, attribute.name);
  if ("int" in attribute) return message.number(3, attribute.int).number(20, 2);
  if ("float" in attribute) return message.float(2, attribute.float).number(20, 1);
  if ("text" in attribute) return message.field(4, attribute.text).number(20, 3);
  for (const value of attribute.ints) message.number(8, value);
  return message.number(20, 7);
}

/** `NodeProto`. */
export function nodeMessage(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly OnnxAttribute[],
): MessageWriter {
  const message = new MessageWriter();
  for (const name of inputs) message.field(1, name);
  for (const name of outputs) message.field(2, name);
  message.field(3, outputs[0]).field(4, operator);
  for (const attribute of attributes) message.field(5, attributeMessage(attribute));
  return message;
}

/** `TensorProto` with its raw data, little-endian as all machines that Deno runs on are. */
export function tensorMessage(
  name: string,
  shape: readonly number[],
  data: Float32Array | BigInt64Array,
): MessageWriter {
  const message = new MessageWriter();
  for (const size of shape) message.number(1, size);
  return message.number(2, data instanceof Float32Array ? onnxTypes.float32 : onnxTypes.int64)
    .field(8, name)
    .field(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** `ValueInfoProto`: an input or output; a size that is text is one that the user decides on, by that name. */
export function valueMessage(
  name: string,
  type: OnnxType,
  shape: readonly (number | string)[],
): MessageWriter {
  const shapeMessage = new MessageWriter();
  for (const size of shape) {
    const dimension = new MessageWriter();
    shapeMessage.field(1, typeof size === "number" ? dimension.number(1, size) : dimension.field(2, size));
  }
  const tensorType = new MessageWriter().number(1, onnxTypes[type]).field(2, shapeMessage);
  return new MessageWriter().field(1, name).field(2, new MessageWriter().field(1, tensorType));
}

/** What a model consists of. */
export interface OnnxModelParts {
  readonly name: string;
  readonly producerVersion: string;
  readonly nodes: readonly MessageWriter[];
  readonly tensors: readonly MessageWriter[];
  readonly inputs: readonly MessageWriter[];
  readonly outputs: readonly MessageWriter[];
  /** Free text by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** `ModelProto`. */
export function modelMessage(parts: OnnxModelParts): MessageWriter {
  const graph = new MessageWriter();
  for (const node of parts.nodes) graph.field(1, node);
  graph.field(2, parts.name);
  for (const tensor of parts.tensors) graph.field(5, tensor);
  for (const input of parts.inputs) graph.field(11, input);
  for (const output of parts.outputs) graph.field(12, output);
  const model = new MessageWriter().number(1, 8).field(2, "DetNAS").field(3, parts.producerVersion)
    .field(7, graph)
    .field(8, new MessageWriter().field(1, "").number(2, onnxOpset));
  for (const [key, value] of Object.entries(parts.metadata)) {
    model.field(14, new MessageWriter().field(1, key).field(2, value));
  }
  return model;
}
