/** Each operation at its edges, on TensorFlow by a SavedModel and on tfjs's WebAssembly. */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../../lib/base/random.ts";
import { classWiseNms } from "../../lib/boxes/nms.ts";
import type { Value } from "../../lib/export/graph.ts";
import { GraphBuilder } from "../../lib/export/graph_builder.ts";
import { encodeSavedModel } from "../../lib/export/saved_model.ts";
import type { TensorFlowGraph } from "../../lib/export/tensorflow_graph.ts";
import { fusedForTfjs } from "../../lib/export/tfjs_fusion.ts";
import { tfjsModelFiles } from "../../lib/export/tfjs_model.ts";
import { toTensorFlow } from "../../lib/export/to_tensorflow.ts";
import { convolve } from "../../lib/nn/conv.ts";
import { type FeatureMap, roiAlign, roiAlignMatrix } from "../../lib/nn/roi_align.ts";
import { assertClose } from "../helpers/close.ts";
import { onHost, useEngine } from "../helpers/engine.ts";
import { runSavedModel } from "./_saved_model.ts";
import { loadFromFiles, onWasm } from "./_tfjs_model.ts";

await useEngine();

interface Input {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Outputs = Record<string, number[]>;

/** Runs a graph of one input on both. */
async function runBoth(
  x: Input,
  add: (builder: GraphBuilder, x: Value) => Record<string, Value>,
): Promise<Record<"TensorFlow" | "tfjs", Outputs>> {
  const builder = new GraphBuilder();
  const outputs = add(builder, builder.input("x", x.shape));
  const graph = toTensorFlow(builder.build("test", outputs));
  const values = Float32Array.from(x.data);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/saved_model.pb`, encodeSavedModel(graph));
    const found = await runSavedModel(folder, { x: { values, shape: x.shape } });
    const names = Object.keys(outputs);
    return {
      TensorFlow: Object.fromEntries(names.map((name) => [name, Array.from(found[name])])),
      tfjs: await runTfjs(graph, { values, shape: x.shape }, names),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runTfjs(
  graph: TensorFlowGraph,
  { values, shape }: { readonly values: Float32Array; readonly shape: readonly number[] },
  names: string[],
): Promise<Outputs> {
  return await onWasm(async () => {
    const model = await loadFromFiles(tfjsModelFiles(fusedForTfjs(graph)));
    const isDynamic = graph.nodes.some(({ op }) => ["Where", "NonMaxSuppressionV3"].includes(op));
    const x = tf.tensor(values, [...shape]);
    // tfjs warns where what it may wait for has nothing to wait for
    const found = isDynamic ? await model.executeAsync({ x }, names) : model.execute({ x }, names);
    const tensors = Array.isArray(found) ? found : [found];
    const outputs = Object.fromEntries(tensors.map((tensor, i) => [names[i], Array.from(tensor.dataSync())]));
    tf.dispose([x, tensors]);
    model.dispose();
    return outputs;
  });
}

/** Asserts that both give the same numbers. */
async function assertBoth(
  x: Input,
  add: (builder: GraphBuilder, x: Value) => Record<string, Value>,
  wanted: Record<string, ArrayLike<number>>,
): Promise<void> {
  for (const [where, outputs] of Object.entries(await runBoth(x, add))) {
    for (const [name, values] of Object.entries(wanted)) {
      assertClose(outputs[name], values, `${name} on ${where}`);
    }
  }
}

function drawn(name: string, ...shape: number[]): Input {
  const random = stream(1, name);
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Array.from({ length }, () => Math.fround(2 * random.uniform() - 1)) };
}

Deno.test("suppression keeps the rows that the project's own keeps, in its order, also of equal scores", async () => {
  const random = stream(1, "boxes");
  const [count, groupCount] = [60, 5];
  const boxes = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const [x, y] = [40 * random.uniform(), 40 * random.uniform()];
    boxes.set([x, y, x + 20 + 20 * random.uniform(), y + 20 + 20 * random.uniform()], 4 * i);
  }
  const data = Array.from({ length: count }, () => Math.floor(6 * random.uniform()) - 3); // many are equal
  const groups = Int32Array.from({ length: count }, () => Math.floor(groupCount * random.uniform()));
  for (const limit of [5, 100]) {
    const wanted = classWiseNms(boxes, Float32Array.from(data), groups, 0.5, limit);
    await assertBoth({ shape: [count], data }, (builder, x) => {
      const inputs = [
        builder.constant("boxes", boxes, [count, 4]),
        x,
        builder.constant("groups", groups, [count]),
      ] as const;
      const options = { groupCount, iouThreshold: 0.5, limit, largestCoordinate: 100 };
      return { rows: builder.suppress("rows", inputs, options) };
    }, { rows: wanted });
  }
});

Deno.test("where nothing is a candidate, nothing is kept, and the fallback comes in", async () => {
  await assertBoth({ shape: [3], data: [1, 2, 3] }, (builder, x) => {
    const rowsAbove = (least: number): Value => {
      const mask = builder.binary("greater", "mask", x, builder.number("least", least));
      return builder.rowsWhere("where", mask);
    };
    const above = (least: number): Value => builder.takeRows("taken", x, rowsAbove(least));
    const boxes = builder.constant("boxes", Float32Array.of(0, 0, 1, 1, 0, 0, 2, 2, 0, 0, 3, 3), [3, 4]);
    const groups = builder.constant("groups", Int32Array.of(0, 1, 0), [3]);
    const none = [boxes, x, groups].map((value) => builder.takeRows("none", value, rowsAbove(5)));
    const options = { groupCount: 2, iouThreshold: 0.5, limit: 9, largestCoordinate: 3 };
    const fallback = builder.number("fallback", 9);
    return {
      rows: above(5),
      kept: builder.suppress("kept", none as [Value, Value, Value], options),
      first: builder.orElse("orElse", above(5), fallback),
      other: builder.orElse("orElse", above(1), fallback),
      fallbackBox: builder.orElse(
        "orElse",
        none[0],
        builder.constant("box", Float32Array.of(1, 2, 3, 4), [1, 4]),
      ),
    };
  }, { rows: [], kept: [], first: [9], other: [2, 3], fallbackBox: [1, 2, 3, 4] });
});

Deno.test("topK takes the earlier of equals first", async () => {
  await assertBoth(
    { shape: [5], data: [1, 3, 3, 2, 3] },
    (builder, x) => ({ ...builder.topK("best", x, 4) }),
    { values: [3, 3, 3, 2], positions: [1, 2, 4, 3] },
  );
});

Deno.test("a map is enlarged by two and cropped to an odd size", async () => {
  await assertBoth({ shape: [1, 2, 2, 1], data: [1, 2, 3, 4] }, (builder, x) => {
    const like = builder.constant("like", new Float32Array(9), [1, 3, 3, 1]);
    return { y: builder.enlarge("y", x, like) };
  }, { y: [1, 1, 2, 1, 1, 2, 3, 3, 4] });
});

Deno.test("max-pooling of one cell takes every other, of three cells it never takes the border", async () => {
  await assertBoth(
    { shape: [1, 3, 3, 1], data: [-1, -2, -3, -4, -5, -6, -7, -8, -9] },
    (builder, x) => ({ one: builder.maxPool("one", x, 1), three: builder.maxPool("three", x, 3) }),
    { one: [-1, -3, -7, -9], three: [-1, -2, -4, -5] },
  );
});

for (const kind of ["conv", "depthwise"] as const) {
  for (const [kernel, stride, relu] of [[3, 2, true], [5, 1, false], [7, 2, false]] as const) {
    Deno.test(`a ${kind} layer of ${kernel} at stride ${stride} is the models', of odd and even sizes`, async () => {
      for (const [height, width] of [[6, 9], [7, 8]]) {
        const x = drawn("x", 1, height, width, 4);
        const out = kind === "conv" ? 3 : 4;
        const shape = kind === "conv" ? [kernel, kernel, 4, 3] : [kernel, kernel, 4, 1];
        const [weight, bias] = [drawn("weight", ...shape), drawn("bias", out)];
        const [{ values }] = onHost(() => {
          const sizes = { kind, kernel, stride, inChannels: 4, outChannels: out };
          const y = convolve(tf.tensor([...x.data], [...x.shape]), tf.tensor([...weight.data], shape), sizes);
          const sum = tf.add(y, tf.tensor1d([...bias.data]));
          return [relu ? tf.relu(sum) : sum];
        });
        await assertBoth(x, (builder, x) => {
          const numbers = { weight: Float32Array.from(weight.data), bias: Float32Array.from(bias.data) };
          const layer = { kind, kernel, stride, relu, inChannels: 4, outChannels: out, ...numbers };
          return { y: builder.conv("y", x, layer) };
        }, { y: values });
      }
    });
  }
}

