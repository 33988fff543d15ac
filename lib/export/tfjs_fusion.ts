/**
 * Layers as single operations, as tfjs runs them fastest: a convolution or matrix product with its bias and ReLU. TensorFlow
 * itself has these operations for its optimiser only, so a SavedModel keeps the parts.
 *
 * @module
 */
import type { TensorFlowGraph, TensorFlowNode } from "./tensorflow_graph.ts";

const fusedNames: ReadonlyMap<string, string> = new Map([
  ["Conv2D", "_FusedConv2D"],
  ["DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"],
  ["MatMul", "_FusedMatMul"],
]);

/**
 * Fuses layers with what follows them, where nothing else needs what lies between.
 *
 * @param graph As `toTensorFlow` makes it.
 * @returns The same function of the same inputs, for tfjs only.
 */
export function fusedForTfjs(graph: TensorFlowGraph): TensorFlowGraph {
  const readers = readersOf(graph);
  const soleReader = (node: TensorFlowNode, op: string): TensorFlowNode | null => {
    const [reader, ...others] = readers.get(node.name) ?? [];
    return others.length === 0 && reader?.op === op ? reader : null;
  };
  const gone = new Set<TensorFlowNode>();
  const fused = new Map<TensorFlowNode, TensorFlowNode>(); // by the last of the parts, whose name it keeps
  for (const node of graph.nodes) {
    const op = fusedNames.get(node.op);
    const biased = op === undefined ? null : soleReader(node, "BiasAdd");
    if (op === undefined || biased === null) continue;
    const active = soleReader(biased, "Relu");
    const parts = active === null ? [node, biased] : [node, biased, active];
    const last = parts.pop()!;
    for (const part of parts) gone.add(part);
    fused.set(last, {
      name: last.name,
      op,
      inputs: [...node.inputs, biased.inputs[1]],
      attributes: {
        ...node.attributes,
        fused_ops: { texts: active === null ? ["BiasAdd"] : ["BiasAdd", "Relu"] },
        num_args: { int: 1 },
        epsilon: { float: 0 },
      },
    });
  }
  const nodes = graph.nodes.filter((node) => !gone.has(node)).map((node) => fused.get(node) ?? node);
  return { ...graph, nodes };
}

/** Who reads each node's first output. */
function readersOf({ nodes }: TensorFlowGraph): Map<string, TensorFlowNode[]> {
  const readers = new Map<string, TensorFlowNode[]>();
  for (const node of nodes) {
    for (const input of node.inputs) readers.set(input, [...readers.get(input) ?? [], node]);
  }
  return readers;
}
