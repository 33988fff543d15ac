import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlowBackend } from "../../lib/engine/backend.ts";
import { TensorFlowError } from "../../lib/engine/mod.ts";
import type { Compiler, DifferentiableSpec, InputSpec, TensorFunction } from "../../lib/nn/compiled.ts";
import { eagerCompiler } from "../../lib/nn/compiled.ts";
import { binding, type HostTensor, onHost, useEngine } from "../helpers/engine.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { alive, assertNoLeaks } from "../helpers/leaks.ts";

const engine = await useEngine();
const { compiler } = engine;

type Options = Pick<DifferentiableSpec, "differentiableInputs" | "auxiliaryOutputs">;

function specs(inputs: readonly Tensor[]): InputSpec[] {
  return inputs.map(({ shape, dtype }) => ({ shape, dtype: dtype as InputSpec["dtype"] }));
}

/** All outputs and all gradients of a function; the outputs' gradients are drawn. */
function forwardAndBackward(
  compiler: Compiler,
  f: TensorFunction,
  inputs: Tensor[],
  options: Options = {},
): HostTensor[] {
  return onHost(() => {
    using compiled = compiler.differentiable({ name: "f", inputs: specs(inputs), ...options }, f);
    const { outputs, residuals } = compiled.forward(inputs);
    const differentiable = outputs.slice(0, outputs.length - (options.auxiliaryOutputs ?? 0));
    const outputGradients = differentiable.map(({ shape }, i) => normalTensor(shape, `dy ${i}`));
    return [...outputs, ...compiled.backward(outputGradients, residuals)];
  });
}

/** A function compiled for one float32 vector. */
function compiledFor(length: number, f: TensorFunction): ReturnType<Compiler["plain"]> {
  return compiler.plain({ name: "f", inputs: [{ shape: [length], dtype: "float32" }] }, f);
}

/** Functions, their inputs and what is special about them. */
const cases: Record<string, { f: TensorFunction; inputs: () => Tensor[]; options?: Options }> = {
  "a convolution with bias and relu": {
    f: ([x, w, b]) => [tf.relu(tf.add(tf.conv2d(x as Tensor4D, w as Tensor4D, 1, "same"), b))],
    inputs: () => [normalTensor([2, 8, 8, 4], "x"), normalTensor([3, 3, 4, 8], "w"), normalTensor([8], "b")],
  },
  "a depthwise convolution of stride 2": {
    f: ([x, w]) => [tf.depthwiseConv2d(x as Tensor4D, w as Tensor4D, 2, "same")],
    inputs: () => [normalTensor([2, 7, 7, 4], "x"), normalTensor([3, 3, 4, 1], "w")],
  },
  "several outputs": {
    f: ([x, y]) => {
      const joined = tf.concat([x, y], 1);
      const [left, right] = tf.split(joined, [3, 5], 1);
      return [tf.mul(left, 2), right, ...tf.unstack(joined)];
    },
    inputs: () => [normalTensor([3, 4], "x"), normalTensor([3, 4], "y")],
  },
  "inputs among the outputs": {
    f: ([x, w]) => [x, tf.mul(x, w), x],
    inputs: () => [normalTensor([2, 8], "x"), normalTensor([2, 8], "w")],
  },
  "nothing but an input": { f: ([x]) => [x], inputs: () => [normalTensor([3], "x")] },
  "an input only reshaped": {
    f: ([x]) => [tf.reshape(x, [4, 3])],
    inputs: () => [normalTensor([3, 4], "x")],
  },
  "the same output twice": {
    f: ([x, w]) => {
      const y = tf.mul(x, w);
      return [y, y];
    },
    inputs: () => [normalTensor([2, 8], "x"), normalTensor([2, 8], "w")],
  },
  "the same tensor as both inputs": {
    f: ([x, w]) => [tf.mul(x, w)],
    inputs: () => {
      const x = normalTensor([3, 4], "x");
      return [x, x];
    },
  },
  "int32 and bool inputs that take no gradient": {
    f: (
      [x, indices, mask],
    ) => [tf.mul(tf.where(mask, x, tf.zerosLike(x)), tf.oneHot(indices as Tensor1D, 4))],
    inputs: () => [
      normalTensor([3, 4], "x"),
      tf.tensor1d([2, 0, 3], "int32"),
      tf.tensor2d([1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0], [3, 4], "bool"),
    ],
    options: { differentiableInputs: 1 },
  },
  "a float32 input that takes no gradient": {
    f: ([x, mask]) => [tf.mul(x, mask)],
    inputs: () => [normalTensor([3, 4], "x"), normalTensor([4], "mask")],
    options: { differentiableInputs: 1 },
  },
  "auxiliary outputs": {
    f: ([x]) => {
      const mean = tf.mean(x, 0);
      return [tf.sub(x, mean), mean, tf.argMax(x, 1)];
    },
    inputs: () => [normalTensor([3, 4], "x")],
    options: { auxiliaryOutputs: 2 },
  },
  "an auxiliary output that is an input": {
    f: ([x]) => [tf.square(x), x],
    inputs: () => [normalTensor([3, 4], "x")],
    options: { auxiliaryOutputs: 1 },
  },
  "a scalar output": { f: ([x]) => [tf.sum(tf.square(x))], inputs: () => [normalTensor([3, 4], "x")] },
  "an output that is used further": {
    f: ([x]) => {
      const y = tf.exp(x);
      return [y, tf.log(y), tf.max(y, 1)];
    },
    inputs: () => [normalTensor([3, 4], "x")],
  },
};

