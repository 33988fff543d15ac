import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { assertEquals } from "@std/assert";
import { supernet } from "../../lib/models/backbone.ts";
import { batchNormEpsilon, localBatchNorm } from "../../lib/nn/batch_norm.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { backwardTrunk, gateGradients, trainTrunk, unitsOnPath } from "../../lib/train/trunk.ts";
import { UnitRunner } from "../../lib/train/unit_runner.ts";
import { assertClose } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { differenceTolerance, normalTensor } from "../helpers/gradients.ts";
import { tinyArchitecture, tinyConfig } from "../helpers/tiny_data.ts";

const engine = await useEngine();

Deno.test("gate gradients are the slopes of the loss by a factor on each block's output", () => {
  using runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
  const units = unitsOnPath(supernet(tinyConfig.space, 1), tinyArchitecture);
  using state = new NetworkState(units, 1);
  tf.tidy(() => {
    const images = normalTensor([2, 64, 64, 3], "images");
    const weights = normalTensor([2, 2, 2, 32], "weights"); // of a loss that is linear in the last block's output

    /** The loss with one block's output scaled. */
    const lossAt = (block: number, gate: number): number => {
      let x: Tensor = images;
      units.forEach((unit, i) => {
        x = runner.train(unit, state.of(unit), [x], 1).outputs[0];
        if (i === block + 1) x = tf.mul(x, gate);
      });
      return tf.sum(tf.mul(x, weights)).dataSync()[0];
    };

    const { gradients, observe } = gateGradients(tinyArchitecture.length);
    const passes = trainTrunk(runner, state, units, images);
    backwardTrunk(runner, passes, new Map([[units.length - 1, weights.clone()]]), observe);
    const step = 0.02;
    const slopes = tinyArchitecture.map((_, block) =>
      (lossAt(block, 1 + step) - lossAt(block, 1 - step)) / (2 * step)
    );
    assertEquals(gradients.length, slopes.length);
    assertClose(Float32Array.from(gradients), slopes, "gate gradients", {
      ...differenceTolerance,
      absolute: 2e-2, // of a sum over 256 products
    });
  });
});
