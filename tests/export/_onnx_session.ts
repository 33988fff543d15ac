/**
 * Runs ONNX models by onnxruntime's WebAssembly build, which `tests/packages` has: only tests need it, and it is large.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { isFile } from "../../lib/base/is_file.ts";
import { GraphBuilder } from "../../lib/export/graph_builder.ts";
import { encodeOnnx } from "../../lib/export/onnx.ts";

/** A tensor in or out; whole numbers are plain numbers. */
export interface OnnxValue {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

type Feeds = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;

/** A tensor of onnxruntime's. */
interface OrtTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** The part of onnxruntime-web 1.30 that is used. */
interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads: number } };
  readonly InferenceSession: {
    create(model: Uint8Array, options: { executionProviders: readonly string[] }): Promise<OrtSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OrtTensor;
}

const runtimeFile = new URL(
  "../packages/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs",
  import.meta.url,
);

let loading: Promise<OnnxRuntime> | undefined;

/** Starts onnxruntime, which keeps a message port from then on: called outside of tests, so that none is blamed. */
export async function startOnnx(): Promise<void> {
  const ort = await loadRuntime();
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
  feeds: Feeds,
): Promise<Record<string, OnnxValue>> {
  await using session = await openOnnx(model);
  return await session.run(feeds);
}

/** A model that is loaded, to be run many times. */
export interface OnnxSession extends AsyncDisposable {
  /** Runs it; `feeds` are float32 inputs by name. */
  run(feeds: Feeds): Promise<Record<string, OnnxValue>>;
}

/** Loads a model of a file's bytes. */
export async function openOnnx(model: Uint8Array): Promise<OnnxSession> {
  const ort = await loadRuntime();
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  return {
    async run(feeds): Promise<Record<string, OnnxValue>> {
      const inputs = Object.entries(feeds).map(([name, { shape, data }]) =>
        [name, new ort.Tensor("float32", data, shape)] as const
      );
      const outputs = await session.run(Object.fromEntries(inputs));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { dims, data }]) => [
          name,
          { shape: dims, data: Array.from(data, Number) },
        ]),
      );
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

async function loadRuntime(): Promise<OnnxRuntime> {
  return await (loading ??= importRuntime());
}

async function importRuntime(): Promise<OnnxRuntime> {
  if (await isFile(fileURLToPath(runtimeFile))) return await import(runtimeFile.href);
  throw new Deno.errors.NotFound(
    "Cannot run ONNX models as tests/packages has no onnxruntime-web: run deno task test, or deno install there",
  );
}
