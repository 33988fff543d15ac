/** Weights that a pass's levels share: made ready once, never kept for a pass to come. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayerPlan } from "../../lib/fused/layer_plan.ts";
import { SharedWeights } from "../../lib/fused/shared_weights.ts";
import { retinaHeadUnit } from "../../lib/models/retina_head.ts";
import { sgdUpdate } from "../../lib/nn/sgd.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { loneWorker } from "../../lib/nn/worker_group.ts";
import type { UnitState } from "../../lib/train/network_state.ts";
import { trainingBatchNorm } from "../../lib/train/training_batch_norm.ts";
import { UnitRunner } from "../../lib/train/unit_runner.ts";
import { useEngine } from "../helpers/engine.ts";
import { fusedKernels } from "../helpers/fused_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";

const engine = await useEngine();
const kernels = await fusedKernels(engine);
const threeThreads = await fusedKernels(engine, undefined, 3);
const batchNorm = trainingBatchNorm(loneWorker, "counts");

/** Many tiles, few of them, and two that are multiplied without. */
const sizes = [[40, 33], [18, 13], [7, 5], [1, 1]] as const;

function headOf(levels: number, channels: number, norm: "batch" | "none"): Unit {
  const shape = { levels: [3, 2 + levels], channels, classes: 3, anchorsPerCell: 2, towerConvs: 2 } as const;
  return retinaHeadUnit({ ...shape, levels: [3, 2 + levels], norm, prior: 0.1 });
}

function stateOf({ parameters, batchNorms }: Unit): UnitState {
  return {
    parameters: parameters.map(({ name, shape, role }) => {
      const drawn = tf.mul(0.1, normalTensor([...shape], name));
      return role === "bnScale" ? tf.add(1, drawn) : drawn;
    }),
    slots: parameters.map(({ shape }) => tf.zeros([...shape])),
    statistics: batchNorms.flatMap(({ channels }, i) => [
      normalTensor([channels], `mean ${i}`),
      tf.add(0.3, tf.square(normalTensor([channels], `variance ${i}`))),
    ]),
  };
}

function mapsOf(channels: number, levels = sizes): Tensor[] {
  return levels.map(([height, width]) => normalTensor([2, height, width, channels], `${height} x ${width}`));
}

function host(tensors: readonly Tensor[]): Float32Array[] {
  return tensors.map((tensor) => tensor.dataSync<"float32">().slice());
}

/** Everything that a unit gives, on the host. */
function allPasses(runner: UnitRunner, unit: Unit, state: UnitState, inputs: Tensor[]): Float32Array[] {
  const pass = runner.train(unit, state, inputs, inputs.length);
  const dys = pass.outputs.map(({ shape }, i) => normalTensor(shape, `dy ${i}`));
  const gradients = runner.backward(pass, dys);
  const inferred = runner.infer(unit, state.parameters, state.statistics, inputs);
  return host([...pass.outputs, ...inferred, ...gradients.inputs, ...gradients.parameters]);
}

for (const channels of [64, 20]) {
  Deno.test(`each level of a head gives what it gives alone, to the bit, with ${channels} channels`, () => {
    for (const blocks of [kernels, threeThreads]) {
      using runner = new UnitRunner(engine.compiler, batchNorm, blocks);
      tf.tidy(() => {
        const [together, alone] = [sizes.length, 1].map((levels) => headOf(levels, channels, "none"));
        const state = stateOf(together);
        const inputs = mapsOf(channels);
        const pass = runner.train(together, state, inputs, inputs.length);
        const dys = pass.outputs.map(({ shape }, i) => normalTensor(shape, `dy ${i}`));
        const dxs = runner.backward(pass, dys).inputs;
        const inferred = runner.infer(together, state.parameters, [], inputs);
        let begin = 0;
        inputs.forEach((x, level) => {
          const own = runner.train(alone, state, [x], 1);
          const rows = own.outputs[0].shape[1]!;
          const cut = (tensors: readonly Tensor[]): Tensor[] =>
            tensors.map((all) => {
              const rest = all.shape.slice(2);
              return tf.slice(all, [0, begin, ...rest.map(() => 0)], [2, rows, ...rest]);
            });
          assertEquals(host(own.outputs), host(cut(pass.outputs)), `level ${level}`);
          assertEquals(host(runner.backward(own, cut(dys)).inputs), host([dxs[level]]), `level ${level}`);
          const inferredAlone = runner.infer(alone, state.parameters, [], [x]);
          assertEquals(host(inferredAlone), host(cut(inferred)), `level ${level}`);
          begin += rows;
        });
      });
    }
  });
}

