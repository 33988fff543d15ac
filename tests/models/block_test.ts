import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { blockUnit } from "../../lib/models/block.ts";
import type { ShuffleMethod } from "../../lib/models/channel_shuffle.ts";
import { localBatchNorm, updateStatistics } from "../../lib/nn/batch_norm.ts";
import { eagerCompiler, type InputSpec } from "../../lib/nn/compiled.ts";
import { initialStatistics } from "../../lib/nn/init.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { type BlockLayers, blockLayers } from "../../lib/space/block_layers.ts";
import { assertClose, assertTensorClose, readFixture, type StoredTensor } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { repeatableBatchNorm } from "./_inference_statistics.ts";

interface GoldenLayer {
  kind: string;
  kernel: number;
  stride: number;
  relu: boolean;
  weight: StoredTensor;
  gamma: number[];
  beta: number[];
  dWeight: StoredTensor;
  dGamma: number[];
  dBeta: number[];
  runningMean: number[];
  runningVariance: number[];
}

interface GoldenCase {
  choice: number;
  stride: 1 | 2;
  shuffleMethod: 0 | 1 | 2;
  inChannels: number;
  outChannels: number;
  main: GoldenLayer[];
  projection: GoldenLayer[];
  x: StoredTensor;
  y: StoredTensor;
  dy: StoredTensor;
  dx: StoredTensor;
}

await useCpuBackend();
const { cases } = await readFixture<{ cases: GoldenCase[] }>("blocks.json");

function layersOf({ choice, stride, inChannels, outChannels }: GoldenCase): BlockLayers {
  return blockLayers(choice, { stage: 0, indexInStage: 0, inChannels, outChannels, stride });
}

function stored({ data, shape }: StoredTensor): Tensor {
  return tf.tensor([...data], shape, "float32");
}

function specs(tensors: Tensor[]): InputSpec[] {
  return tensors.map(({ shape }) => ({ shape, dtype: "float32" }));
}

for (const golden of cases) {
  const { choice, stride, shuffleMethod } = golden;
  const layers = [...golden.main, ...golden.projection];
  const unit = blockUnit("block", layersOf(golden), (shuffleMethod || 1) as ShuffleMethod);
  const name = `choice ${choice}, stride ${stride}, shuffle method ${shuffleMethod}`;

  Deno.test(`blockUnit() gives PyTorch's output, gradients and statistics: ${name}`, () => {
    const parameters = layers.flatMap((
      { weight, gamma, beta },
    ) => [stored(weight), tf.tensor1d(gamma), tf.tensor1d(beta)]);
    const inputs = [stored(golden.x), ...parameters];
    using compiled = eagerCompiler.differentiable(
      { name, inputs: specs(inputs), auxiliaryOutputs: 2 * unit.batchNorms.length },
      ([x, ...own]) => {
        const { outputs, moments } = unit.train([x], own, localBatchNorm(1e-5));
        return [...outputs, ...moments];
      },
    );
    const { outputs: [y, ...moments], residuals } = compiled.forward(inputs);
    const [dx, ...gradients] = compiled.backward([stored(golden.dy)], residuals);
    assertTensorClose(y, golden.y, "y");
    assertTensorClose(dx, golden.dx, "dx");
    assertEquals([gradients.length, moments.length], [3 * layers.length, 2 * layers.length]);
    layers.forEach((layer, i) => {
      assertTensorClose(gradients[3 * i], layer.dWeight, `dWeight ${i}`);
      assertClose(gradients[3 * i + 1], layer.dGamma, `dGamma ${i}`);
      assertClose(gradients[3 * i + 2], layer.dBeta, `dBeta ${i}`);
      const fresh = initialStatistics(unit.batchNorms[i]).map((values) => tf.tensor1d(values));
      const [mean, variance] = updateStatistics(fresh, moments.slice(2 * i, 2 * i + 2), 0.1);
      assertClose(mean, layer.runningMean, `running mean ${i}`);
      assertClose(variance, layer.runningVariance, `running variance ${i}`);
    });
  });

  Deno.test(`blockUnit()'s layers are the fixture's: ${name}`, () => {
    const own = [...layersOf(golden).main, ...layersOf(golden).projection];
    const described = own.map(({ kind, kernel, stride, relu }) => ({ kind, kernel, stride, relu }));
    assertEquals(described, layers.map(({ kind, kernel, stride, relu }) => ({ kind, kernel, stride, relu })));
  });
}

/** A unit's parameters, drawn so that batch norm has something to do. */
function drawn(unit: Unit): Tensor[] {
  return unit.parameters.map(({ name, shape }) => normalTensor([...shape], name));
}

Deno.test("blockUnit() in inference with the batch's own statistics is training's output, at odd sizes too", () => {
  for (const stride of [1, 2] as const) {
    for (const choice of [0, 1, 2, 3]) {
      const shape = { stage: 0, indexInStage: 0, inChannels: stride === 1 ? 16 : 8, outChannels: 16, stride };
      const unit = blockUnit("block", blockLayers(choice, shape), 1);
      const x = normalTensor([2, 7, 5, shape.inChannels], "x");
      const { outputs: [y], moments } = unit.train([x], drawn(unit), repeatableBatchNorm);
      assertEquals(y.shape, stride === 1 ? [2, 7, 5, 16] : [2, 4, 3, 16]);
      const tolerance = { relative: 1e-3, absolute: 1e-4 };
      assertClose(unit.infer([x], drawn(unit), moments)[0], y.dataSync(), `choice ${choice}`, tolerance);
    }
  }
});

Deno.test("blockUnit()'s signature is the same for the same function, whatever its name, and else another", () => {
  const shape = { stage: 0, indexInStage: 1, inChannels: 16, outChannels: 16, stride: 1 } as const;
  const signature = (name: string, choice: number, method: ShuffleMethod): string =>
    blockUnit(name, blockLayers(choice, shape), method).signature;
  assertEquals(signature("a", 0, 1), signature("b", 0, 1));
  const all = [0, 1, 2, 3].flatMap((choice) => [signature("a", choice, 1), signature("a", choice, 2)]);
  assertEquals(new Set(all).size, 8);
});
