/** A block of one's own as a choice of a search space: MobileNetV2's inverted residual (Sandler et al. 2018). */
import * as tf from "@tensorflow/tfjs-core";
import { type BlockShape, type ConvLayer, layersCost } from "@detnas/detnas";
import { backboneInit, chain, customBlock, normedConv } from "@detnas/detnas/models";
import type { CustomBlock, Part, PartPass } from "@detnas/detnas/models";

/** Wide in the middle, with a 5x5 depthwise convolution there, and no ReLU at the end. */
function layers({ inChannels, outChannels, stride }: BlockShape): ConvLayer[] {
  const inner = 3 * inChannels;
  const pointwise = { kind: "pointwise", kernel: 1, stride: 1, bias: false } as const;
  return [
    { ...pointwise, inChannels, outChannels: inner, relu: true },
    { kind: "depthwise", kernel: 5, stride, inChannels: inner, outChannels: inner, relu: true, bias: false },
    { ...pointwise, inChannels: inner, outChannels, relu: false },
  ];
}

/** Any pure functions of tensors will do as a part; these add what a part gives to what it gets. */
function residual(part: Part): Part {
  return {
    ...part,
    train(x, parameters, batchNorm): PartPass {
      const { y, moments } = part.train(x, parameters, batchNorm);
      return { y: tf.add(x, y), moments };
    },
    infer: (x, parameters, statistics) => tf.add(x, part.infer(x, parameters, statistics)),
  };
}

/** The choice, for a search space's `choices`. */
export const invertedResidual: CustomBlock = customBlock({
  name: "inverted residual 5x5",
  macs: (block, inputSidePx) => layersCost(layers(block), inputSidePx).macs,
  part(block): Part {
    const main = chain(layers(block).map((layer, i) => normedConv(`${i}`, layer, backboneInit(layer))));
    return block.stride === 1 ? residual(main) : main;
  },
});
