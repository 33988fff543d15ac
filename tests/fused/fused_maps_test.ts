/** Heads and pyramids run by fused kernels: against TensorFlow's kernels, against differences, and by several workers. */
import { assert, assertEquals, assertLess, assertThrows, fail } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import { fpnUnit, type PyramidShape } from "../../lib/models/fpn.ts";
import { proposalHeadUnit } from "../../lib/models/proposal_head.ts";
import { retinaHeadUnit } from "../../lib/models/retina_head.ts";
import type { BlockKernels } from "../../lib/nn/block_kernels.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { loneWorker } from "../../lib/nn/worker_group.ts";
import { NetworkState, type UnitState } from "../../lib/train/network_state.ts";
import { trainingBatchNorm } from "../../lib/train/training_batch_norm.ts";
import { disposePass, UnitRunner } from "../../lib/train/unit_runner.ts";
import { useEngine } from "../helpers/engine.ts";
import { fusedKernels } from "../helpers/fused_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";
import { runReplayed } from "../helpers/replayed_workers.ts";
import { assertNear, assertSamePasses, type TrainedUnit, trainUnit } from "../helpers/unit_passes.ts";

const engine = await useEngine();
const kernels = await fusedKernels(engine);
const portable = await fusedKernels(engine, "portable");
const threeThreads = await fusedKernels(engine, undefined, 3);
const batchNorm = trainingBatchNorm(loneWorker, "counts");

function runnerWith(own: BlockKernels | null): UnitRunner {
  return new UnitRunner(engine.compiler, batchNorm, own);
}

/** A unit with the sizes and channels of its inputs. */
interface Case {
  readonly name: string;
  readonly unit: Unit;
  readonly sizes: readonly (readonly [height: number, width: number])[];
  readonly channels: readonly number[];
}

function retinaCase(channels: number, towerConvs: number, norm: "batch" | "none"): Case {
  const shape = { levels: [3, 6], channels, classes: 3, anchorsPerCell: 2, towerConvs, norm } as const;
  return {
    name: `RetinaNet's head of ${towerConvs} times ${channels} channels, norm ${norm}`,
    unit: retinaHeadUnit({ ...shape, prior: 0.1 }),
    // Two values a channel have too little variance for digits to be compared.
    sizes: [[18, 13], [7, 5], [3, 2], norm === "batch" ? [2, 2] : [1, 1]],
    channels: [channels, channels, channels, channels],
  };
}

function pyramidCase(
  channels: number,
  extraLevels: PyramidShape["extraLevels"],
  norm: "batch" | "none",
): Case {
  const stageChannels = [12, 20, 40];
  const last = extraLevels === "convolved" ? 6 : 5;
  return {
    name: `a pyramid of ${channels} channels, levels to ${last} ${extraLevels}, norm ${norm}`,
    unit: fpnUnit({ stageChannels, levels: [2, last], extraLevels, channels, norm }),
    sizes: [[9, 14], [5, 7], [3, 4]],
    channels: stageChannels,
  };
}

function proposalCase(channels: number): Case {
  return {
    name: `the proposal head of ${channels} channels`,
    unit: proposalHeadUnit({ levels: 3, channels, anchorsPerCell: 3 }),
    sizes: [[7, 5], [3, 4], [1, 1]],
    channels: [channels, channels, channels],
  };
}

const norms = ["batch", "none"] as const;
const cases: readonly Case[] = [
  ...[8, 20, 64].flatMap((channels) => norms.map((norm) => retinaCase(channels, 2, norm))),
  retinaCase(16, 1, "batch"),
  retinaCase(20, 0, "batch"),
  retinaCase(36, 4, "none"),
  ...[8, 20, 64].flatMap((channels) => norms.map((norm) => pyramidCase(channels, "convolved", norm))),
  ...norms.map((norm) => pyramidCase(20, "subsampled", norm)),
  ...[8, 20, 64].map(proposalCase),
];

function inputsOf({ sizes, channels }: Case, images: number): Tensor[] {
  return sizes.map(([height, width], i) => normalTensor([images, height, width, channels[i]], `input ${i}`));
}

