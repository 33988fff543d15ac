import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { AttributeType } from "../../lib/engine/attributes.ts";
import type { TensorFlowBackend } from "../../lib/engine/backend.ts";
import { TensorFlowError } from "../../lib/engine/mod.ts";
import { plainByXla, requireXla, type XlaFallback } from "../../lib/engine/xla.ts";
import { stemUnit } from "../../lib/models/backbone.ts";
import { boxHeadUnit } from "../../lib/models/box_head.ts";
import { fpnUnit } from "../../lib/models/fpn.ts";
import { proposalHeadUnit } from "../../lib/models/proposal_head.ts";
import { retinaHeadUnit } from "../../lib/models/retina_head.ts";
import { batchNormEpsilon, localBatchNorm } from "../../lib/nn/batch_norm.ts";
import { type Compiler, eagerCompiler } from "../../lib/nn/compiled.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { disposePass, UnitRunner } from "../../lib/train/unit_runner.ts";
import { assertClose } from "../helpers/close.ts";
import { binding, testDevice, useEngine } from "../helpers/engine.ts";
import { assertGoldenPass } from "../helpers/golden_unit.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { alive } from "../helpers/leaks.ts";
import { assertSamePasses, type TrainedUnit, trainUnit } from "../helpers/unit_passes.ts";
import { goldenBlocks } from "../models/_golden_blocks.ts";

const engine = await useEngine();

/** A compiler by XLA, with the functions that it left to TensorFlow's kernels. */
interface Watched {
  readonly compiler: ReturnType<typeof engine.xlaCompiler>;
  readonly left: [name: string, reason: string][];
}

function watchedXla(): Watched {
  const left: Watched["left"] = [];
  return { compiler: engine.xlaCompiler((name, reason) => left.push([name, reason])), left };
}

function runnerOf(compiler: Compiler): UnitRunner {
  return new UnitRunner(compiler, localBatchNorm(batchNormEpsilon));
}

/** Compiling takes a second each: blocks that differ in their shuffle alone are tried once. */
const blocks = (await goldenBlocks()).filter(({ name }) => !name.endsWith("shuffle method 2"));

for (const { name, unit, golden, pass } of blocks) {
  Deno.test(`a block by XLA gives PyTorch's output, gradients and statistics: ${name}`, () => {
    const { compiler, left } = watchedXla();
    using runner = runnerOf(compiler);
    assertGoldenPass(runner, unit, golden, pass);
    assertEquals(left, []);
  });
}

const maps = (...sides: number[]): Tensor[] =>
  sides.map((side) => normalTensor([2, side, side, 4], `${side}`));
const heads = { levels: [3, 4], channels: 4, anchorsPerCell: 2, norm: "batch" } as const;

interface Case {
  readonly unit: Unit;
  readonly inputs: () => Tensor[];
  /** What of its operations XLA has none of; the engine has another in its place on a GPU. */
  readonly lacking?: string;
}

/** Units that no fixture has, with their inputs. */
const units: Record<string, Case> = {
  "the stem": { unit: stemUnit(searchSpaces.small), inputs: () => [normalTensor([2, 17, 12, 3], "images")] },
  "a pyramid with convolved levels": {
    unit: fpnUnit({
      stageChannels: [4, 4, 4],
      levels: [2, 5],
      extraLevels: "convolved",
      channels: 8,
      norm: "batch",
    }),
    inputs: () => maps(16, 8, 4),
    lacking: "ResizeNearestNeighborGrad",
  },
  "RetinaNet's head": {
    unit: retinaHeadUnit({ ...heads, classes: 3, towerConvs: 1, prior: 0.01 }),
    inputs: () => maps(4, 2),
  },
  "the proposals' head": {
    unit: proposalHeadUnit({ levels: 2, channels: 4, anchorsPerCell: 2 }),
    inputs: () => maps(4, 2),
  },
  "Faster R-CNN's head": {
    unit: boxHeadUnit({ poolSide: 4, channels: 4, convs: 1, norm: "batch", hidden: 8, classes: 3 }),
    inputs: () => maps(4),
  },
};

