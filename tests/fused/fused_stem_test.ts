/** The stem run by fused kernels: against PyTorch's numbers, against TensorFlow's kernels, and against differences. */
import { assertEquals, assertLess } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { stemUnit } from "../../lib/models/backbone.ts";
import type { BlockKernels } from "../../lib/nn/block_kernels.ts";
import { updateStatistics } from "../../lib/nn/batch_norm.ts";
import { initialStatistics } from "../../lib/nn/init.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { loneWorker } from "../../lib/nn/worker_group.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";
import { trainingBatchNorm } from "../../lib/train/training_batch_norm.ts";
import { disposePass, UnitRunner } from "../../lib/train/unit_runner.ts";
import { assertClose, assertTensorClose, readFixture, type StoredTensor } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { fusedKernels } from "../helpers/fused_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";

/** PyTorch's passes; images are RGB, the weight is for BGR. */
interface GoldenStem {
  readonly x: StoredTensor;
  /** Weight, bias, scale and shift; the gradients likewise. */
  readonly parameters: readonly StoredTensor[];
  readonly y: StoredTensor;
  readonly dy: StoredTensor;
  readonly gradients: readonly StoredTensor[];
  readonly running: readonly StoredTensor[];
  readonly inferred: StoredTensor;
}

const engine = await useEngine();
const kernels = await fusedKernels(engine);
const portable = await fusedKernels(engine, "portable");
const threeThreads = await fusedKernels(engine, undefined, 3);
const batchNorm = trainingBatchNorm(loneWorker, "counts");
const { stems } = await readFixture<{ stems: GoldenStem[] }>("stem.json");

function runnerWith(blocks: BlockKernels | null): UnitRunner {
  return new UnitRunner(engine.compiler, batchNorm, blocks);
}

function stemOf(channels: number): Unit {
  return stemUnit({ ...searchSpaces.small, stemChannels: channels });
}

/** Parameters that hide nothing. */
function drawn({ parameters }: Unit, what = "start"): Tensor[] {
  return parameters.map(({ shape, name }) => normalTensor([...shape], `${what} ${name}`));
}

function stored({ data, shape }: StoredTensor): Tensor {
  return tf.tensor([...data], shape, "float32");
}

/** Sums over many pixels of 0 to 255 that cancel: the largest is their scale. */
function assertNear(actual: Tensor, wanted: ArrayLike<number>, name: string, relative = 1e-4): void {
  const largest = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assertClose(actual, wanted, name, { relative: 0, absolute: relative * largest + 1e-3 });
}

for (
  const [which, blocks] of [["own", kernels], ["portable", portable], [
    "three threads, own",
    threeThreads,
  ]] as const
) {
  for (const golden of stems) {
    Deno.test(`the fused stem (${which} instructions) gives PyTorch's numbers: ${golden.x.shape.join(" x ")}`, () => {
      using runner = runnerWith(blocks);
      tf.tidy(() => {
        const unit = stemOf(golden.y.shape[3]);
        const statistics = unit.batchNorms.flatMap((spec) => initialStatistics(spec)).map((v) =>
          tf.tensor1d(v)
        );
        const state = { parameters: golden.parameters.map(stored), slots: [], statistics };
        const x = stored(golden.x);
        const pass = runner.train(unit, state, [x], 0);
        const { inputs, parameters } = runner.backward(pass, [stored(golden.dy)]);
        assertTensorClose(pass.outputs[0], golden.y, "y");
        assertEquals(inputs, []);
        assertEquals(parameters.map(({ shape }) => shape), golden.gradients.map(({ shape }) => shape));
        parameters.forEach((gradient, i) => assertNear(gradient, golden.gradients[i].data, `gradient ${i}`));
        assertEquals([...parameters[1].dataSync()], new Array(parameters[1].size).fill(0)); // the bias's
        const running = updateStatistics(statistics, pass.moments, 0.1);
        running.forEach((values, i) => assertTensorClose(values, golden.running[i], `running ${i}`));
        const [inferred] = runner.infer(unit, state.parameters, golden.running.map(stored), [x]);
        assertTensorClose(inferred, golden.inferred, "inferred");
      });
    });
  }
}

