/**
 * A unit against the numbers that PyTorch gave for it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { updateStatistics } from "../../lib/nn/batch_norm.ts";
import { initialStatistics } from "../../lib/nn/init.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import type { UnitState } from "../../lib/train/network_state.ts";
import type { UnitRunner } from "../../lib/train/unit_runner.ts";
import { type GoldenLayer, goldenParameters, type GoldenPass, stored } from "../models/_golden_blocks.ts";
import { assertClose, assertTensorClose } from "./close.ts";

/** The fixture's weights, and statistics before any batch. */
export function goldenState(unit: Unit, layers: readonly GoldenLayer[]): UnitState {
  return {
    parameters: goldenParameters(layers),
    slots: [],
    statistics: unit.batchNorms.flatMap((spec) =>
      initialStatistics(spec).map((values) => tf.tensor1d(values))
    ),
  };
}

/** Asserts that a pass forward and backward gives PyTorch's output, gradients and running statistics. */
export function assertGoldenPass(
  runner: UnitRunner,
  unit: Unit,
  golden: readonly GoldenLayer[],
  pass: GoldenPass,
): void {
  tf.tidy(() => {
    const state = goldenState(unit, golden);
    const trained = runner.train(unit, state, [stored(pass.x)], 1);
    const { inputs: [dx], parameters: gradients } = runner.backward(trained, [stored(pass.dy)]);
    assertTensorClose(trained.outputs[0], pass.y, "y");
    assertTensorClose(dx, pass.dx, "dx");
    assertEquals([gradients.length, trained.moments.length], [3 * golden.length, 2 * golden.length]);
    const statistics = updateStatistics(state.statistics, trained.moments, 0.1);
    golden.forEach((layer, i) => {
      assertTensorClose(gradients[3 * i], layer.dWeight, `dWeight ${i}`);
      assertClose(gradients[3 * i + 1], layer.dGamma, `dGamma ${i}`);
      assertClose(gradients[3 * i + 2], layer.dBeta, `dBeta ${i}`);
      assertClose(statistics[2 * i], layer.runningMean, `running mean ${i}`);
      assertClose(statistics[2 * i + 1], layer.runningVariance, `running variance ${i}`);
    });
  });
}
