/** Blocks run by fused kernels: against PyTorch's numbers, against TensorFlow's kernels, and against differences. */
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { blockUnit } from "../../lib/models/block.ts";
import type { BlockKernels } from "../../lib/nn/block_kernels.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { loneWorker } from "../../lib/nn/worker_group.ts";
import { blockLayers } from "../../lib/space/block_layers.ts";
import { type BlockShape, choiceName, searchSpaces } from "../../lib/space/search_space.ts";
import { NetworkState, type UnitState } from "../../lib/train/network_state.ts";
import { trainingBatchNorm } from "../../lib/train/training_batch_norm.ts";
import { disposePass, UnitRunner } from "../../lib/train/unit_runner.ts";
import { assertClose } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { fusedKernels } from "../helpers/fused_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";
import { assertGoldenPass } from "../helpers/golden_unit.ts";
import { assertNear } from "../helpers/unit_passes.ts";
import { goldenBlocks } from "../models/_golden_blocks.ts";

const engine = await useEngine();
const kernels = await fusedKernels(engine);
const portable = await fusedKernels(engine, "portable");
const threeThreads = await fusedKernels(engine, undefined, 3);
const batchNorm = trainingBatchNorm(loneWorker, "counts");

function runnerWith(blocks: BlockKernels | null): UnitRunner {
  return new UnitRunner(engine.compiler, batchNorm, blocks);
}

/** A pass's outputs, moments and gradients, on the host. */
interface Trained {
  readonly y: Float32Array;
  readonly moments: readonly Float32Array[];
  readonly dx: Float32Array;
  readonly gradients: readonly Float32Array[];
}

function train(blocks: BlockKernels | null, unit: Unit, state: UnitState, x: Tensor, dy: Tensor): Trained {
  using runner = runnerWith(blocks);
  const pass = runner.train(unit, state, [x], 1);
  const { inputs, parameters } = runner.backward(pass, [dy]);
  const host = (tensor: Tensor): Float32Array => tensor.dataSync<"float32">().slice();
  const result = {
    y: host(pass.outputs[0]),
    moments: pass.moments.map(host),
    dx: host(inputs[0]),
    gradients: parameters.map(host),
  };
  tf.dispose([...inputs, ...parameters, ...pass.moments]);
  disposePass(pass);
  return result;
}

for (const { name, unit, golden, pass } of await goldenBlocks()) {
  if (unit.block === undefined) continue; // a bottleneck
  for (const [which, blocks] of [["own", kernels], ["portable", portable]] as const) {
    Deno.test(`fused kernels (${which} instructions) give PyTorch's output, gradients and statistics: ${name}`, () => {
      using runner = runnerWith(blocks);
      assertGoldenPass(runner, unit, golden, pass);
    });
  }
}

const { choices } = searchSpaces.small;

/** Images, height, width, channels in and out, stride: odd sizes, and widths that fill no vector. */
const oddShapes: readonly (readonly [number, number, number, number, number, 1 | 2])[] = [
  [2, 1, 1, 8, 8, 1],
  [1, 7, 5, 8, 8, 1],
  [1, 7, 5, 16, 40, 2],
  [3, 8, 6, 12, 52, 2],
  [2, 5, 9, 172, 172, 1],
  [1, 9, 6, 432, 432, 1],
  [2, 6, 15, 68, 172, 2],
];

function blockOf(
  choice: number,
  shape: Pick<BlockShape, "stride" | "inChannels" | "outChannels">,
  method: 1 | 2,
): Unit {
  const layers = blockLayers(choices[choice], { stage: 0, indexInStage: 0, ...shape });
  return blockUnit("block", layers, method);
}

for (const [images, height, width, inChannels, outChannels, stride] of oddShapes) {
  for (const [choice, { kind }] of choices.entries()) {
    for (const method of stride === 1 ? [1, 2] as const : [1] as const) {
      const what = `${choiceName(choices[choice])} on ${[images, height, width, inChannels].join("x")} to ` +
        `${outChannels} channels, stride ${stride}, shuffle method ${method}`;
      Deno.test(`fused kernels agree with TensorFlow's: ${what}`, () => {
        tf.tidy(() => {
          const unit = blockOf(choice, { stride, inChannels, outChannels }, method);
          using state = new NetworkState([unit], 11);
          const x = tf.add(normalTensor([images, height, width, inChannels], "x"), 0.5);
          const outShape = [images, Math.ceil(height / stride), Math.ceil(width / stride), outChannels];
          const dy = normalTensor(outShape, "dy");
          const [is, should] = [kernels, null].map((own) => train(own, unit, state.of(unit), x, dy));
          // Gradients of what the next batch norm takes away again are sums that cancel: the others' size is their scale.
          const scale = should.gradients.flatMap((g) => [...g]).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
          assertNear(is.y, should.y, "y", 2e-5);
          is.moments.forEach((m, i) =>
            assertNear(m, should.moments[i], `moments ${i}`, 2e-5, i % 2 === 0 ? 0.1 : 0)
          );
          assertNear(is.dx, should.dx, "dx", 1e-4);
          is.gradients.forEach((g, i) =>
            assertNear(g, should.gradients[i], `gradient ${i}`, 1e-4, 0.02 * scale)
          );
          assert(kind === "shuffle" || kind === "xception");
        });
      });
    }
  }
}