for (const [name, { f, inputs, options }] of Object.entries(cases)) {
  Deno.test(`differentiable() gives eager's outputs and gradients to the bit: ${name}`, () => {
    tf.tidy(() => {
      const tensors = inputs();
      const wanted = forwardAndBackward(eagerCompiler, f, tensors, options);
      assertEquals(forwardAndBackward(compiler, f, tensors, options), wanted);
    });
  });

  Deno.test(`plain() gives eager's outputs to the bit: ${name}`, () => {
    tf.tidy(() => {
      const tensors = inputs();
      using compiled = compiler.plain({ name: "f", inputs: specs(tensors) }, f);
      assertEquals(onHost(() => compiled.call(tensors)), onHost(() => f(tensors)));
    });
  });

  Deno.test(`forward and backward leave nothing alive: ${name}`, () => {
    tf.tidy(() => {
      const tensors = inputs();
      assertNoLeaks(engine, () => forwardAndBackward(compiler, f, tensors, options));
    });
  });
}

Deno.test("the caller owns outputs, residuals and gradients, and no more than these is alive", () => {
  const [x, w] = [normalTensor([2, 3], "x"), normalTensor([2, 3], "w")];
  using compiled = compiler.differentiable(
    { name: "f", inputs: specs([x, w]) },
    ([x, w]) => [x, tf.mul(tf.exp(x), w)],
  );
  assertNoLeaks(engine, () => {
    const { outputs, residuals } = compiled.forward([x, w]);
    const gradients = compiled.backward(outputs, residuals);
    tf.dispose([...outputs, ...residuals, ...gradients]);
  }, 100);
  assertEquals([x.isDisposed, w.isDisposed], [false, false]);
  tf.dispose([x, w]);
});

Deno.test("an output that is an input is a tensor of its own", () => {
  const x = tf.tensor1d([1, 2]);
  using compiled = compiledFor(2, ([x]) => [x]);
  const [y] = compiled.call([x]);
  y.dispose();
  assertEquals(x.dataSync(), Float32Array.of(1, 2));
  x.dispose();
});

Deno.test("disposing functions takes them out of TensorFlow", () => {
  const before = alive(engine);
  const plain = compiledFor(2, ([x]) => [tf.square(x)]);
  const differentiable = compiler.differentiable(
    { name: "f", inputs: [{ shape: [2], dtype: "float32" }] },
    ([x]) => [tf.square(x)],
  );
  assertEquals(compiler.liveFunctions, before.functions + 3); // one, and one each for forward and backward
  plain[Symbol.dispose]();
  differentiable[Symbol.dispose]();
  assertEquals(alive(engine), before);
  const x = tf.tensor1d([1, 2]);
  assertThrows(
    () => plain.call([x]),
    TensorFlowError,
    "neither a type of a primitive operation nor a name of a function",
  );
  x.dispose();
});

Deno.test("tensors made before a trace are constants of the function, and outlive their disposal", () => {
  const [table, scale] = [tf.tensor1d([10, 20]), tf.scalar(0.5)];
  using compiled = compiledFor(2, ([x]) => [tf.mul(tf.add(x, table), tf.add(scale, table))]);
  tf.dispose([table, scale]);
  tf.tidy(() => {
    assertEquals(compiled.call([tf.tensor1d([1, 2])])[0].dataSync(), Float32Array.of(11 * 10.5, 22 * 20.5));
  });
});

Deno.test("tensors made before a trace may come into the backward pass alone", () => {
  tf.tidy(() => {
    const factor = tf.scalar(3);
    const tripled = tf.customGrad((x) => ({
      value: tf.clone(x as Tensor),
      gradFunc: (dy: Tensor) => tf.mul(dy, factor),
    }));
    const f: TensorFunction = ([x]) => [tripled(tf.square(x))];
    const inputs = [normalTensor([4], "x")];
    assertEquals(forwardAndBackward(compiler, f, inputs), forwardAndBackward(eagerCompiler, f, inputs));
  });
});

Deno.test("a constant of 64 KiB is taken, a larger one refused with its shape and size", () => {
  tf.tidy(() => {
    const [most, tooMuch] = [normalTensor([128, 128], "most"), normalTensor([128, 129], "too much")];
    using compiled = compiledFor(128, ([x]) => [tf.sum(tf.mul(x, most), 1)]);
    assertEquals(compiled.call([tf.zeros([128])])[0].shape, [128]);
    assertThrows(
      () => compiledFor(129, ([x]) => [tf.mul(x, tooMuch)]),
      RangeError,
      "Cannot trace a constant of shape [128,129] as it takes 66048 bytes, want at most 65536: pass it as an input",
    );
  });
});

