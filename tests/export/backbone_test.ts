import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { backboneGraph, type TrainedNetwork } from "../../lib/export/network_graph.ts";
import { encodeOnnx } from "../../lib/export/onnx.ts";
import { weightsFiles } from "../../lib/export/weights_export.ts";
import { blockShapes } from "../../lib/space/search_space.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { assertClose, readFixture, type StoredTensor } from "../helpers/close.ts";
import { useEngine } from "../helpers/engine.ts";
import { backboneCases, seededImage, unitsOf } from "./_backbone_cases.ts";
import { runOnnx, startOnnx } from "./_onnx_session.ts";

/** PyTorch's features, and the module and weights that gave them. */
interface TorchBackbone {
  readonly module: string;
  readonly weightsSha256: string;
  readonly features: readonly StoredTensor[];
}

await useEngine();
await startOnnx();
const torch = await readFixture<Record<string, TorchBackbone>>("backbones.json");

/** Each stage's output, of the project's own units. */
function ownFeatures(network: TrainedNetwork): StoredTensor[] {
  return tf.tidy(() => {
    const [stem, ...blocks] = unitsOf(network);
    const shapes = blockShapes(network.config.space);
    let x = infer(stem, tf.tensor(seededImage.data, [...seededImage.shape]), network);
    const stages: Tensor[] = [];
    blocks.forEach((block, i) => stages[shapes[i].stage] = x = infer(block, x, network));
    return stages.map((stage) => ({ shape: stage.shape, data: [...stage.dataSync()] }));
  }) as unknown as StoredTensor[];
}

function infer(unit: Unit, x: Tensor, { tensors }: TrainedNetwork): Tensor {
  const of = (name: string): Tensor => {
    const { data, shape } = tensors.get(`${unit.name}.${name}`)!;
    return tf.tensor(data as Float32Array, [...shape]);
  };
  const statistics = unit.batchNorms.flatMap(({ name }) => [of(`${name}.mean`), of(`${name}.variance`)]);
  return unit.infer([x], unit.parameters.map(({ name }) => of(name)), statistics)[0];
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

for (const { name, network } of backboneCases) {
  const wanted = torch[name].features;

  Deno.test(`${name}: PyTorch computes with the exported weights what the backbone computes`, () => {
    const found = ownFeatures(network);
    assertEquals(found.map(({ shape }) => shape), wanted.map(({ shape }) => shape));
    found.forEach(({ data }, i) => assertClose(data, wanted[i].data, `c${i + 2}`));
  });

  Deno.test(`${name}: module and weights are still those that PyTorch computed it with`, async () => {
    const [weights, module] = weightsFiles(network);
    assertEquals([weights.name, module.name], ["backbone.safetensors", "backbone.py"]);
    assertEquals(new TextDecoder().decode(module.bytes), torch[name].module);
    assertEquals(await sha256(weights.bytes), torch[name].weightsSha256);
  });

  Deno.test(`${name}: the ONNX backbone computes the same, on an image of any size`, async () => {
    const found = await runOnnx(encodeOnnx(backboneGraph(network)), { image: seededImage });
    wanted.forEach(({ shape, data }, i) => {
      assertEquals(found[`c${i + 2}`].shape, shape);
      assertClose(found[`c${i + 2}`].data, data, `c${i + 2}`);
    });
  });
}
