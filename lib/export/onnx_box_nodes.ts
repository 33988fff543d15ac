/**
 * The nodes that choose rows and boxes, in ONNX's operators.
 *
 * @module
 */
import type { OrElseNode, RoiAlignNode, SuppressNode, TopKNode } from "./graph.ts";
import type { OnnxGraph } from "./onnx_graph.ts";

/** Less than any score, and yet above minus infinity. */
const lowest = -3e38;

/** See `TopKNode`; of equals ONNX too takes the earlier first. */
export function addTopK(onnx: OnnxGraph, { inputs: [x], outputs, count }: TopKNode): void {
  const limit = onnx.ints(onnx.fresh("count"), [count]);
  onnx.nodeOf("TopK", [onnx.nameOf(x), limit], outputs.map((value) => onnx.nameOf(value)), [
    { name: "axis", int: 0 },
  ]);
}

/** See `RowsWhereNode`. */
export function addRowsWhere(onnx: OnnxGraph, mask: string, y: string): string {
  const found = onnx.node("NonZero", [mask], `${y}/found`); // [1, D]
  return onnx.node("Reshape", [found, onnx.ints(onnx.fresh("flat"), [-1])], y);
}

/** See `OrElseNode`: the first rows of both, as many as there are, and at least one. */
export function addOrElse(onnx: OnnxGraph, { inputs: [x, fallback], outputs: [output] }: OrElseNode): void {
  const y = onnx.nameOf(output);
  const both = onnx.node("Concat", [onnx.nameOf(x), onnx.nameOf(fallback)], `${y}/both`, [
    { name: "axis", int: 0 },
  ]);
  const [zero, one] = [0, 1].map((value) => onnx.ints(onnx.fresh("rows"), [value]));
  const end = onnx.node("Max", [rowCount(onnx, onnx.nameOf(x)), one], `${y}/end`);
  onnx.node("Slice", [both, zero, end, zero], y);
}

/** See `SuppressNode`: each box has a score in its own group only. */
export function addSuppress(onnx: OnnxGraph, node: SuppressNode): void {
  const { inputs: [boxes, scores, groups], outputs: [output], groupCount, iouThreshold, limit } = node;
  const y = onnx.nameOf(output);
  const all = onnx.ints(onnx.fresh("groups"), Array(groupCount).keys().toArray(), [groupCount, 1]);
  const isOwn = onnx.node("Equal", [onnx.nameOf(groups), all], `${y}/isOwn`); // [G, M]
  const never = onnx.floats(onnx.fresh("never"), Float32Array.of(-Infinity));
  const byGroup = onnx.node("Where", [isOwn, onnx.nameOf(scores), never], `${y}/byGroup`);
  const first = onnx.ints(onnx.fresh("first"), [0]);
  const batched = [onnx.nameOf(boxes), byGroup].map((name) =>
    onnx.node("Unsqueeze", [name, first], onnx.fresh(`${y}/batched`))
  );
  const selected = onnx.node("NonMaxSuppression", [
    ...batched,
    onnx.ints(onnx.fresh("limit"), [limit]),
    onnx.floats(onnx.fresh("iou"), Float32Array.of(iouThreshold)),
    onnx.floats(onnx.fresh("lowest"), Float32Array.of(lowest)),
  ], `${y}/selected`); // [D, 3]: image, group, row
  const column = onnx.ints(onnx.fresh("column"), [2]);
  const rows = onnx.node("Gather", [selected, column], `${y}/column`, [{ name: "axis", int: 1 }]);
  const flat = onnx.node("Reshape", [rows, onnx.ints(onnx.fresh("flat"), [-1])], `${y}/rows`);
  addBest(onnx, flat, onnx.nameOf(scores), limit, y);
}

/** The best of some rows, at most `limit`; of equal scores the earlier row first. */
function addBest(onnx: OnnxGraph, rows: string, scores: string, limit: number, y: string): void {
  const { values: ascending } = addSorted(onnx, rows, `${y}/ascending`);
  const own = onnx.node("Gather", [scores, ascending], `${y}/scores`, [{ name: "axis", int: 0 }]);
  const most = onnx.ints(onnx.fresh("limit"), [limit]);
  const count = onnx.node("Min", [rowCount(onnx, rows), most], `${y}/count`);
  onnx.nodeOf("TopK", [own, count], [`${y}/best`, `${y}/order`], [{ name: "axis", int: 0 }]);
  onnx.node("Gather", [ascending, `${y}/order`], y, [{ name: "axis", int: 0 }]);
}

/** Whole numbers from the least up, and where each was. */
function addSorted(onnx: OnnxGraph, x: string, y: string): { values: string; positions: string } {
  const outputs = { values: y, positions: `${y}/positions` };
  onnx.nodeOf("TopK", [x, rowCount(onnx, x)], [outputs.values, outputs.positions], [
    { name: "axis", int: 0 },
    { name: "largest", int: 0 },
  ]);
  return outputs;
}

/** `[1]`: how many rows a value has. */
function rowCount(onnx: OnnxGraph, x: string): string {
  return onnx.node("Shape", [x], onnx.fresh(`${x}/rowCount`), [{ name: "start", int: 0 }, {
    name: "end",
    int: 1,
  }]);
}

/** See `RoiAlignNode`: boxes are cut map by map, and put back in their order. */
export function addRoiAlign(onnx: OnnxGraph, node: RoiAlignNode): void {
  const { inputs: [boxes, mapIndices, ...maps], outputs: [output], stridesPx } = node;
  const y = onnx.nameOf(output);
  const cut = maps.map((map, i) => {
    const own = `${y}/map${i}`;
    const isOwn = onnx.node(
      "Equal",
      [onnx.nameOf(mapIndices), onnx.ints(onnx.fresh("map"), [i])],
      `${own}/isOwn`,
    );
    const rows = addRowsWhere(onnx, isOwn, `${own}/rows`);
    const ownBoxes = onnx.node("Gather", [onnx.nameOf(boxes), rows], `${own}/boxes`, [{
      name: "axis",
      int: 0,
    }]);
    const image = onnx.node("Mul", [rows, onnx.ints(onnx.fresh("image"), [0])], `${own}/image`);
    const inputs = [onnx.nameOf(map), ownBoxes, image];
    return { rows, features: addRoiAlignOf(onnx, node, inputs, stridesPx[i], `${own}/features`) };
  });
  const axis = [{ name: "axis", int: 0 }];
  const order = onnx.node("Concat", cut.map(({ rows }) => rows), `${y}/order`, axis);
  const features = onnx.node("Concat", cut.map(({ features }) => features), `${y}/features`, axis);
  const { positions } = addSorted(onnx, order, `${y}/sorted`);
  onnx.node("Gather", [features, positions], y, axis);
}

function addRoiAlignOf(
  onnx: OnnxGraph,
  { side, samplingRatio }: RoiAlignNode,
  inputs: readonly string[],
  stridePx: number,
  y: string,
): string {
  return onnx.node("RoiAlign", inputs, y, [
    { name: "coordinate_transformation_mode", text: "output_half_pixel" },
    { name: "mode", text: "avg" },
    { name: "output_height", int: side },
    { name: "output_width", int: side },
    { name: "sampling_ratio", int: samplingRatio },
    { name: "spatial_scale", float: 1 / stridePx },
  ]);
}