/** Boxes of all sizes: in the middle, at each border, smaller than a cell, and slivers at the far corner. */
const boxesXyxy = Float32Array.of(
  ...[3, 5, 20, 17],
  ...[0, 0, 64, 48],
  ...[50, 30, 64, 48],
  ...[63.5, 0, 64, 48],
  ...[0, 47.9, 64, 48],
  ...[10, 10, 10.5, 10.25],
  ...[0, 0, 0.5, 0.5],
  ...[12, 0, 60, 47],
);

for (const [side, samplingRatio] of [[3, 2], [7, 1], [1, 1]]) {
  Deno.test(`RoIAlign to ${side} x ${side} features of ${samplingRatio} samples is the models', also at borders`, async () => {
    const maps: FeatureMap[] = [
      { stridePx: 4, heightCells: 12, widthCells: 16 },
      { stridePx: 8, heightCells: 6, widthCells: 8 },
    ];
    const mapIndices = Int32Array.of(0, 1, 0, 1, 1, 0, 1, 1);
    const rois = { boxesXyxy, mapIndices, imageIndices: new Int32Array(8) };
    const features = drawn("features", 2 * 12 * 16, 3);
    const of = (map: FeatureMap, all: readonly number[]): number[] =>
      all.slice(0, 3 * map.heightCells * map.widthCells);
    const [{ values }] = onHost(() => {
      const tensors = maps.map((map) =>
        tf.tensor(of(map, features.data), [1, map.heightCells, map.widthCells, 3])
      );
      const matrix = roiAlignMatrix(rois, 1, maps, { side, samplingRatio, aligned: false });
      return [roiAlign(tensors, matrix, side)];
    });
    await assertBoth({ shape: [8, 4], data: [...boxesXyxy] }, (builder, boxes) => {
      const values = maps.map((map, i) =>
        builder.constant(`map${i}`, Float32Array.from(of(map, features.data)), [
          1,
          map.heightCells,
          map.widthCells,
          3,
        ])
      );
      const indices = builder.constant("indices", mapIndices, [8]);
      const options = { stridesPx: maps.map(({ stridePx }) => stridePx), side, samplingRatio };
      return { y: builder.roiAlign("y", boxes, indices, values, options) };
    }, { y: values });
  });
}

Deno.test("what is fused for tfjs leaves layers alone whose middle is needed elsewhere", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", [1, 2]);
  const numbers = { weight: Float32Array.of(1, 2, 3, 4), bias: Float32Array.of(5, 6) };
  const y = builder.dense("y", x, numbers, true);
  const z = builder.dense("z", y, numbers, false);
  const graph = toTensorFlow(builder.build("test", { y, z }));
  const ops = fusedForTfjs(graph).nodes.map(({ op }) => op).filter((op) =>
    !/Const|Identity|Placeholder/.test(op)
  );
  assertEquals(ops, ["_FusedMatMul", "_FusedMatMul"]);
  const bias = graph.nodes.find(({ op }) => op === "BiasAdd")!;
  const watched = {
    ...graph,
    nodes: [...graph.nodes, { ...bias, name: "other", op: "Neg", inputs: [bias.name] }],
  };
  const kept = fusedForTfjs(watched).nodes.map(({ op }) => op);
  assertEquals([kept.includes("Relu"), kept.includes("_FusedMatMul")], [true, true]);
});
