/**
 * Puts a graph together, node by node: names values, works out shapes, and leaves the order of calls as the nodes'.
 *
 * @module
 */
import type {
  BinaryOperation,
  ConvNode,
  ExportGraph,
  GraphNode,
  RoiAlignNode,
  SuppressNode,
  UnaryOperation,
  Value,
  ValueType,
} from "./graph.ts";

/** A convolution with batch norm folded in. */
export interface FoldedConv {
  /** Dense k x k or one filter a channel. */
  readonly kind: "conv" | "depthwise" | "pointwise";
  /** `[K, K, I, O]` or `[K, K, C, 1]`. */
  readonly weight: Float32Array;
  /** `[O]`. */
  readonly bias: Float32Array;
  readonly kernel: number;
  readonly stride: 1 | 2;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly relu: boolean;
}

/** A linear layer's numbers. */
export interface DenseWeights {
  /** `[I, O]`. */
  readonly weight: Float32Array;
  /** `[O]`. */
  readonly bias: Float32Array;
}

type Shape = Value["shape"];

/** A graph in the making. Each method adds a node and gives its output; a name that is taken gets a number. */
export class GraphBuilder {
  readonly #inputs: Value[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #names = new Map<string, number>();

  /** What is given to the graph. */
  input(name: string, shape: Shape): Value {
    const value = this.#value(name, "float32", shape);
    this.#inputs.push(value);
    return value;
  }

  /** Numbers that are part of the graph. */
  constant(name: string, data: Float32Array | Int32Array, shape: readonly number[]): Value {
    const output = this.#value(name, data instanceof Float32Array ? "float32" : "int32", shape);
    this.#nodes.push({ kind: "constant", inputs: [], outputs: [output], data });
    return output;
  }

  /** One float32 number, `[1]`. */
  number(name: string, value: number): Value {
    return this.constant(name, Float32Array.of(value), [1]);
  }

  /** See `ConvNode` and `DepthwiseConvNode`. */
  conv(name: string, x: Value, conv: FoldedConv): Value {
    const { kind, weight, bias, kernel, stride, relu, inChannels, outChannels } = conv;
    const output = this.#value(name, "float32", [...halved(x, stride), outChannels]);
    const common = { inputs: [x], outputs: [output], weight, bias, kernel, stride, relu };
    const node: GraphNode = kind === "depthwise"
      ? { kind: "depthwiseConv", ...common, channels: outChannels }
      : { kind: "conv", ...common, inChannels, outChannels } satisfies ConvNode;
    this.#nodes.push(node);
    return output;
  }

  /** See `DenseNode`. */
  dense(name: string, x: Value, { weight, bias }: DenseWeights, relu: boolean): Value {
    const inputCount = weight.length / bias.length;
    const output = this.#value(name, "float32", [x.shape[0], bias.length]);
    const sizes = { inputCount, outputCount: bias.length };
    this.#nodes.push({ kind: "dense", inputs: [x], outputs: [output], weight, bias, relu, ...sizes });
    return output;
  }

  /** See `MaxPoolNode`. */
  maxPool(name: string, x: Value, kernel: number): Value {
    const output = this.#value(name, "float32", [...halved(x, 2), x.shape[3]]);
    this.#nodes.push({ kind: "maxPool", inputs: [x], outputs: [output], kernel, stride: 2 });
    return output;
  }

  /** Enlarged by two and cropped to another map's size, see `EnlargeNode`. */
  enlarge(name: string, x: Value, like: Value): Value {
    return this.#unaryNode("enlarge", name, x, [...like.shape.slice(0, 3), x.shape[3]]);
  }

  /** See `TakeChannelsNode`. */
  takeChannels(name: string, x: Value, channels: Int32Array): Value {
    const output = this.#value(name, x.dtype, [...x.shape.slice(0, 3), channels.length]);
    this.#nodes.push({ kind: "takeChannels", inputs: [x], outputs: [output], channels });
    return output;
  }

  /** See `ConcatNode`; null along the axis if one input's size there is. */
  concat(name: string, xs: readonly Value[], axis: number): Value {
    const sizes = xs.map(({ shape }) => shape[axis]);
    const total = sizes.reduce((sum, size) => sum === null || size === null ? null : sum + size, 0);
    const shape = xs[0].shape.map((size, i) => i === axis ? total : size);
    const output = this.#value(name, xs[0].dtype, shape);
    this.#nodes.push({ kind: "concat", inputs: xs, outputs: [output], axis });
    return output;
  }

  /** See `ReshapeNode`. */
  reshape(name: string, x: Value, shape: Shape): Value {
    return this.#unaryNode("reshape", name, x, shape);
  }

  /** See `ColumnsNode`. */
  columns(name: string, x: Value, begin: number, end: number): Value {
    const output = this.#value(name, x.dtype, [x.shape[0], end - begin]);
    this.#nodes.push({ kind: "columns", inputs: [x], outputs: [output], begin, end });
    return output;
  }

