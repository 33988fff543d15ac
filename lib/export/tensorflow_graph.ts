/**
 * A TensorFlow graph as plain data: what is written as a SavedModel's `GraphDef`, and as tfjs's `model.json`.
 *
 * @module
 */

/** Types of tensors in exported graphs; int64 only in between. */
export type TensorType = "float32" | "int32" | "int64" | "bool";

/** A constant's content. */
export interface ConstantValue {
  /** float32 or int32, as the array. */
  readonly values: Float32Array | Int32Array;
  /** Dimensions; `[]` is a scalar. */
  readonly shape: readonly number[];
}

/** An attribute of a node, under the name of what it holds. */
export type NodeAttribute =
  | { readonly type: TensorType }
  | { readonly shape: readonly (number | null)[] }
  | { readonly constant: ConstantValue }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly texts: readonly string[] };

/** One operation. */
export interface TensorFlowNode {
  /** Unlike every other's. */
  readonly name: string;
  /** As TensorFlow names it, e.g. `Conv2D`. */
  readonly op: string;
  /** Nodes, or `node:1` for another than the first output. They stand before this one. */
  readonly inputs: readonly string[];
  /** By name. */
  readonly attributes: Readonly<Record<string, NodeAttribute>>;
}

/** A tensor that goes in or comes out. */
export interface GraphPort {
  /** What the signature calls it. */
  readonly name: string;
  /** The node whose first output it is. */
  readonly node: string;
  /** Its type. */
  readonly type: TensorType;
  /** Its dimensions; null is known only when the graph runs. */
  readonly shape: readonly (number | null)[];
}

/** A graph with its signature. */
export interface TensorFlowGraph {
  /** Each after its inputs. */
  readonly nodes: readonly TensorFlowNode[];
  /** Placeholders. */
  readonly inputs: readonly GraphPort[];
  /** Identities. */
  readonly outputs: readonly GraphPort[];
}

/** The type of a constant. */
export function constantType({ values }: ConstantValue): "float32" | "int32" {
  return values instanceof Float32Array ? "float32" : "int32";
}

/** Grows a graph node by node. Tensors are strings: a node's name is its first output. */
export class TensorFlowGraphBuilder {
  readonly #nodes: TensorFlowNode[] = [];
  readonly #inputs: GraphPort[] = [];
  readonly #outputs: GraphPort[] = [];
  readonly #small = new Map<string, string>();
  readonly #uses = new Map<string, number>();

  /** Adds an operation, named after a hint, and returns its first output. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, NodeAttribute>> = {},
    hint: string = op,
  ): string {
    const name = this.#unusedName(hint);
    this.#nodes.push({ name, op, inputs, attributes });
    return name;
  }

  /** Adds a constant. */
  constant(values: Float32Array | Int32Array, shape: readonly number[], hint = "Const"): string {
    const constant = { values, shape };
    return this.add("Const", [], { dtype: { type: constantType(constant) }, value: { constant } }, hint);
  }

  /** A float32 scalar, the same node for the same number. */
  scalar(value: number): string {
    return this.#shared(`float ${value}`, Float32Array.of(value), []);
  }

  /** An int32 scalar, the same node for the same number. */
  whole(value: number): string {
    return this.#shared(`int ${value}`, Int32Array.of(value), []);
  }

  /** An int32 vector such as a shape or a permutation, the same node for the same numbers. */
  wholes(values: readonly number[]): string {
    return this.#shared(`ints ${values}`, Int32Array.from(values), [values.length]);
  }

  /** Adds an input. */
  input(name: string, type: TensorType, shape: readonly (number | null)[]): string {
    const node = this.add("Placeholder", [], { dtype: { type }, shape: { shape } }, name);
    this.#inputs.push({ name, node, type, shape });
    return node;
  }

  /** Adds an output. */
  output(name: string, tensor: string, type: TensorType, shape: readonly (number | null)[]): void {
    const node = this.add("Identity", [tensor], { T: { type } }, name);
    this.#outputs.push({ name, node, type, shape });
  }

  /** What has been built. */
  finish(): TensorFlowGraph {
    return { nodes: this.#nodes, inputs: this.#inputs, outputs: this.#outputs };
  }

  #shared(key: string, values: Float32Array | Int32Array, shape: readonly number[]): string {
    const known = this.#small.get(key);
    if (known !== undefined) return known;
    const made = this.constant(values, shape);
    this.#small.set(key, made);
    return made;
  }

  /** Names are TensorFlow's: letters, digits and `_.-/`, the first no punctuation. */
  #unusedName(hint: string): string {
    const base = hint.replace(/[^A-Za-z0-9_.\-/]/g, "_").replace(/^[^A-Za-z0-9]/, "n$&");
    const uses = this.#uses.get(base) ?? 0;
    this.#uses.set(base, uses + 1);
    if (uses === 0) return base;
    return this.#unusedName(`${base}_${uses}`);
  }
}
