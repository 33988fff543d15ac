import { assert, assertEquals, assertGreater } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { blockUnit } from "../../lib/models/block.ts";
import { batchNormEpsilon, localBatchNorm } from "../../lib/nn/batch_norm.ts";
import { type Compiler, eagerCompiler } from "../../lib/nn/compiled.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { blockLayers } from "../../lib/space/block_layers.ts";
import { authorsChoices } from "../../lib/space/search_space.ts";
import { applyUpdates } from "../../lib/train/apply_updates.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import type { StoredTensor } from "../../lib/train/safetensors.ts";
import { disposePass, UnitRunner, type UpdateSettings } from "../../lib/train/unit_runner.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { useEngine } from "../helpers/engine.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { alive, assertNoLeaks } from "../helpers/leaks.ts";

const engine = await useEngine();

const settings: UpdateSettings = {
  momentum: 0.9,
  weightDecay: 4e-3,
  decayOn: "matrices",
  biasLearningRateFactor: 2,
  bnMomentum: 0.1,
};

/** The four choices of a block of stride 1, eight channels wide. */
function choices(name: string): Unit[] {
  const shape = { stage: 0, indexInStage: 1, inChannels: 8, outChannels: 8, stride: 1 } as const;
  return authorsChoices.map((choice, i) => blockUnit(`${name}.${i}`, blockLayers(choice, shape), 1));
}

function makeRunner(compiler: Compiler): UnitRunner {
  return new UnitRunner(compiler, localBatchNorm(batchNormEpsilon));
}

/** One step that pulls the unit's output y towards zero: the gradient of its mean square halved is y over its size. */
function trainStep(runner: UnitRunner, state: NetworkState, unit: Unit, x: Tensor): void {
  const pass = runner.train(unit, state.of(unit), [x], 1);
  const dy = tf.div(pass.outputs[0], pass.outputs[0].size);
  const { inputs, parameters } = runner.backward(pass, [dy]);
  const update = { unit, gradients: parameters, moments: pass.moments };
  applyUpdates(runner, state, [update], 0.5, settings, null);
  tf.dispose([dy, ...inputs]);
  disposePass(pass);
}

/** The whole state after a few steps on the current backend. */
function trained(compiler: Compiler, unit: Unit, steps: number): Map<string, StoredTensor> {
  using runner = makeRunner(compiler);
  using state = new NetworkState([unit], 1);
  for (let step = 0; step < steps; step++) {
    tf.tidy(() => trainStep(runner, state, unit, normalTensor([4, 6, 5, 8], `x ${step}`)));
  }
  return state.toHost();
}

function assertStatesClose(actual: Map<string, StoredTensor>, wanted: Map<string, StoredTensor>): void {
  assertEquals([...actual.keys()], [...wanted.keys()]);
  for (const [name, { data }] of wanted) {
    const tolerance = { relative: 1e-5, absolute: 1e-5 }; // of a few steps in float32, at values of about one
    assertClose(actual.get(name)!.data as Float32Array, data as Float32Array, name, tolerance);
  }
}

for (const unit of choices("block")) {
  Deno.test(`${unit.name} trains by TensorFlow's compiler as it does operation by operation`, () => {
    assertStatesClose(trained(engine.compiler, unit, 4), trained(eagerCompiler, unit, 4));
  });

  Deno.test(`${unit.name} trains by TensorFlow's compiler as it does on tfjs's cpu backend`, async () => {
    const actual = trained(engine.compiler, unit, 3);
    await useCpuBackend();
    try {
      assertStatesClose(actual, trained(eagerCompiler, unit, 3));
    } finally {
      await useEngine();
    }
  });
}

Deno.test("a step moves all of the trained unit's tensors, and none of the other units', to the bit", () => {
  const units = choices("block");
  using runner = makeRunner(engine.compiler);
  using state = new NetworkState(units, 1);
  const x = normalTensor([4, 6, 5, 8], "x");
  trainStep(runner, state, units[1], x); // not the first step, so that momentum is there to move
  const before = state.toHost();
  trainStep(runner, state, units[2], x);
  const after = state.toHost();
  for (const [name, { data }] of before) {
    const isTrained = name.startsWith("block.2.");
    const moved = (data as Float32Array).some((value, i) =>
      value !== (after.get(name)!.data as Float32Array)[i]
    );
    assertEquals(moved, isTrained, name);
  }
  x.dispose();
});