for (const [choice, method] of [[0, 1], [1, 2], [2, 1], [3, 2]] as const) {
  Deno.test(`fused gradients agree with central differences: ${choiceName(choices[choice])}, shuffle method ${method}`, () => {
    const unit = blockOf(choice, { stride: 1, inChannels: 8, outChannels: 8 }, method);
    using state = new NetworkState([unit], 5);
    using runner = runnerWith(kernels);
    tf.tidy(() => {
      const [x, dy] = [normalTensor([2, 4, 3, 8], "x"), normalTensor([2, 4, 3, 8], "dy")];
      const { dx, gradients } = train(kernels, unit, state.of(unit), x, dy);
      const inputs = [x, ...state.of(unit).parameters];
      const direction = inputs.map((input, i) => normalTensor(input.shape, `direction ${i}`));
      const lossAt = (step: number): number =>
        tf.tidy(() => {
          const [moved, ...parameters] = inputs.map((input, i) => tf.add(input, tf.mul(direction[i], step)));
          const { outputs } = runner.normaliseByBatch(unit, { ...state.of(unit), parameters }, [moved]);
          return tf.sum(tf.mul(outputs[0], dy)).dataSync()[0];
        });
      const slope = (lossAt(2e-3) - lossAt(-2e-3)) / 4e-3;
      const expected = [dx, ...gradients].reduce((sum, gradient, i) => {
        const along = direction[i].dataSync();
        return sum + gradient.reduce((s, g, k) => s + g * along[k], 0);
      }, 0);
      assertLess(Math.abs(slope - expected), 0.02 * Math.abs(expected) + 0.02);
    });
  });
}

Deno.test("fused inference agrees with TensorFlow's on every odd shape", () => {
  using fused = runnerWith(kernels);
  using traced = runnerWith(null);
  for (const [images, height, width, inChannels, outChannels, stride] of oddShapes) {
    for (const choice of choices.keys()) {
      tf.tidy(() => {
        const unit = blockOf(choice, { stride, inChannels, outChannels }, choice % 2 === 0 ? 1 : 2);
        using state = new NetworkState([unit], 3);
        const statistics = unit.batchNorms.flatMap(({ channels }, i) => [
          normalTensor([channels], `mean ${i}`),
          tf.add(tf.square(normalTensor([channels], `variance ${i}`)), 0.3),
        ]);
        const x = normalTensor([images, height, width, inChannels], "x");
        const [is, should] = [fused, traced].map((runner) =>
          runner.infer(unit, state.of(unit).parameters, statistics, [x])[0].dataSync<"float32">()
        );
        assertNear(is, should, `${unit.name} ${choice} on ${x.shape}`, 2e-5);
      });
    }
  }
});

/** The norm of the difference, relative to the wanted numbers': an activation at ReLU's edge may fall to either side. */
function distance(actual: Float32Array, wanted: Float32Array): number {
  const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(actual.map((value, i) => value - wanted[i])) / squares(wanted));
}

// 46 x 45 pixels of 32 channels are 0.25 MiB an image.
for (const [choice, method] of [[0, 1], [3, 2]] as const) {
  Deno.test(`activations large enough to be streamed past the caches agree with TensorFlow's: ${choiceName(choices[choice])}`, () => {
    tf.tidy(() => {
      const unit = blockOf(choice, { stride: 1, inChannels: 32, outChannels: 32 }, method);
      using state = new NetworkState([unit], 3);
      const [x, dy] = [normalTensor([16, 46, 45, 32], "x"), normalTensor([16, 46, 45, 32], "dy")];
      const [is, should] = [kernels, null].map((own) => train(own, unit, state.of(unit), x, dy));
      assertLess(distance(is.y, should.y), 1e-5);
      assertLess(distance(is.dx, should.dx), 1e-3); // a line that is missing makes 4e-3
    });
  });

  Deno.test(`an image in a batch that is streamed past the caches gives the same bits as alone: ${choiceName(choices[choice])}`, () => {
    tf.tidy(() => {
      const unit = blockOf(choice, { stride: 1, inChannels: 32, outChannels: 32 }, method);
      using state = new NetworkState([unit], 3);
      using runner = runnerWith(kernels);
      const { parameters, statistics } = state.of(unit);
      const infer = (x: Tensor): Tensor => runner.infer(unit, parameters, statistics, [x])[0];
      const x = normalTensor([16, 46, 45, 32], "x");
      assertEquals(
        infer(x).dataSync(),
        tf.concat(tf.split(x as tf.Tensor4D, 16).map(infer)).dataSync(),
      );
    });
  });
}

