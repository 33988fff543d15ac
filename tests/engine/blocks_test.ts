import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { blockUnit } from "../../lib/models/block.ts";
import type { ShuffleMethod } from "../../lib/models/channel_shuffle.ts";
import { batchNormEpsilon, localBatchNorm, updateStatistics } from "../../lib/nn/batch_norm.ts";
import { initialStatistics } from "../../lib/nn/init.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { blockLayers } from "../../lib/space/block_layers.ts";
import type { UnitState } from "../../lib/train/network_state.ts";
import { disposePass, UnitRunner } from "../../lib/train/unit_runner.ts";
import { assertClose, assertTensorClose, readFixture, type StoredTensor } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";

interface GoldenLayer {
  readonly weight: StoredTensor;
  readonly gamma: number[];
  readonly beta: number[];
  readonly dWeight: StoredTensor;
  readonly dGamma: number[];
  readonly dBeta: number[];
  readonly runningMean: number[];
  readonly runningVariance: number[];
}

interface GoldenCase {
  readonly choice: number;
  readonly stride: 1 | 2;
  readonly shuffleMethod: 0 | 1 | 2;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly main: GoldenLayer[];
  readonly projection: GoldenLayer[];
  readonly x: StoredTensor;
  readonly y: StoredTensor;
  readonly dy: StoredTensor;
  readonly dx: StoredTensor;
}

const engine = await useEngine();
const { cases } = await readFixture<{ cases: GoldenCase[] }>("blocks.json");

function stored({ data, shape }: StoredTensor): Tensor {
  return tf.tensor([...data], shape, "float32");
}

function unitOf({ choice, stride, shuffleMethod, inChannels, outChannels }: GoldenCase): Unit {
  const layers = blockLayers(choice, { stage: 0, indexInStage: 0, inChannels, outChannels, stride });
  return blockUnit("block", layers, (shuffleMethod || 1) as ShuffleMethod);
}

/** The fixture's weights, and statistics before any batch. */
function stateOf(unit: Unit, layers: GoldenLayer[]): UnitState {
  return {
    parameters: layers.flatMap((
      { weight, gamma, beta },
    ) => [stored(weight), tf.tensor1d(gamma), tf.tensor1d(beta)]),
    slots: [],
    statistics: unit.batchNorms.flatMap((spec) =>
      initialStatistics(spec).map((values) => tf.tensor1d(values))
    ),
  };
}

for (const golden of cases) {
  const { choice, stride, shuffleMethod } = golden;
  const layers = [...golden.main, ...golden.projection];
  const name = `choice ${choice}, stride ${stride}, shuffle method ${shuffleMethod}`;

  Deno.test(`a block compiled by TensorFlow gives PyTorch's output, gradients and statistics: ${name}`, () => {
    using runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
    tf.tidy(() => {
      const unit = unitOf(golden);
      const state = stateOf(unit, layers);
      const pass = runner.train(unit, state, [stored(golden.x)], 1);
      const { inputs: [dx], parameters: gradients } = runner.backward(pass, [stored(golden.dy)]);
      assertTensorClose(pass.outputs[0], golden.y, "y");
      assertTensorClose(dx, golden.dx, "dx");
      assertEquals([gradients.length, pass.moments.length], [3 * layers.length, 2 * layers.length]);
      const statistics = updateStatistics(state.statistics, pass.moments, 0.1);
      layers.forEach((layer, i) => {
        assertTensorClose(gradients[3 * i], layer.dWeight, `dWeight ${i}`);
        assertClose(gradients[3 * i + 1], layer.dGamma, `dGamma ${i}`);
        assertClose(gradients[3 * i + 2], layer.dBeta, `dBeta ${i}`);
        assertClose(statistics[2 * i], layer.runningMean, `running mean ${i}`);
        assertClose(statistics[2 * i + 1], layer.runningVariance, `running variance ${i}`);
      });
    });
  });

  Deno.test(`a block's passes leave nothing alive: ${name}`, () => {
    using runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
    tf.tidy(() => {
      const unit = unitOf(golden);
      const state = stateOf(unit, layers);
      const [x, dy] = [stored(golden.x), stored(golden.dy)];
      assertNoLeaks(engine, () => {
        const pass = runner.train(unit, state, [x], 1);
        const { inputs, parameters } = runner.backward(pass, [dy]);
        tf.dispose([...inputs, ...parameters, ...pass.moments]);
        disposePass(pass);
      });
    });
  });
}
