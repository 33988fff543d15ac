/** Blocks normalised by moments that are given, not their batch's. */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { blockUnit } from "../../lib/models/block.ts";
import type { BlockKernels } from "../../lib/nn/block_kernels.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { loneWorker } from "../../lib/nn/worker_group.ts";
import { blockLayers } from "../../lib/space/block_layers.ts";
import { choiceName, searchSpaces } from "../../lib/space/search_space.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { trainingBatchNorm } from "../../lib/train/training_batch_norm.ts";
import { UnitRunner } from "../../lib/train/unit_runner.ts";
import { assertClose } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { fusedKernels } from "../helpers/fused_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";

const engine = await useEngine();
const kernels = await fusedKernels(engine);
const tolerance = { relative: 1e-4, absolute: 1e-4 };

/** Of 700 values a channel: means of about 0.3, variances of about 2. */
function someMoments(unit: Unit): Tensor[] {
  return unit.batchNorms.map(({ channels, name }) =>
    tf.concat([
      tf.tensor1d([700]),
      tf.add(0.3, tf.mul(0.1, normalTensor([channels], `mean ${name}`))),
      tf.mul(700, tf.add(2, tf.abs(normalTensor([channels], `square ${name}`)))),
    ] as tf.Tensor1D[])
  );
}

/** All that a pass gives, on the host. */
function passed(
  blocks: BlockKernels | null,
  unit: Unit,
  x: Tensor,
): Record<"outputs" | "statistics" | "moments", Float32Array[]> {
  using runner = new UnitRunner(engine.compiler, trainingBatchNorm(loneWorker, "counts"), blocks);
  using state = new NetworkState([unit], 5);
  const { parameters } = state.of(unit);
  const { outputs, statistics, moments } = runner.normaliseByMoments(unit, parameters, someMoments(unit), [
    x,
  ]);
  const onHost = (tensors: Tensor[]): Float32Array[] =>
    tensors.map((tensor) => tensor.dataSync<"float32">().slice());
  return { outputs: onHost(outputs), statistics: onHost(statistics), moments: onHost(moments) };
}

for (const stride of [1, 2] as const) {
  for (const choice of searchSpaces.small.choices) {
    const layers = blockLayers(choice, {
      stage: 0,
      indexInStage: 0,
      inChannels: 12,
      outChannels: stride === 1 ? 12 : 36,
      stride,
    });
    const unit = blockUnit("block", layers, 1);
    const what = `${choiceName(choice)}, stride ${stride}`;

    Deno.test(`given moments normalise on fused kernels as in TensorFlow: ${what}`, () =>
      tf.tidy(() => {
        const x = normalTensor([3, 7, 6, 12], "x");
        const [is, should] = [passed(kernels, unit, x), passed(null, unit, x)];
        for (const part of ["outputs", "statistics", "moments"] as const) {
          assertEquals(is[part].length, should[part].length);
          should[part].forEach((wanted, i) => assertClose(is[part][i], wanted, `${part} ${i}`, tolerance));
        }
      }));

    Deno.test(`given moments become statistics, with the unbiased variance: ${what}`, () =>
      tf.tidy(() => {
        const { statistics } = passed(kernels, unit, normalTensor([1, 7, 6, 12], "x"));
        someMoments(unit).forEach((given, i) => {
          const [, ...values] = given.dataSync();
          const channels = values.length / 2;
          assertClose(statistics[2 * i], values.slice(0, channels));
          assertClose(statistics[2 * i + 1], values.slice(channels).map((square) => square / 699));
        });
      }));
  }
}

Deno.test("a pass by given moments leaves nothing behind", () => {
  const layers = blockLayers(searchSpaces.small.choices[3], {
    stage: 0,
    indexInStage: 0,
    inChannels: 12,
    outChannels: 12,
    stride: 1,
  });
  for (const blocks of [kernels, null]) {
    assertNoLeaks(
      engine,
      () =>
        tf.tidy(() => void passed(blocks, blockUnit("block", layers, 1), normalTensor([1, 7, 6, 12], "x"))),
    );
  }
});