for (const norm of ["none", "batch"] as const) {
  Deno.test(`after a step of SGD no pass sees a weight of before it: norm ${norm}`, () => {
    const unit = headOf(3, 64, norm);
    using runner = new UnitRunner(engine.compiler, batchNorm, kernels);
    using fresh = new UnitRunner(engine.compiler, batchNorm, kernels);
    tf.tidy(() => {
      const inputs = mapsOf(64).slice(0, 3);
      const before = stateOf(unit);
      const first = allPasses(runner, unit, before, inputs);
      const gradients = unit.parameters.map(({ shape, name }) => normalTensor([...shape], `step ${name}`));
      const settings = {
        momentum: 0.9,
        weightDecay: 1e-4,
        decayOn: "weights",
        biasLearningRateFactor: 2,
      } as const;
      const start = { parameters: [...before.parameters], slots: [...before.slots] };
      const { parameters } = sgdUpdate(unit.parameters, start, gradients, tf.scalar(0.01), settings);
      const after = { ...before, parameters };
      const second = allPasses(runner, unit, after, inputs);
      assertEquals(second, allPasses(fresh, unit, after, inputs));
      assertEquals(allPasses(runner, unit, before, inputs), first);
      const weighed = second.slice(0, 2 * 2 + inputs.length); // outputs, twice, and the inputs' gradients
      assert(weighed.every((values, i) => values.some((value, k) => value !== first[i][k])));
    });
  });
}

/** Layers with weights at these places, of which nothing else matters here. */
function layersAt(...places: number[]): LayerPlan[] {
  return places.map((weight) => ({ places: { weight } }) as LayerPlan);
}

/** Stands for the kernels, and counts what is prepared and not given back. */
class Prepared {
  readonly alive = new Set<Deno.PointerObject>();
  made = 0;

  prepare(): Deno.PointerObject {
    const prepared = Deno.UnsafePointer.create(BigInt(++this.made))!;
    this.alive.add(prepared);
    return prepared;
  }

  release(prepared: Deno.PointerObject): void {
    assert(this.alive.delete(prepared));
  }
}

Deno.test("a weight is prepared once for all layers that share it, given back after the last, and never for one layer alone", () => {
  const native = new Prepared();
  const [first, alone, second, third] = layersAt(4, 7, 4, 4);
  using weights = new SharedWeights(native, [first, alone, second, third]);
  const addresses = [first, alone, second, third].map((layer) => {
    const address = weights.of(layer);
    weights.done(layer);
    return address;
  });
  assertEquals(addresses, [1n, 0n, 1n, 1n]);
  assertEquals([native.made, native.alive.size], [1, 0]);
});

Deno.test("a pass that ends before its last layer gives back what it prepared", () => {
  const native = new Prepared();
  const layers = layersAt(1, 2, 1, 2);
  {
    using weights = new SharedWeights(native, layers);
    layers.slice(0, 2).forEach((layer) => weights.of(layer));
    assertEquals(native.alive.size, 2);
  }
  assertEquals([native.made, native.alive.size], [2, 0]);
});

Deno.test("passes over shared weights leave nothing alive", () => {
  const unit = headOf(3, 20, "batch");
  using runner = new UnitRunner(engine.compiler, batchNorm, kernels);
  assertNoLeaks(engine, () => {
    tf.tidy(() => void allPasses(runner, unit, stateOf(unit), mapsOf(20).slice(0, 3)));
  });
});
