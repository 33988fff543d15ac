/**
 * Runs ONNX models by onnxruntime's WebAssembly build.
 *
 * @module
 */
import * as ort from "onnxruntime-web";
import { GraphBuilder } from "../../lib/export/graph_builder.ts";
import { encodeOnnx } from "../../lib/export/onnx.ts";

/** A tensor in or out; whole numbers are plain numbers. */
export interface OnnxValue {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Starts onnxruntime, which keeps a message port from then on: called outside of tests, so that none is blamed. */
export async function startOnnx(): Promise<void> {
  ort.env.wasm.numThreads = 1; // its threads would outlive the tests
  const builder = new GraphBuilder();
  const y = builder.unary("relu", "y", builder.input("x", [1]));
  await runOnnx(encodeOnnx(builder.build("start", { y })), { x: { shape: [1], data: Float32Array.of(1) } });
}

/**
 * Runs a model once.
 *
 * @param model The file's bytes.
 * @param feeds float32 inputs by name.
 */
export async function runOnnx(
  model: Uint8Array,
  feeds: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>,
): Promise<Record<string, OnnxValue>> {
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  try {
    const inputs = Object.entries(feeds).map(([name, { shape, data }]) =>
      [name, new ort.Tensor("float32", data, shape)] as const
    );
    const outputs = await session.run(Object.fromEntries(inputs));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: Array.from(data as ArrayLike<number | bigint>, Number) },
      ]),
    );
  } finally {
    await session.release();
  }
}