for (const [name, { unit, inputs, lacking }] of Object.entries(units)) {
  Deno.test(`${name} by XLA gives what TensorFlow's kernels do, and the gradients`, () => {
    const { compiler, left } = watchedXla();
    assertSamePasses(trained(compiler, unit, inputs), trained(engine.compiler, unit, inputs));
    const isLeft = lacking !== undefined && testDevice === "cpu";
    assertEquals(left, isLeft ? [[unit.name, `it has no ${lacking}`]] : []);
  });
}

function trained(compiler: Compiler, unit: Unit, inputs: () => Tensor[]): TrainedUnit {
  using runner = runnerOf(compiler);
  const result = tf.tidy(() => {
    const state = new NetworkState([unit], 1);
    const outputs = outputShapes(unit, inputs()).map((shape, i) => normalTensor(shape, `dy ${i}`));
    return trainUnit(runner, unit, state.of(unit), inputs(), outputs) as unknown as tf.TensorContainer;
  });
  return result as unknown as TrainedUnit;
}

function hostValues(f: () => Tensor[]): Float32Array[] {
  return tf.tidy(() =>
    f().map((x) => x.dataSync<"float32">().slice()) as unknown as tf.TensorContainer
  ) as never;
}

function outputShapes(unit: Unit, inputs: Tensor[]): number[][] {
  const state = new NetworkState([unit], 1).of(unit);
  return unit.train(inputs, [...state.parameters], localBatchNorm(batchNormEpsilon)).outputs.map((y) =>
    y.shape
  );
}

Deno.test("recalibration and inference by XLA give what TensorFlow's kernels do", () => {
  const unit = stemUnit(searchSpaces.small);
  const passes = (compiler: Compiler): Float32Array[] => {
    using runner = runnerOf(compiler);
    return hostValues(() => {
      const state = new NetworkState([unit], 1).of(unit);
      const x = normalTensor([2, 9, 8, 3], "images");
      const { outputs, moments } = runner.normaliseByBatch(unit, state, [x]);
      return [...outputs, ...moments, ...runner.infer(unit, state.parameters, state.statistics, [x])];
    });
  };
  const { compiler, left } = watchedXla();
  const wanted = passes(engine.compiler);
  passes(compiler).forEach((values, i) => assertClose(values, wanted[i], `tensor ${i}`));
  assertEquals(left, []);
});

Deno.test("another shape is another compiled function, and both give their own results", () => {
  const { compiler } = watchedXla();
  using runner = runnerOf(compiler);
  const unit = stemUnit(searchSpaces.small);
  tf.tidy(() => {
    const state = new NetworkState([unit], 1).of(unit);
    const counts = [8, 16, 8].map((side) => {
      const x = normalTensor([1, side, side, 3], `side ${side}`);
      const [y] = runner.infer(unit, state.parameters, state.statistics, [x]);
      assertClose(
        y,
        unit.infer([x], [...state.parameters], [...state.statistics])[0].dataSync(),
        `side ${side}`,
      );
      return compiler.liveFunctions;
    });
    assertEquals(counts, [1, 2, 2]);
  });
  runner[Symbol.dispose]();
  assertEquals(compiler.liveFunctions, 0);
});

Deno.test("trials and passes by XLA leave nothing alive", () => {
  const { compiler } = watchedXla();
  const unit = stemUnit(searchSpaces.small);
  tf.tidy(() => {
    const state = new NetworkState([unit], 1).of(unit);
    const x = normalTensor([1, 8, 8, 3], "images");
    const dy = normalTensor([1, 4, 4, 16], "dy");
    const step = (): void => {
      using runner = runnerOf(compiler);
      const pass = runner.train(unit, state, [x], 0);
      const { inputs, parameters } = runner.backward(pass, [dy]);
      tf.dispose([...inputs, ...parameters, ...pass.moments]);
      disposePass(pass);
    };
    step();
    const before = { ...alive(engine), byXla: compiler.liveFunctions };
    for (let i = 0; i < 5; i++) step();
    assertEquals({ ...alive(engine), byXla: compiler.liveFunctions }, before);
  });
});