/** Parameters large enough that what comes out is no constant. */
function stateOf(state: NetworkState, unit: Unit): UnitState {
  const parameters = unit.parameters.map(({ name, shape, role }) => {
    const drawn = normalTensor([...shape], name);
    if (role === "weight") return tf.mul(drawn, 1 / Math.sqrt(shape[0] * shape[1] * shape[2]));
    return role === "bnScale" ? tf.add(1, tf.mul(drawn, 0.2)) : tf.mul(drawn, 0.2);
  });
  return { ...state.of(unit), parameters };
}

function outputGradients(unit: Unit, state: UnitState, inputs: readonly Tensor[]): Tensor[] {
  using runner = runnerWith(null);
  const pass = runner.train(unit, state, inputs, inputs.length);
  return pass.outputs.map(({ shape }, i) => normalTensor(shape, `dy ${i}`));
}

function train(
  own: BlockKernels | null,
  unit: Unit,
  state: UnitState,
  inputs: Tensor[],
  dys: Tensor[],
): TrainedUnit {
  using runner = runnerWith(own);
  return trainUnit(runner, unit, state, inputs, dys);
}

for (const which of cases) {
  const { name, unit } = which;
  for (const images of [1, 2]) {
    Deno.test(`fused kernels agree with TensorFlow's: ${name}, ${images} images`, () => {
      tf.tidy(() => {
        assert(kernels.supports(unit.maps!));
        using network = new NetworkState([unit], 7);
        const [state, inputs] = [stateOf(network, unit), inputsOf(which, images)];
        const dys = outputGradients(unit, state, inputs);
        const should = train(null, unit, state, inputs, dys);
        assertSamePasses(train(kernels, unit, state, inputs, dys), should);
        assertSamePasses(train(portable, unit, state, inputs, dys), should);
      });
    });
  }

  Deno.test(`fused inference agrees with TensorFlow's: ${name}`, () => {
    using fused = runnerWith(kernels);
    using traced = runnerWith(null);
    tf.tidy(() => {
      using network = new NetworkState([unit], 7);
      const state = stateOf(network, unit);
      const statistics = unit.batchNorms.flatMap(({ channels }, i) => [
        normalTensor([channels], `mean ${i}`),
        tf.add(tf.square(normalTensor([channels], `variance ${i}`)), 0.3),
      ]);
      for (const images of [1, 2]) {
        const [is, should] = [fused, traced].map((runner) =>
          runner.infer(unit, state.parameters, statistics, inputsOf(which, images))
        );
        assertEquals(is.map(({ shape }) => shape), should.map(({ shape }) => shape));
        is.forEach((y, i) =>
          assertNear(y.dataSync<"float32">(), should[i].dataSync<"float32">(), `output ${i}`, 2e-5)
        );
      }
    });
  });
}

Deno.test("fused kernels normalise levels of one pixel over the images", () => {
  tf.tidy(() => {
    const which = { ...retinaCase(8, 1, "batch"), sizes: [[2, 3], [1, 2], [1, 1], [1, 1]] } as const;
    const { unit } = which;
    using network = new NetworkState([unit], 7);
    const [state, inputs] = [stateOf(network, unit), inputsOf(which, 6)];
    const dys = outputGradients(unit, state, inputs);
    const [is, should] = [kernels, null].map((own) => train(own, unit, state, inputs, dys));
    assertSamePasses(is, should);
  });
});

/** One of each kind, with batch norm where it has some. */
const ofEachKind = [retinaCase(20, 2, "batch"), pyramidCase(20, "convolved", "batch"), proposalCase(20)];