Deno.test("a pass normalised by its batch gives what training's forward pass gives, to the bit", () => {
  tf.tidy(() => {
    const unit = blockOf(3, { stride: 2, inChannels: 16, outChannels: 40 }, 1);
    using state = new NetworkState([unit], 3);
    using runner = runnerWith(kernels);
    const x = normalTensor([2, 9, 7, 16], "x");
    const { outputs, moments } = runner.normaliseByBatch(unit, state.of(unit), [x]);
    const pass = runner.train(unit, state.of(unit), [x], 1);
    [...outputs, ...moments].forEach((tensor, i) =>
      assertEquals(tensor.dataSync(), [...pass.outputs, ...pass.moments][i].dataSync())
    );
    disposePass(pass);
  });
});

Deno.test("fused passes give the same bits every time, and with other threads the same but for rounding", () => {
  const unit = blockOf(2, { stride: 1, inChannels: 64, outChannels: 64 }, 1);
  using state = new NetworkState([unit], 3);
  tf.tidy(() => {
    const [x, dy] = [normalTensor([3, 17, 13, 64], "x"), normalTensor([3, 17, 13, 64], "dy")];
    const first = train(kernels, unit, state.of(unit), x, dy);
    for (let i = 0; i < 5; i++) assertEquals(train(kernels, unit, state.of(unit), x, dy), first);
    const other = train(threeThreads, unit, state.of(unit), x, dy);
    assertNear(other.y, first.y, "y", 1e-5);
    assertNear(other.dx, first.dx, "dx", 1e-4);
  });
});

Deno.test("a variance of 1e-4 is found beside a mean of 1,000, where sums of squares would lose it", () => {
  tf.tidy(() => {
    const unit = blockOf(3, { stride: 1, inChannels: 16, outChannels: 16 }, 2);
    using state = new NetworkState([unit], 3);
    using runner = runnerWith(kernels);
    const { parameters } = state.of(unit);
    // The first depthwise filter passes its input through.
    const identity = tf.tensor(Float32Array.from({ length: 72 }, (_, i) => i >> 3 === 4 ? 1 : 0), [
      3,
      3,
      8,
      1,
    ]);
    const values = Float32Array.from(
      { length: 30 * 30 * 16 },
      (_, i) => 1000 + 0.01 * ((i >> 4) % 2 === 0 ? 1 : -1),
    );
    const x = tf.tensor(values, [1, 30, 30, 16]);
    const { moments } = runner.normaliseByBatch(unit, {
      ...state.of(unit),
      parameters: [identity, ...parameters.slice(1)],
    }, [x]);
    const exact = (Math.fround(1000.01) - Math.fround(999.99)) ** 2 / 4 * 900 / 899;
    assertClose(moments[0], new Array(8).fill(1000), "mean", { relative: 1e-6, absolute: 0 });
    assertClose(moments[1], new Array(8).fill(exact), "variance", { relative: 1e-3, absolute: 0 });
  });
});

Deno.test("NaN and infinity come out as NaN: a training that has gone wrong is seen", () => {
  tf.tidy(() => {
    const unit = blockOf(0, { stride: 1, inChannels: 8, outChannels: 8 }, 2);
    using state = new NetworkState([unit], 3);
    for (const odd of [NaN, Infinity]) {
      const x = tf.tensor(Float32Array.from({ length: 2 * 3 * 3 * 8 }, (_, i) => i === 1 ? odd : i % 5), [
        2,
        3,
        3,
        8,
      ]);
      const { y } = train(kernels, unit, state.of(unit), x, tf.onesLike(x));
      assert(y.some(Number.isNaN));
    }
  });
});

Deno.test("one value a channel is refused, as it has no variance", () => {
  tf.tidy(() => {
    const unit = blockOf(0, { stride: 1, inChannels: 8, outChannels: 8 }, 1);
    using state = new NetworkState([unit], 3);
    using runner = runnerWith(kernels);
    assertThrows(
      () => runner.train(unit, state.of(unit), [tf.ones([1, 1, 1, 8])], 1),
      RangeError,
      "Cannot normalise a batch as each channel must have more than one value: got 1",
    );
  });
});

Deno.test("fused passes leave nothing alive", () => {
  const unit = blockOf(1, { stride: 2, inChannels: 16, outChannels: 40 }, 1);
  using state = new NetworkState([unit], 3);
  using runner = runnerWith(kernels);
  const [x, dy] = [normalTensor([2, 6, 6, 16], "x"), normalTensor([2, 3, 3, 40], "dy")];
  assertNoLeaks(engine, () => {
    const pass = runner.train(unit, state.of(unit), [x], 1);
    const { inputs, parameters } = runner.backward(pass, [dy]);
    const { outputs, moments } = runner.normaliseByBatch(unit, state.of(unit), [x]);
    const inferred = runner.infer(unit, state.of(unit).parameters, state.of(unit).statistics, [x]);
    tf.dispose([...inputs, ...parameters, ...pass.moments, ...outputs, ...moments, ...inferred]);
    disposePass(pass);
  });
  tf.dispose([x, dy]);
});
