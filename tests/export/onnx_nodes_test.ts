import { assertEquals } from "@std/assert";
import { classWiseNms } from "../../lib/boxes/nms.ts";
import { stream } from "../../lib/base/random.ts";
import type { Value } from "../../lib/export/graph.ts";
import { GraphBuilder } from "../../lib/export/graph_builder.ts";
import { encodeOnnx } from "../../lib/export/onnx.ts";
import { type OnnxValue, runOnnx, startOnnx } from "./_onnx_session.ts";

await startOnnx();

/** Runs a graph of one input. */
async function run(
  x: { readonly shape: readonly number[]; readonly data: readonly number[] },
  add: (builder: GraphBuilder, x: Value) => Record<string, Value>,
): Promise<Record<string, OnnxValue>> {
  const builder = new GraphBuilder();
  const outputs = add(builder, builder.input("x", x.shape));
  const model = encodeOnnx(builder.build("test", outputs));
  return await runOnnx(model, { x: { shape: x.shape, data: Float32Array.from(x.data) } });
}

function counting(...shape: number[]): { shape: number[]; data: number[] } {
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Array.from({ length }, (_, i) => i + 1) };
}

/** Suppresses boxes whose scores are the input. */
async function kept(
  boxesXyxy: Float32Array,
  scores: readonly number[],
  groups: Int32Array,
  limit: number,
): Promise<number[]> {
  const count = scores.length;
  const { rows } = await run({ shape: [count], data: scores }, (builder, x) => {
    const inputs = [
      builder.constant("boxes", boxesXyxy, [count, 4]),
      x,
      builder.constant("groups", groups, [count]),
    ] as const;
    const options = { groupCount: 3, iouThreshold: 0.5, limit, largestCoordinate: 100 };
    return { rows: builder.suppress("rows", inputs, options) };
  });
  return Array.from(rows.data);
}

Deno.test("suppression keeps the rows that the project's own keeps, in its order, also of equal scores", async () => {
  const random = stream(1, "boxes");
  const count = 60;
  const boxes = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const [x, y] = [40 * random.uniform(), 40 * random.uniform()];
    boxes.set([x, y, x + 20 + 20 * random.uniform(), y + 20 + 20 * random.uniform()], 4 * i);
  }
  const scores = Array.from({ length: count }, () => Math.floor(6 * random.uniform()) - 3); // many are equal
  const groups = Int32Array.from({ length: count }, () => Math.floor(3 * random.uniform()));
  for (const limit of [5, 100]) {
    const wanted = classWiseNms(boxes, Float32Array.from(scores), groups, 0.5, limit);
    assertEquals(await kept(boxes, scores, groups, limit), [...wanted]);
  }
});

Deno.test("where nothing is a candidate, nothing is kept, and the fallback comes in", async () => {
  const { rows, first, other } = await run({ shape: [3], data: [1, 2, 3] }, (builder, x) => {
    const above = (least: number): Value => {
      const mask = builder.binary("greater", "mask", x, builder.number("least", least));
      return builder.takeRows("taken", x, builder.rowsWhere("where", mask));
    };
    const fallback = builder.number("fallback", 9);
    return {
      rows: above(5),
      first: builder.orElse("orElse", above(5), fallback),
      other: builder.orElse("orElse", above(1), fallback),
    };
  });
  assertEquals([rows, first, other].map(({ data }) => Array.from(data)), [[], [9], [2, 3]]);
});

Deno.test("topK takes the earlier of equals first", async () => {
  const { values, positions } = await run(
    { shape: [5], data: [1, 3, 3, 2, 3] },
    (builder, x) => ({ ...builder.topK("best", x, 4) }),
  );
  assertEquals([values, positions].map(({ data }) => Array.from(data)), [[3, 3, 3, 2], [1, 2, 4, 3]]);
});

Deno.test("a map is enlarged by two and cropped to an odd size", async () => {
  const { y } = await run(counting(1, 2, 2, 1), (builder, x) => {
    const like: Value = { name: "like", dtype: "float32", shape: [1, 3, 3, 1] };
    return { y: builder.enlarge("y", x, like) };
  });
  assertEquals(y, { shape: [1, 3, 3, 1], data: [1, 1, 2, 1, 1, 2, 3, 3, 4] });
});

Deno.test("max-pooling of one cell takes every other, of three cells it never takes the border", async () => {
  const { one, three } = await run(
    { shape: [1, 3, 3, 1], data: [-1, -2, -3, -4, -5, -6, -7, -8, -9] },
    (builder, x) => ({ one: builder.maxPool("one", x, 1), three: builder.maxPool("three", x, 3) }),
  );
  assertEquals(one, { shape: [1, 2, 2, 1], data: [-1, -3, -7, -9] });
  assertEquals(three, { shape: [1, 2, 2, 1], data: [-1, -2, -4, -5] });
});

Deno.test("channels are taken, joined and read row by row as NHWC has them", async () => {
  const { rows } = await run(counting(1, 1, 2, 3), (builder, x) => {
    const some = builder.takeChannels("some", x, Int32Array.of(2, 0));
    return { rows: builder.reshape("flat", builder.concat("both", [some, x], 3), [10]) };
  });
  assertEquals(Array.from(rows.data), [3, 1, 1, 2, 3, 6, 4, 4, 5, 6]);
});