for (const which of ofEachKind) {
  const { name, unit } = which;

  Deno.test(`a pass normalised by its batch gives what training's forward pass gives, to the bit: ${name}`, () => {
    tf.tidy(() => {
      using network = new NetworkState([unit], 7);
      const [state, inputs] = [stateOf(network, unit), inputsOf(which, 2)];
      using runner = runnerWith(kernels);
      const { outputs, moments } = runner.normaliseByBatch(unit, state, inputs);
      const pass = runner.train(unit, state, inputs, inputs.length);
      [...outputs, ...moments].forEach((tensor, i) =>
        assertEquals(tensor.dataSync(), [...pass.outputs, ...pass.moments][i].dataSync())
      );
      disposePass(pass);
    });
  });

  Deno.test(`fused passes give the same bits every time, and with other threads the same but for rounding: ${name}`, () => {
    tf.tidy(() => {
      using network = new NetworkState([unit], 7);
      const [state, inputs] = [stateOf(network, unit), inputsOf(which, 2)];
      const dys = outputGradients(unit, state, inputs);
      const first = train(kernels, unit, state, inputs, dys);
      for (let i = 0; i < 3; i++) assertEquals(train(kernels, unit, state, inputs, dys), first);
      assertSamePasses(train(threeThreads, unit, state, inputs, dys), first);
    });
  });

  Deno.test(`fused passes leave nothing alive: ${name}`, () => {
    using network = new NetworkState([unit], 7);
    using runner = runnerWith(kernels);
    const inputs = inputsOf(which, 2);
    const state = network.of(unit);
    const dys = outputGradients(unit, state, inputs).map((dy) => tf.keep(dy));
    assertNoLeaks(engine, () => {
      const pass = runner.train(unit, state, inputs, inputs.length);
      const gradients = runner.backward(pass, dys);
      const { outputs, moments } = runner.normaliseByBatch(unit, state, inputs);
      const inferred = runner.infer(unit, state.parameters, state.statistics, inputs);
      tf.dispose([...gradients.inputs, ...gradients.parameters, ...pass.moments]);
      tf.dispose([...outputs, ...moments, ...inferred]);
      disposePass(pass);
    });
    tf.dispose([...inputs, ...dys]);
  });
}

// Small maps, as each ReLU's kink is a slope that differences do not see.
const smallHead: Case = { ...retinaCase(8, 1, "batch"), sizes: [[7, 5], [4, 9], [3, 2], [2, 2]] };
for (const which of [smallHead, pyramidCase(8, "convolved", "batch"), proposalCase(8)]) {
  const { name, unit } = which;
  Deno.test(`fused gradients agree with central differences: ${name}`, () => {
    tf.tidy(() => {
      using network = new NetworkState([unit], 7);
      const [state, inputs] = [stateOf(network, unit), inputsOf(which, 2)];
      const dys = outputGradients(unit, state, inputs);
      const { dxs, gradients } = train(kernels, unit, state, inputs, dys);
      using runner = runnerWith(kernels);
      const all = [...inputs, ...state.parameters];
      const direction = all.map(({ shape }, i) => normalTensor(shape, `direction ${i}`));
      const lossAt = (step: number): number =>
        tf.tidy(() => {
          const moved = all.map((x, i) => tf.add(x, tf.mul(direction[i], step)));
          const parameters = moved.slice(inputs.length);
          const { outputs } = runner.normaliseByBatch(
            unit,
            { ...state, parameters },
            moved.slice(0, inputs.length),
          );
          return outputs.reduce((sum, y, i) => sum + tf.sum(tf.mul(y, dys[i])).dataSync()[0], 0);
        });
      const slope = (lossAt(2e-4) - lossAt(-2e-4)) / 4e-4;
      const expected = [...dxs, ...gradients].reduce((sum, gradient, i) => {
        const along = direction[i].dataSync();
        return sum + gradient.reduce((s, g, k) => s + g * along[k], 0);
      }, 0);
      assertLess(Math.abs(slope - expected), 0.02 * Math.abs(expected) + 0.02);
    });
  });
}

Deno.test("a level with one value a channel is refused where it is normalised, as it has no variance", () => {
  tf.tidy(() => {
    const unit = retinaHeadUnit({
      levels: [3, 4],
      channels: 8,
      classes: 1,
      anchorsPerCell: 1,
      towerConvs: 1,
      norm: "batch",
      prior: 0.1,
    });
    using network = new NetworkState([unit], 3);
    using runner = runnerWith(kernels);
    assertThrows(
      () => runner.train(unit, network.of(unit), [tf.ones([1, 3, 3, 8]), tf.ones([1, 1, 1, 8])], 2),
      RangeError,
      "Cannot normalise a batch as each channel must have more than one value: got 1",
    );
  });
});

Deno.test("NaN in one level comes out of it: a training that has gone wrong is seen", () => {
  tf.tidy(() => {
    const which = proposalCase(8);
    using network = new NetworkState([which.unit], 3);
    const [state, inputs] = [stateOf(network, which.unit), inputsOf(which, 1)];
    const dys = outputGradients(which.unit, state, inputs);
    const odd = inputs.map((x, i) => i === 1 ? tf.mul(x, NaN) : x);
    const { outputs, gradients } = train(kernels, which.unit, state, odd, dys);
    for (const values of [...outputs, gradients[0]]) assert(values.some(Number.isNaN));
  });
});

