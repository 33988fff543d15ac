/**
 * A TensorFlow graph as a SavedModel (tensorflow/core/protobuf/saved_model.proto and what it includes, by field number):
 * one meta graph with the tag `serve` and the signature `serving_default`. Weights are constants, so there are no variables.
 *
 * @module
 */
import { MessageWriter } from "../base/protobuf.ts";
import {
  constantType,
  type ConstantValue,
  type GraphPort,
  type NodeAttribute,
  type TensorFlowGraph,
  type TensorFlowNode,
  type TensorType,
} from "./tensorflow_graph.ts";
import { graphProducer } from "./tfjs_model.ts";

/** `DataType` (tensorflow/core/framework/types.proto). */
const typeNumbers: Readonly<Record<TensorType, number>> = { float32: 1, int32: 3, int64: 9, bool: 10 };

/** What TensorFlow Serving, `tf.saved_model.load` and `saved_model_cli` ask for if nothing else is named. */
const signatureName = "serving_default";

/**
 * Writes a SavedModel.
 *
 * @param graph Its inputs and outputs are the signature's, by name.
 * @returns The bytes of `saved_model.pb`, which goes into a folder of its own.
 */
export function encodeSavedModel(graph: TensorFlowGraph): Uint8Array {
  const meta = new MessageWriter().field(4, "serve").field(5, "2.4.0").number(7, 1); // defaults are left out
  const metaGraph = new MessageWriter()
    .field(1, meta)
    .field(2, graphMessage(graph))
    .field(5, mapEntry(signatureName, signatureMessage(graph)));
  return new MessageWriter().number(1, 1).field(2, metaGraph).bytes();
}

function graphMessage({ nodes }: TensorFlowGraph): MessageWriter {
  const message = new MessageWriter();
  for (const node of nodes) message.field(1, nodeMessage(node));
  return message.field(4, new MessageWriter().number(1, graphProducer));
}

function nodeMessage({ name, op, inputs, attributes }: TensorFlowNode): MessageWriter {
  const message = new MessageWriter().field(1, name).field(2, op);
  for (const input of inputs) message.field(3, input);
  for (const [key, attribute] of Object.entries(attributes)) {
    message.field(5, mapEntry(key, attributeMessage(attribute)));
  }
  return message;
}

function attributeMessage(attribute: NodeAttribute): MessageWriter {
  const message = new MessageWriter();
  if ("type" in attribute) return message.number(6, typeNumbers[attribute.type]);
  if ("shape" in attribute) return message.field(7, shapeMessage(attribute.shape));
  if ("constant" in attribute) return message.field(8, tensorMessage(attribute.constant));
  if ("int" in attribute) return message.number(3, attribute.int);
  if ("float" in attribute) return message.float(4, attribute.float);
  if ("bool" in attribute) return message.number(5, Number(attribute.bool));
  if ("text" in attribute) return message.field(2, attribute.text);
  const list = new MessageWriter();
  if ("ints" in attribute) { for (const int of attribute.ints) list.number(3, int); }
  else for (const text of attribute.texts) list.field(2, text);
  return message.field(1, list);
}

function tensorMessage(constant: ConstantValue): MessageWriter {
  const { buffer, byteOffset, byteLength } = constant.values;
  return new MessageWriter()
    .number(1, typeNumbers[constantType(constant)])
    .field(2, shapeMessage(constant.shape))
    .field(4, new Uint8Array(buffer, byteOffset, byteLength));
}

/** A size of -1, which ten bytes of a varint say, is one that is not known. */
const unknownSize = Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1);

function shapeMessage(shape: readonly (number | null)[]): MessageWriter {
  const message = new MessageWriter();
  for (const size of shape) {
    message.field(2, size === null ? unknownSize : new MessageWriter().number(1, size));
  }
  return message;
}

function signatureMessage({ inputs, outputs }: TensorFlowGraph): MessageWriter {
  const message = new MessageWriter();
  for (const port of inputs) message.field(1, mapEntry(port.name, tensorInfo(port)));
  for (const port of outputs) message.field(2, mapEntry(port.name, tensorInfo(port)));
  return message.field(3, "tensorflow/serving/predict");
}

function tensorInfo({ node, type, shape }: GraphPort): MessageWriter {
  return new MessageWriter().field(1, `${node}:0`).number(2, typeNumbers[type]).field(3, shapeMessage(shape));
}

function mapEntry(key: string, value: MessageWriter): MessageWriter {
  return new MessageWriter().field(1, key).field(2, value);
}