Deno.test("what XLA lacks runs on TensorFlow's kernels, both passes, and is told with a reason", () => {
  const { compiler, left } = watchedXla();
  const spec = { name: "pooled", inputs: [{ shape: [1, 4, 4, 2], dtype: "float32" as const }] };
  const pooled = ([x]: Tensor[]): Tensor[] => [tf.maxPool(x as Tensor4D, 2, 2, "valid")];
  using compiled = compiler.differentiable(spec, pooled);
  using eager = eagerCompiler.differentiable(spec, pooled);
  const [is, should] = [compiled, eager].map((f) =>
    hostValues(() => {
      const { outputs, residuals } = f.forward([normalTensor([1, 4, 4, 2], "x")]);
      return [...outputs, ...f.backward([normalTensor([1, 2, 2, 2], "dy")], residuals)];
    })
  );
  is.forEach((values, i) => assertClose(values, should[i]));
  assertEquals(left.map(([name]) => name), ["pooled"]);
  assertMatch(left[0][1], /^GPU MaxPool gradient ops do not yet have a deterministic XLA implementation\.$/);
});

Deno.test("what talks to other workers is never XLA's, nor tried", () => {
  const { compiler, left } = watchedXla();
  const int32 = (value: number): Tensor => tf.scalar(value, "int32");
  // Of a group of two, of which there is one: a call would wait for ever, or fail.
  using _ = compiler.plain({ name: "sum", inputs: [{ shape: [2], dtype: "float32" }] }, ([x]) => {
    const attributes = [
      { name: "T", type: AttributeType.type, value: 1 },
      { name: "merge_op", type: AttributeType.string, value: "Add" },
      { name: "final_op", type: AttributeType.string, value: "Id" },
    ];
    const backend = tf.backend() as tf.KernelBackend & TensorFlowBackend;
    const ids = backend.getInputTensorIds([x, int32(2), int32(1), int32(1)]);
    return [backend.createOutputTensor(binding().executeOp("CollectiveReduceV2", attributes, ids, 1)[0])];
  });
  assertEquals([left, compiler.liveFunctions], [[], 1]);
});

const vector = { name: "f", inputs: [{ shape: [2], dtype: "float32" as const }] };

/** A function whose calls fail with this status, and which says when it is disposed. */
function failing(code: number, message: string): { call: () => Tensor[]; disposed: boolean } & Disposable {
  const made = {
    disposed: false,
    call: (): Tensor[] => {
      throw new TensorFlowError("f_1", code, message);
    },
    [Symbol.dispose]: (): void => {
      made.disposed = true;
    },
  };
  return made;
}

Deno.test("a failure that is not XLA's lack, such as of memory, is thrown, and the function is given back", () => {
  const broken = failing(8, "out of memory");
  const told: string[] = [];
  assertThrows(
    () => plainByXla(vector, () => broken, (name) => told.push(name)),
    TensorFlowError,
    "out of memory",
  );
  assertEquals([broken.disposed, told], [true, []]);
});

Deno.test("where nothing can be compiled by XLA, that is said with the device and what to do", () => {
  const compilerOf = (code: number, message: string) => (onFallback: XlaFallback): Compiler => ({
    ...eagerCompiler,
    plain: (spec) => plainByXla(spec, () => failing(code, message), onFallback),
  });
  for (const [code, name] of [[13, "INTERNAL 13"], [3, "INVALID_ARGUMENT 3"]] as const) {
    assertThrows(
      () => requireXla(compilerOf(code, "libdevice not found at ./libdevice.10.bc"), "GPU:0"),
      Error,
      `Cannot compile by XLA on GPU:0: libdevice not found at ./libdevice.10.bc (${name}); --kernels auto does without`,
    );
  }
});