  /** See `UnaryNode`. */
  unary(operation: UnaryOperation, name: string, x: Value): Value {
    const output = this.#value(name, "float32", x.shape);
    this.#nodes.push({ kind: "unary", inputs: [x], outputs: [output], operation });
    return output;
  }

  /** See `BinaryNode`. */
  binary(operation: BinaryOperation, name: string, a: Value, b: Value): Value {
    const output = this.#value(name, operation === "greater" ? "bool" : a.dtype, broadcast(a.shape, b.shape));
    this.#nodes.push({ kind: "binary", inputs: [a, b], outputs: [output], operation });
    return output;
  }

  /** See `ToIntNode`. */
  toInt(name: string, x: Value): Value {
    const output = this.#value(name, "int32", x.shape);
    this.#nodes.push({ kind: "toInt", inputs: [x], outputs: [output] });
    return output;
  }

  /** See `SoftmaxNode`. */
  softmax(name: string, x: Value): Value {
    return this.#unaryNode("softmax", name, x, x.shape);
  }

  /** The `count` largest, or all if there are fewer; see `TopKNode`. */
  topK(name: string, x: Value, count: number): { values: Value; positions: Value } {
    const shape = [Math.min(count, x.shape[0] ?? count)];
    const values = this.#value(name, "float32", shape);
    const positions = this.#value(`${name}/positions`, "int32", shape);
    this.#nodes.push({ kind: "topK", inputs: [x], outputs: [values, positions], count: shape[0] });
    return { values, positions };
  }

  /** See `TakeRowsNode`. */
  takeRows(name: string, x: Value, rows: Value): Value {
    const output = this.#value(name, x.dtype, [rows.shape[0], ...x.shape.slice(1)]);
    this.#nodes.push({ kind: "takeRows", inputs: [x, rows], outputs: [output] });
    return output;
  }

  /** See `RowsWhereNode`. */
  rowsWhere(name: string, mask: Value): Value {
    const output = this.#value(name, "int32", [null]);
    this.#nodes.push({ kind: "rowsWhere", inputs: [mask], outputs: [output] });
    return output;
  }

  /** See `OrElseNode`. */
  orElse(name: string, x: Value, fallback: Value): Value {
    const output = this.#value(name, x.dtype, x.shape);
    this.#nodes.push({ kind: "orElse", inputs: [x, fallback], outputs: [output] });
    return output;
  }

  /** See `SuppressNode`. */
  suppress(
    name: string,
    inputs: readonly [boxes: Value, scores: Value, groups: Value],
    options: Pick<SuppressNode, "groupCount" | "iouThreshold" | "limit" | "largestCoordinate">,
  ): Value {
    const output = this.#value(name, "int32", [null]);
    this.#nodes.push({ kind: "suppress", inputs, outputs: [output], ...options });
    return output;
  }

  /** See `RoiAlignNode`. */
  roiAlign(
    name: string,
    boxes: Value,
    mapIndices: Value,
    maps: readonly Value[],
    options: Pick<RoiAlignNode, "stridesPx" | "side" | "samplingRatio">,
  ): Value {
    const { side } = options;
    const output = this.#value(name, "float32", [boxes.shape[0], side, side, maps[0].shape[3]]);
    this.#nodes.push({
      kind: "roiAlign",
      inputs: [boxes, mapIndices, ...maps],
      outputs: [output],
      ...options,
    });
    return output;
  }

  /**
   * The graph as it stands.
   *
   * @param outputs What it gives, by the users' names: the values are given these names.
   */
  build(name: string, outputs: Readonly<Record<string, Value>>): ExportGraph {
    const renamed = new Map(Object.entries(outputs).map(([name, value]) => [value, { ...value, name }]));
    const of = (values: readonly Value[]): Value[] => values.map((value) => renamed.get(value) ?? value);
    const nodes = this.#nodes.map((node) => ({
      ...node,
      inputs: of(node.inputs),
      outputs: of(node.outputs),
    }));
    return { name, inputs: this.#inputs, outputs: of(Object.values(outputs)), nodes };
  }

  #unaryNode(kind: "enlarge" | "reshape" | "softmax", name: string, x: Value, shape: Shape): Value {
    const output = this.#value(name, x.dtype, shape);
    this.#nodes.push({ kind, inputs: [x], outputs: [output] });
    return output;
  }

  #value(name: string, dtype: ValueType, shape: Shape): Value {
    const taken = this.#names.get(name) ?? 0;
    this.#names.set(name, taken + 1);
    return { name: taken === 0 ? name : `${name}_${taken}`, dtype, shape };
  }
}

/** Number of images, rows and columns after a stride. */
function halved({ shape: [images, height, width] }: Value, stride: number): Shape {
  return [images, ...[height, width].map((size) => size === null ? null : Math.ceil(size / stride))];
}

function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [own, other] = [a, b].map((shape) => shape.length + i < rank ? 1 : shape[shape.length + i - rank]);
    return own === 1 ? other : own;
  });
}