Deno.test("means of int32 and bool inputs are traced as float32", () => {
  tf.tidy(() => {
    for (const dtype of ["int32", "bool"] as const) {
      using compiled = compiler.plain(
        { name: "mean", inputs: [{ shape: [4], dtype }] },
        ([x]) => [tf.mean(x), tf.sum(x)],
      );
      const [mean, sum] = onHost(() => compiled.call([tf.tensor1d([1, 0, 1, 1], dtype)]));
      assertEquals([mean.dtype, mean.values[0], sum.dtype, sum.values[0]], ["float32", 0.75, "int32", 3]);
    }
  });
});

Deno.test("a function without inputs, and one without outputs", () => {
  tf.tidy(() => {
    using constant = compiler.plain({ name: "constant", inputs: [] }, () => [tf.tensor1d([1, 2])]);
    assertEquals(constant.call([])[0].dataSync(), Float32Array.of(1, 2));
    using nothing = compiledFor(1, () => []);
    assertEquals(nothing.call([tf.tensor1d([1])]), []);
  });
});

Deno.test("names need be neither unique nor TensorFlow's", () => {
  tf.tidy(() => {
    const spec = { name: "blocks.0/größe 3", inputs: [{ shape: [1], dtype: "float32" as const }] };
    using first = compiler.plain(spec, ([x]) => [tf.mul(x, 2)]);
    using second = compiler.plain(spec, ([x]) => [tf.mul(x, 3)]);
    const x = tf.tensor1d([1]);
    assertEquals([first, second].map((f) => f.call([x])[0].dataSync()[0]), [2, 3]);
  });
});

/** What tracing refuses; each leaves the engine as it was. */
const refusals: Record<string, { f: TensorFunction; error: ErrorConstructor; message: string }> = {
  "a value read": {
    f: ([x]) => [tf.mul(x, x.dataSync()[0])],
    error: TypeError,
    message: "Cannot read a tensor's values while its function is traced",
  },
  "a shape that depends on values": {
    f: ([x]) => [tf.unique(x).values],
    error: RangeError,
    message: "Cannot trace UniqueV2 as its output's shape depends on values: got [-1]",
  },
  "an operation that TensorFlow has not": {
    f: ([x]) => {
      const backend = tf.backend() as tf.KernelBackend & TensorFlowBackend;
      return [
        backend.createOutputTensor(binding().executeOp("Missing", [], backend.getInputTensorIds([x]), 1)[0]),
      ];
    },
    error: TypeError,
    message: "Cannot trace Missing: TensorFlow has no such operation",
  },
  "an error of the function itself": {
    f: () => { // at once: tfjs keeps what it saved for a gradient that is never taken
      throw new RangeError("my own");
    },
    error: RangeError,
    message: "my own",
  },
};

for (const [name, { f, error, message }] of Object.entries(refusals)) {
  Deno.test(`tracing refuses ${name}, and leaves the engine as it was`, () => {
    const before = alive(engine);
    assertThrows(() => compiledFor(3, f), error, message);
    assertThrows(
      () => compiler.differentiable({ name: "f", inputs: [{ shape: [3], dtype: "float32" }] }, f),
      error,
      message,
    );
    assertEquals(alive(engine), before);
    tf.tidy(() => assertEquals(tf.square(tf.tensor1d([3])).dataSync(), Float32Array.of(9)));
    assertEquals(alive(engine), before);
  });
}

Deno.test("an operation that fails in a graph throws TensorFlow's code and its name", () => {
  const error = assertThrows(
    () => compiledFor(3, ([x]) => [tf.matMul(x as tf.Tensor2D, tf.ones([4, 2]))]),
    TensorFlowError,
  );
  assertInstanceOf(error, TensorFlowError);
  assertEquals([error.code, error.op], [3, "BatchMatMulV2"]);
});

Deno.test("an operation that fails in a running function throws, and what ran before it is given back", () => {
  const inputs: InputSpec[] = [{ shape: [2], dtype: "int32" }, { shape: [2], dtype: "int32" }];
  using divided = compiler.plain({ name: "divided", inputs }, ([x, y]) => [tf.add(x, y), tf.floorDiv(x, y)]);
  const [x, zero, one] = [[6, 7], [1, 0], [1, 1]].map((values) => tf.tensor1d(values, "int32"));
  assertNoLeaks(engine, () => {
    const error = assertThrows(() => divided.call([x, zero]), TensorFlowError, "Integer division by zero");
    assertEquals(error.code, 3);
    assertEquals(error.op.startsWith("divided_"), true);
    const outputs = divided.call([x, one]);
    assertEquals(outputs[1].dataSync(), Int32Array.of(6, 7));
    tf.dispose(outputs);
  });
  tf.dispose([x, zero, one]);
});

Deno.test("inputs of another type or number than compiled for are refused", () => {
  tf.tidy(() => {
    using compiled = compiledFor(2, ([x]) => [tf.square(x)]);
    assertThrows(
      () => compiled.call([tf.tensor1d([1, 2], "int32")]),
      TensorFlowError,
      "expected to be a float tensor",
    );
    assertThrows(() => compiled.call([]), TensorFlowError, "INVALID_ARGUMENT");
  });
});
