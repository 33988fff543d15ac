/**
 * A backbone's weights for other frameworks: safetensors in PyTorch's layout and vocabulary, batch norm not folded, so
 * that it can be trained on. `docs/export.md` documents the names.
 *
 * @module
 */
import { blockLayers, type ConvLayer, stemLayers } from "../space/block_layers.ts";
import { blockShapes } from "../space/search_space.ts";
import type { StoredTensor, TensorMap } from "../train/safetensors.ts";
import { convWeightShape } from "../nn/conv.ts";
import { outputsFirst } from "./conv_weights.ts";
import type { TrainedNetwork } from "./network_graph.ts";
import { NetworkWeights } from "./network_weights.ts";

/** A convolution with its batch norm: where it is found in the run's weights, and where it goes. */
interface NamedLayer {
  readonly from: string;
  readonly to: string;
  readonly layer: ConvLayer;
}

/**
 * The tensors by PyTorch's names, float32: of `stem`, `blocks.I.main.J` and `blocks.I.projection.J` (block and layer from
 * 0) each `.conv.weight` `[O, I, K, K]` (depthwise `[C, 1, K, K]`), `.conv.bias` if it has one, and `.norm.weight`,
 * `.norm.bias`, `.norm.running_mean` and `.norm.running_var`, `[O]` each. The stem's weight is for images in RGB.
 *
 * @throws {RangeError} If a tensor is missing or has another shape; it is named.
 */
export function backboneTensors(network: TrainedNetwork): TensorMap {
  const weights = new NetworkWeights(network.tensors);
  const tensors = layersOf(network).flatMap((named) => tensorsOf(weights, named));
  return new Map(
    tensors.map(([name, shape, data]): [string, StoredTensor] => [name, { dtype: "F32", shape, data }]),
  );
}

function layersOf({ config: { space }, choices }: TrainedNetwork): NamedLayer[] {
  const blocks = blockShapes(space).flatMap((shape, i) => {
    const layers = blockLayers(space.choices[choices[i]], shape);
    return (["main", "projection"] as const).flatMap((part) =>
      layers[part].map((layer, j) => ({
        from: `blocks.${i}.${choices[i]}.${part}.${j}`,
        to: `blocks.${i}.${part}.${j}`,
        layer,
      }))
    );
  });
  return [{ from: "stem.conv", to: "stem", layer: stemLayers(space).conv }, ...blocks];
}

type NamedTensor = readonly [name: string, shape: readonly number[], data: Float32Array];

function tensorsOf(weights: NetworkWeights, { from, to, layer }: NamedLayer): NamedTensor[] {
  const { kind, kernel, outChannels } = layer;
  const inputs = kind === "depthwise" ? 1 : layer.inChannels;
  const stored = weights.of(`${from}.weight`, convWeightShape(layer));
  const ordered = outputsFirst(stored, { kernel, inputs, outputs: outChannels });
  const weight = to === "stem" ? inputsReversed(ordered, kernel, inputs) : ordered;
  const vector = (own: string, name: string): NamedTensor => [
    `${to}.${name}`,
    [outChannels],
    weights.of(`${from}.${own}`, [outChannels]),
  ];
  return [
    [`${to}.conv.weight`, [outChannels, inputs, kernel, kernel], weight],
    ...(layer.bias ? [vector("bias", "conv.bias")] : []),
    vector("scale", "norm.weight"),
    vector("shift", "norm.bias"),
    vector("mean", "norm.running_mean"),
    vector("variance", "norm.running_var"),
  ];
}

/** `[O, I, K, K]` with the inputs from BGR to RGB. */
function inputsReversed(weight: Float32Array, kernel: number, inputs: number): Float32Array {
  const cells = kernel * kernel;
  return weight.map((_, at) => {
    const input = Math.floor(at / cells) % inputs;
    return weight[at + (inputs - 1 - 2 * input) * cells];
  });
}
