import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { blockUnit } from "../../lib/models/block.ts";
import type { ShuffleMethod } from "../../lib/models/channel_shuffle.ts";
import { localBatchNorm, updateStatistics } from "../../lib/nn/batch_norm.ts";
import { eagerCompiler, type InputSpec } from "../../lib/nn/compiled.ts";
import { initialStatistics } from "../../lib/nn/init.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { blockLayers } from "../../lib/space/block_layers.ts";
import { authorsChoices, type KnownChoice } from "../../lib/space/search_space.ts";
import { assertClose, assertTensorClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { goldenBlocks, goldenParameters, stored } from "./_golden_blocks.ts";
import { repeatableBatchNorm } from "./_inference_statistics.ts";

await useCpuBackend();

function specs(tensors: Tensor[]): InputSpec[] {
  return tensors.map(({ shape }) => ({ shape, dtype: "float32" }));
}

for (const { name, layers, unit, golden, pass } of await goldenBlocks()) {
  Deno.test(`blockUnit() gives PyTorch's output, gradients and statistics: ${name}`, () => {
    const inputs = [stored(pass.x), ...goldenParameters(golden)];
    using compiled = eagerCompiler.differentiable(
      { name, inputs: specs(inputs), auxiliaryOutputs: 2 * unit.batchNorms.length },
      ([x, ...own]) => {
        const { outputs, moments } = unit.train([x], own, localBatchNorm(1e-5));
        return [...outputs, ...moments];
      },
    );
    const { outputs: [y, ...moments], residuals } = compiled.forward(inputs);
    const [dx, ...gradients] = compiled.backward([stored(pass.dy)], residuals);
    assertTensorClose(y, pass.y, "y");
    assertTensorClose(dx, pass.dx, "dx");
    assertEquals([gradients.length, moments.length], [3 * golden.length, 2 * golden.length]);
    golden.forEach((layer, i) => {
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
    const described = [...layers.main, ...layers.projection]
      .map(({ kind, kernel, stride, relu }) => ({ kind, kernel, stride, relu }));
    assertEquals(described, golden.map(({ kind, kernel, stride, relu }) => ({ kind, kernel, stride, relu })));
  });
}

/** A unit's parameters, drawn so that batch norm has something to do. */
function drawn(unit: Unit): Tensor[] {
  return unit.parameters.map(({ name, shape }) => normalTensor([...shape], name));
}

/** The authors' choices, one that they have not, and ResNet's. */
const choices: KnownChoice[] = [...authorsChoices, { kind: "xception", kernel: 5 }, { kind: "bottleneck" }];

Deno.test("blockUnit() in inference with the batch's own statistics is training's output, at odd sizes too", () => {
  for (const stride of [1, 2] as const) {
    for (const choice of choices) {
      const shape = { stage: 0, indexInStage: 0, inChannels: stride === 1 ? 16 : 8, outChannels: 16, stride };
      const unit = blockUnit("block", blockLayers(choice, shape), 1);
      const x = normalTensor([2, 7, 5, shape.inChannels], "x");
      const { outputs: [y], moments } = unit.train([x], drawn(unit), repeatableBatchNorm);
      assertEquals(y.shape, stride === 1 ? [2, 7, 5, 16] : [2, 4, 3, 16]);
      const tolerance = { relative: 1e-3, absolute: 1e-4 };
      assertClose(unit.infer([x], drawn(unit), moments)[0], y.dataSync(), unit.signature, tolerance);
    }
  }
});

Deno.test("blockUnit()'s signature is the same for the same function, whatever its name, and else another", () => {
  const shape = { stage: 0, indexInStage: 1, inChannels: 16, outChannels: 16, stride: 1 } as const;
  const signature = (name: string, choice: KnownChoice, method: ShuffleMethod): string =>
    blockUnit(name, blockLayers(choice, shape), method).signature;
  assertEquals(signature("a", choices[0], 1), signature("b", choices[0], 1));
  const shuffles = choices.filter(({ kind }) => kind !== "bottleneck");
  const all = shuffles.flatMap((choice) => [signature("a", choice, 1), signature("a", choice, 2)]);
  assertEquals(new Set([...all, signature("a", { kind: "bottleneck" }, 1)]).size, 11);
  assertEquals(signature("a", { kind: "bottleneck" }, 1), signature("a", { kind: "bottleneck" }, 2));
});

Deno.test("a bottleneck starts with the variance that He et al. give its outputs, and its batch norms at 1 and 0", () => {
  const shape = { stage: 0, indexInStage: 0, inChannels: 8, outChannels: 32, stride: 2 } as const;
  const { parameters } = blockUnit("block", blockLayers({ kind: "bottleneck" }, shape), 1);
  const inits = Object.fromEntries(parameters.map(({ name, init }) => [name, init]));
  assertEquals(inits["main.1.weight"], { kind: "normal", std: Math.sqrt(2 / (9 * 8)) });
  assertEquals(inits["main.2.weight"], { kind: "normal", std: Math.sqrt(2 / 32) });
  assertEquals(inits["projection.0.scale"], { kind: "constant", value: 1 });
  assertEquals(inits["main.2.shift"], { kind: "constant", value: 0 });
});