Deno.test("the fused stem agrees with TensorFlow's kernels on odd shapes, in every pass", () => {
  using fused = runnerWith(kernels);
  using traced = runnerWith(null);
  for (const [images, height, width, channels] of [[2, 1, 1, 8], [1, 9, 70, 16], [3, 34, 17, 12]]) {
    tf.tidy(() => {
      const unit = stemOf(channels);
      const state = {
        parameters: drawn(unit),
        slots: [],
        statistics: [normalTensor([channels], "mean"), tf.add(tf.square(normalTensor([channels], "v")), 0.3)],
      };
      const x = tf.round(tf.mul(tf.abs(normalTensor([images, height, width, 3], "x")), 80));
      const dy = normalTensor([images, Math.ceil(height / 2), Math.ceil(width / 2), channels], "dy");
      const [is, should] = [fused, traced].map((runner) => {
        const pass = runner.train(unit, state, [x], 0);
        const { parameters } = runner.backward(pass, [dy]);
        const { outputs, moments } = runner.normaliseByBatch(unit, state, [x]);
        const inferred = runner.infer(unit, state.parameters, state.statistics, [x]);
        return [...pass.outputs, ...outputs, ...inferred, ...pass.moments, ...moments, ...parameters];
      });
      assertEquals(is.map(({ shape }) => shape), should.map(({ shape }) => shape));
      is.forEach((tensor, i) => assertNear(tensor, should[i].dataSync(), `${x.shape}, tensor ${i}`));
    });
  }
});

Deno.test("the fused stem's gradients agree with central differences", () => {
  const unit = stemOf(8);
  using runner = runnerWith(kernels);
  tf.tidy(() => {
    const x = normalTensor([2, 9, 7, 3], "x");
    const dy = normalTensor([2, 5, 4, 8], "dy");
    const parameters = drawn(unit);
    const state = { parameters, slots: [], statistics: [] };
    const gradients = runner.backward(runner.train(unit, state, [x], 0), [dy]).parameters;
    const direction = drawn(unit, "direction");
    const lossAt = (step: number): number => {
      const moved = parameters.map((parameter, i) => tf.add(parameter, tf.mul(direction[i], step)));
      const [y] = runner.normaliseByBatch(unit, { ...state, parameters: moved }, [x]).outputs;
      return tf.sum(tf.mul(y, dy)).dataSync()[0];
    };
    const slope = (lossAt(2e-3) - lossAt(-2e-3)) / 4e-3;
    const expected = gradients.reduce(
      (sum, gradient, i) => sum + tf.sum(tf.mul(gradient, direction[i])).dataSync()[0],
      0,
    );
    assertLess(Math.abs(slope - expected), 0.02 * Math.abs(expected) + 0.02);
  });
});

Deno.test("the fused stem gives the same bits every time", () => {
  const unit = stemOf(16);
  using runner = runnerWith(threeThreads);
  tf.tidy(() => {
    const parameters = drawn(unit);
    const x = normalTensor([2, 33, 47, 3], "x");
    const dy = normalTensor([2, 17, 24, 16], "dy");
    const once = (): number[][] => {
      const pass = runner.train(unit, { parameters, slots: [], statistics: [] }, [x], 0);
      const tensors = [...pass.outputs, ...pass.moments, ...runner.backward(pass, [dy]).parameters];
      return tensors.map((tensor) => [...tensor.dataSync()]);
    };
    const first = once();
    for (let i = 0; i < 5; i++) assertEquals(once(), first);
  });
});

Deno.test("a stem whose images take a gradient is left to the compiler, with the same gradients", () => {
  const unit = stemOf(8);
  using runner = runnerWith(kernels);
  tf.tidy(() => {
    const parameters = drawn(unit);
    const state = { parameters, slots: [], statistics: [] };
    const [x, dy] = [normalTensor([1, 6, 6, 3], "x"), normalTensor([1, 3, 3, 8], "dy")];
    const both = [0, 1].map((count) => runner.backward(runner.train(unit, state, [x], count), [dy]));
    assertEquals(both.map(({ inputs }) => inputs.map(({ shape }) => shape)), [[], [[1, 6, 6, 3]]]);
    both[0].parameters.forEach((gradient, i) =>
      assertNear(gradient, both[1].parameters[i].dataSync(), `gradient ${i}`)
    );
  });
});

Deno.test("the fused stem leaves nothing alive", () => {
  const unit = stemOf(8);
  using runner = runnerWith(kernels);
  const [x, dy] = [normalTensor([2, 6, 6, 3], "x"), normalTensor([2, 3, 3, 8], "dy")];
  const parameters = drawn(unit);
  const statistics = [tf.zeros([8]), tf.ones([8])];
  const state = { parameters, slots: [], statistics };
  assertNoLeaks(engine, () => {
    const pass = runner.train(unit, state, [x], 0);
    const gradients = runner.backward(pass, [dy]).parameters;
    const { outputs, moments } = runner.normaliseByBatch(unit, state, [x]);
    const inferred = runner.infer(unit, parameters, statistics, [x]);
    tf.dispose([...gradients, ...pass.moments, ...outputs, ...moments, ...inferred]);
    disposePass(pass);
  });
  tf.dispose([x, dy, ...parameters, ...statistics]);
});
