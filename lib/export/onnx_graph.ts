/**
 * An ONNX graph in the making. ONNX's feature maps are NCHW: values of four dimensions are kept so between nodes, and
 * turned where the graph's own order shows (its inputs and outputs, and reshapes).
 *
 * @module
 */
import type { MessageWriter } from "../base/protobuf.ts";
import type { Value } from "./graph.ts";
import { nodeMessage, type OnnxAttribute, tensorMessage } from "./onnx_proto.ts";

/** Nodes and constants by name. */
export class OnnxGraph {
  /** In order. */
  readonly nodes: MessageWriter[] = [];
  /** Constants. */
  readonly tensors: MessageWriter[] = [];
  #count = 0;
  readonly #names = new Map<Value, string>();

  /** The name under which a value is found, NCHW if it has four dimensions. */
  nameOf(value: Value): string {
    return this.#names.get(value) ?? value.name;
  }

  /** Says that a value is found under another name than its own. */
  rename(value: Value, name: string): void {
    this.#names.set(value, name);
  }

  /** A name that nothing else has. */
  fresh(base: string): string {
    return `${base}//${this.#count++}`;
  }

  /** A node with one output, whose name is given back. */
  node(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: readonly OnnxAttribute[] = [],
  ): string {
    this.nodes.push(nodeMessage(operator, inputs, [output], attributes));
    return output;
  }

  /** A node with several outputs. */
  nodeOf(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: readonly OnnxAttribute[] = [],
  ): void {
    this.nodes.push(nodeMessage(operator, inputs, outputs, attributes));
  }

  /** A float constant; its name is given back. */
  floats(name: string, data: Float32Array, shape: readonly number[] = [data.length]): string {
    this.tensors.push(tensorMessage(name, shape, data));
    return name;
  }

  /** A constant of whole numbers; its name is given back. */
  ints(name: string, values: ArrayLike<number>, shape: readonly number[] = [values.length]): string {
    this.tensors.push(tensorMessage(name, shape, BigInt64Array.from(Array.from(values, BigInt))));
    return name;
  }

  /** From NHWC to NCHW. */
  channelsFirst(from: string, to: string): string {
    return this.node("Transpose", [from], to, [{ name: "perm", ints: [0, 3, 1, 2] }]);
  }

  /** From NCHW to NHWC. */
  channelsLast(from: string, to: string): string {
    return this.node("Transpose", [from], to, [{ name: "perm", ints: [0, 2, 3, 1] }]);
  }
}