/** Images of one worker, of a batch that two share: the first has one, the second the others. */
function shareOf(tensors: readonly Tensor[], worker: number): Tensor[] {
  return tensors.map((all) => {
    const [images, ...rest] = all.shape;
    const begin = worker === 0 ? 0 : 1;
    return tf.slice(all, [begin, ...rest.map(() => 0)], [worker === 0 ? 1 : images - 1, ...rest]);
  });
}

for (
  const [which, batchNorms] of [[retinaCase(8, 2, "batch"), 16], [
    pyramidCase(8, "convolved", "batch"),
    6,
  ]] as const
) {
  Deno.test(`two workers that share a batch are one, and exchange each batch norm's moments once a pass: ${which.name}`, () => {
    tf.tidy(() => {
      const { unit } = which;
      using network = new NetworkState([unit], 7);
      const [state, inputs] = [stateOf(network, unit), inputsOf(which, 3)];
      const dys = outputGradients(unit, state, inputs);
      const one = train(kernels, unit, state, inputs, dys);
      const { results, exchanges } = runReplayed(2, (worker, reducer) => {
        using runner = new UnitRunner(
          engine.compiler,
          { of: () => fail("traced"), reducerOf: () => reducer },
          kernels,
        );
        return trainUnit(runner, unit, state, shareOf(inputs, worker), shareOf(dys, worker));
      });
      assertEquals(exchanges, 2 * batchNorms);
      const [first, second] = results;
      assertEquals(first.moments, second.moments);
      // Parameters' gradients are summed up by whoever trains.
      const sum = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value + b[i]);
      const joined = (a: Float32Array, b: Float32Array): Float32Array => Float32Array.from([...a, ...b]);
      assertSamePasses({
        outputs: first.outputs.map((y, i) => joined(y, second.outputs[i])),
        moments: first.moments,
        dxs: first.dxs.map((dx, i) => joined(dx, second.dxs[i])),
        gradients: first.gradients.map((g, i) => sum(g, second.gradients[i])),
      }, one);
    });
  });
}

for (const which of [retinaCase(20, 2, "batch"), pyramidCase(20, "convolved", "batch")]) {
  Deno.test(`given moments normalise as TensorFlow's kernels have it, each its own batch norm: ${which.name}`, () => {
    const { unit } = which;
    using fused = runnerWith(kernels);
    using traced = runnerWith(null);
    tf.tidy(() => {
      using network = new NetworkState([unit], 7);
      const { parameters } = stateOf(network, unit);
      const given = unit.batchNorms.map(({ channels }, i) => {
        const squares = tf.add(tf.square(normalTensor([channels], `squares ${i}`)), 0.3);
        return tf.concat(
          [tf.tensor1d([30]), normalTensor([channels], `mean ${i}`), tf.mul(squares, 30)] as Tensor1D[],
        );
      });
      const [is, should] = [fused, traced].map((runner) => {
        const passes = runner.normaliseByMoments(unit, parameters, given, inputsOf(which, 2));
        return [passes.outputs, passes.statistics, passes.moments].flat();
      });
      assertEquals(is.map(({ shape }) => shape), should.map(({ shape }) => shape));
      is.forEach((y, i) =>
        assertNear(y.dataSync<"float32">(), should[i].dataSync<"float32">(), `${i}`, 5e-5)
      );
    });
  });
}

for (
  const which of [
    retinaCase(20, 2, "batch"),
    pyramidCase(20, "convolved", "batch"),
    pyramidCase(20, "subsampled", "batch"),
  ]
) {
  Deno.test(`the moments alone are those of the whole pass, to the bit: ${which.name}`, () => {
    const { unit } = which;
    using runner = runnerWith(kernels);
    using network = new NetworkState([unit], 7);
    assertNoLeaks(engine, () => {
      tf.tidy(() => {
        const [state, inputs] = [stateOf(network, unit), inputsOf(which, 2)];
        const [is, should] = [
          runner.batchMoments(unit, state, inputs),
          runner.normaliseByBatch(unit, state, inputs).moments,
        ].map((moments) => moments.map((values) => values.dataSync()));
        assertEquals(is.length, 2 * unit.batchNorms.length);
        assertEquals(is, should);
      });
    });
  });
}
