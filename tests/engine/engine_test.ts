import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { AttributeType } from "../../lib/engine/attributes.ts";
import { DataType } from "../../lib/engine/data_type.ts";
import { ensureLibrary, startEngine, TensorFlowError } from "../../lib/engine/mod.ts";
import { binding, testDevice, testThreads, useEngine } from "../helpers/engine.ts";
import { alive, assertNoLeaks } from "../helpers/leaks.ts";

const engine = await useEngine();

Deno.test("registerTensorFlow() makes tensorflow tfjs's backend and says what runs", () => {
  assertEquals(tf.getBackend(), "tensorflow");
  assertMatch(engine.version, /^2\.\d+\.\d+/);
  assertMatch(engine.deviceName, /device:[CG]PU:0$/);
  assertEquals(engine.threads, testThreads);
});

Deno.test("startEngine() refuses to run on a GPU where TensorFlow sees none, and says what it sees", {
  ignore: testDevice === "gpu", // where it sees one
  sanitizeResources: false, // the library stays loaded: TensorFlow's threads outlive any call
}, async () => {
  const { path } = await ensureLibrary();
  const before = Deno.env.get("CUDA_VISIBLE_DEVICES");
  Deno.env.set("CUDA_VISIBLE_DEVICES", "-1"); // machines that have a GPU hide it
  try {
    const error = await assertRejects(() => startEngine({ libraryPath: path, device: "gpu" }), Error);
    assertMatch(
      error.message,
      /^Cannot run on a GPU as TensorFlow sees none: devices are \/job.*CPU:0; check the/,
    );
  } finally {
    if (before === undefined) Deno.env.delete("CUDA_VISIBLE_DEVICES");
    else Deno.env.set("CUDA_VISIBLE_DEVICES", before);
  }
});

Deno.test("a process that has loaded TensorFlow ends well, though its library was closed before its threads", async () => {
  const permissions = [
    "--no-prompt",
    "--allow-ffi",
    "--allow-read",
    "--allow-env",
    "--allow-sys",
    "--allow-run",
  ];
  const script = new URL("_start_and_end.ts", import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, script],
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assertEquals({ code, stdout: text(stdout) }, { code: 0, stdout: "closed\n" }, text(stderr));
});

Deno.test("startEngine() names the file that is no library, and keeps the loader's words", async () => {
  const path = await Deno.makeTempFile({ suffix: ".so" });
  try {
    await Deno.writeTextFile(path, "not a library");
    const error = await assertRejects(() => startEngine({ libraryPath: path }), Error);
    assertEquals(error.message.startsWith(`Cannot load TensorFlow from ${path}: `), true, error.message);
    assertEquals(error.cause instanceof Error, true);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("an operation that TensorFlow refuses throws its code and name, and leaves no handle behind", () => {
  assertNoLeaks(engine, () =>
    tf.tidy(() => {
      const error = assertThrows(
        () => tf.floorDiv(tf.scalar(1, "int32"), tf.scalar(0, "int32")),
        TensorFlowError,
      );
      assertEquals([error.code, error.op], [3, "FloorDiv"]);
      assertMatch(
        error.message,
        /^TensorFlow cannot run FloorDiv: Integer division by zero \(INVALID_ARGUMENT 3\)$/,
      );
    }));
});

Deno.test("an operation that TensorFlow does not have throws NOT_FOUND", () => {
  const error = assertThrows(() => binding().executeOp("NoSuchOperation", [], [], 1), TensorFlowError);
  assertEquals([error.code, error.op], [5, "NoSuchOperation"]);
});

Deno.test("after an error the next operation runs as if nothing had been", () => {
  const shapes = [[2, 3], [2, 3]].map((shape) =>
    binding().createTensor(shape, DataType.float32, new Float32Array(6))
  );
  const type = { name: "T", type: AttributeType.type, value: DataType.float32 };
  assertThrows(() => binding().executeOp("MatMul", [type], shapes, 1), TensorFlowError, "MatMul");
  const [sum] = binding().executeOp("AddV2", [type], shapes, 1);
  assertEquals(binding().tensorDataSync(sum.id), new Float32Array(6));
  [...shapes, sum.id].forEach((id) => binding().deleteTensor(id));
});

Deno.test("an attribute of an unknown kind is named", () => {
  const attribute = { name: "T", type: 9, value: 1 };
  assertThrows(
    () => binding().executeOp("NoOp", [attribute], [], 0),
    TypeError,
    "attribute T: its kind is 9, want 0 to 5",
  );
});

Deno.test("SavedModels are refused", () => {
  assertThrows(() => binding().loadSavedModel(), TypeError, "this engine runs operations only");
  assertEquals(binding().getNumOfSavedModels(), 0);
});

Deno.test("forward and backward through many tidied operations leave nothing alive", () => {
  const x = tf.variable(tf.ones([4, 8, 8, 3]));
  const w = tf.variable(tf.fill([3, 3, 3, 5], 0.1));
  const loss = (): tf.Scalar => tf.mean(tf.relu(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same")));
  assertNoLeaks(engine, () => void tf.tidy(() => tf.variableGrads(loss).value.dataSync()), 50);
  tf.dispose([x, w]);
});

Deno.test("a tensor that is disposed gives its handle back", () => {
  const before = alive(engine);
  const x = tf.tensor1d([1, 2, 3]);
  const y = tf.square(x);
  assertEquals(alive(engine).handles, before.handles + 2);
  tf.dispose([x, y]);
  assertEquals(alive(engine), before);
});