Deno.test("units of the same function share compiled code, others don't", () => {
  using runner = makeRunner(engine.compiler);
  const units = [...choices("first"), ...choices("second")];
  using state = new NetworkState(units, 1);
  const x = normalTensor([2, 4, 4, 8], "x");
  const before = alive(engine).functions;
  units.slice(0, 4).forEach((unit) => trainStep(runner, state, unit, x));
  const compiled = alive(engine).functions - before;
  assertEquals(compiled, 4 * 3); // forward, backward and update
  units.slice(4).forEach((unit) => trainStep(runner, state, unit, x));
  assertEquals(alive(engine).functions - before, compiled);
  x.dispose();
});

Deno.test("training, recalibrating and inferring leave nothing alive, and the runner its functions", () => {
  const before = alive(engine);
  {
    using runner = makeRunner(engine.compiler);
    const [unit] = choices("block");
    using state = new NetworkState([unit], 1);
    const x = normalTensor([2, 4, 4, 8], "x");
    assertNoLeaks(engine, () => {
      trainStep(runner, state, unit, x);
      const { outputs, moments } = runner.normaliseByBatch(unit, state.of(unit), [x]);
      const { parameters, statistics } = state.of(unit);
      tf.dispose([...outputs, ...moments, ...runner.infer(unit, parameters, statistics, [x])]);
    });
    x.dispose();
    assertGreater(alive(engine).functions, before.functions);
  }
  assertEquals(alive(engine), before);
});

Deno.test("inference with a batch's own moments is training's output", () => {
  using runner = makeRunner(engine.compiler);
  const unit = choices("block")[3];
  using state = new NetworkState([unit], 1);
  tf.tidy(() => {
    const x = normalTensor([64, 6, 6, 8], "x");
    const { parameters } = state.of(unit);
    const trained = runner.normaliseByBatch(unit, state.of(unit), [x]);
    const [y] = runner.infer(unit, parameters, trained.moments, [x]);
    // The moments hold the unbiased variance, 2304 / 2303 of what training divides by.
    assertClose(y, trained.outputs[0].dataSync(), "y", { relative: 5e-3, absolute: 5e-3 });
  });
});

Deno.test("the input's gradient is left out where none is asked for, and the parameters' stay the same", () => {
  using runner = makeRunner(engine.compiler);
  const [unit] = choices("block");
  using state = new NetworkState([unit], 1);
  tf.tidy(() => {
    const x = normalTensor([2, 4, 4, 8], "x");
    const [withInput, without] = [1, 0].map((gradientInputs) => {
      const pass = runner.train(unit, state.of(unit), [x], gradientInputs);
      return runner.backward(pass, pass.outputs);
    });
    assertEquals([withInput.inputs.length, without.inputs.length], [1, 0]);
    withInput.parameters.forEach((gradient, i) => {
      assertEquals(without.parameters[i].dataSync(), gradient.dataSync(), unit.parameters[i].name);
      assert(gradient.dataSync().some((value) => value !== 0), unit.parameters[i].name);
    });
  });
});

Deno.test("the moments alone are those of the whole pass to the bit, and a unit without batch norms has none", () => {
  using runner = makeRunner(engine.compiler);
  const [unit] = choices("block");
  using state = new NetworkState([unit], 1);
  const x = normalTensor([2, 6, 6, 8], "x");
  assertNoLeaks(engine, () => {
    tf.tidy(() => {
      const { moments } = runner.normaliseByBatch(unit, state.of(unit), [x]);
      const alone = runner.batchMoments(unit, state.of(unit), [x]);
      assertEquals(alone.map((it) => it.dataSync()), moments.map((it) => it.dataSync()));
      assertGreater(alone.length, 0);
      assertEquals(runner.batchMoments({ ...unit, batchNorms: [] }, state.of(unit), [x]), []);
    });
  });
  x.dispose();
});
