/**
 * What the detectors do with rows, in TensorFlow's operations: choosing, suppressing, and having one at least.
 *
 * @module
 */
import type { OrElseNode, SuppressNode } from "./graph.ts";
import type { TensorFlowGraphBuilder } from "./tensorflow_graph.ts";

const int = { type: "int32" } as const;
const float = { type: "float32" } as const;

/** Positions of true values. */
export function rowsWhere(builder: TensorFlowGraphBuilder, mask: string, hint: string): string {
  const found = builder.add("Where", [mask], { T: { type: "bool" } }); // [D, 1] int64
  const rows = builder.add("Cast", [found], { SrcT: { type: "int64" }, DstT: int });
  return builder.add("Reshape", [rows, builder.wholes([-1])], { T: int, Tshape: int }, hint);
}

/** The rows, or the fallback's: the first max(D, 1) of both. */
export function orElse(
  builder: TensorFlowGraphBuilder,
  { inputs: [{ dtype, shape }], outputs: [{ name }] }: OrElseNode,
  [x, fallback]: readonly string[],
): string {
  const T = { type: dtype };
  const both = builder.add("ConcatV2", [x, fallback, builder.whole(0)], { N: { int: 2 }, T, Tidx: int });
  const sizes = builder.add("Shape", [x], { T, out_type: int });
  const [zero, one] = [builder.wholes([0]), builder.wholes([1])];
  const count = builder.add("Slice", [sizes, zero, one], { T: int, Index: int });
  const atLeastOne = builder.add("Maximum", [count, one], { T: int });
  const others = shape.slice(1).map(() => -1);
  const size = others.length === 0 ? atLeastOne : builder.add(
    "ConcatV2",
    [atLeastOne, builder.wholes(others), builder.whole(0)],
    { N: { int: 2 }, T: int, Tidx: int },
  );
  return builder.add("Slice", [both, builder.wholes(shape.map(() => 0)), size], { T, Index: int }, name);
}

/**
 * Suppression within groups, by one that knows of none: groups are moved apart so that no two of them overlap, along
 * both axes, as the nearer they stay to the origin the less is rounded off. (TensorFlow takes y first; an IoU is the same.)
 */
export function suppressed(
  builder: TensorFlowGraphBuilder,
  node: SuppressNode,
  [boxes, scores, groups]: readonly string[],
): string {
  const apart = node.groupCount === 1 ? boxes : movedApart(builder, node, boxes, groups);
  const inputs = [
    apart,
    scores,
    builder.whole(node.limit),
    builder.scalar(node.iouThreshold),
    builder.scalar(-Infinity), // every score is a candidate
  ];
  return builder.add("NonMaxSuppressionV3", inputs, { T: float, T_threshold: float }, node.outputs[0].name);
}

function movedApart(
  builder: TensorFlowGraphBuilder,
  { groupCount, largestCoordinate }: SuppressNode,
  boxes: string,
  groups: string,
): string {
  const columns = Math.ceil(Math.sqrt(groupCount));
  const steps = 2 ** Math.ceil(Math.log2(largestCoordinate + 1)); // a power of two costs the fewest bits
  const offsets = Float32Array.from({ length: 4 * groupCount }, (_, i) => {
    const group = i >> 2;
    return steps * (i % 2 === 0 ? group % columns : Math.floor(group / columns));
  });
  const table = builder.constant(offsets, [groupCount, 4], "group_offsets");
  const shifts = builder.add("GatherV2", [table, groups, builder.whole(0)], {
    Tparams: float,
    Tindices: int,
    Taxis: int,
    batch_dims: { int: 0 },
  });
  return builder.add("AddV2", [boxes, shifts], { T: float });
}
