/**
 * The convolution layers of all models: with batch norm, and plain.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { batchNormAffine, batchNormEpsilon } from "../nn/batch_norm.ts";
import type { ConvShape } from "../nn/conv.ts";
import { convolve, convWeightShape } from "../nn/conv.ts";
import { relu } from "../nn/relu.ts";
import type { BatchNormTraining, Initialiser, ParameterSpec } from "../nn/unit.ts";
import type { Part, PartPass } from "./part.ts";

/** A convolution layer: shape, bias and whether ReLU ends it. `lib/space` describes the backbone's so. */
export interface ConvLayerShape extends ConvShape {
  /** Whether the convolution adds a bias of its own. */
  readonly bias: boolean;
  /** Whether ReLU comes last. */
  readonly relu: boolean;
}

/** How a layer's parameters start; scales start at 1 and biases before batch norm at 0. */
export interface ConvInit {
  /** The convolution's weight. */
  readonly weight: Initialiser;
  /** Batch norm's shift, or a plain layer's bias. */
  readonly shift: number;
}

/**
 * Convolution, batch norm and, if the layer says so, ReLU. A bias before batch norm can't change the output, since
 * batch norm takes the mean away again: in training it is added to the mean alone, and gets a zero gradient.
 *
 * @param name Prefix of the parameters' names: `name.weight`, `name.bias` if any, `name.scale`, `name.shift`.
 * @param layer The layer's shape.
 * @param init How its parameters start.
 */
export function normedConv(name: string, layer: ConvLayerShape, init: ConvInit): Part {
  return {
    signature: `${layerSignature(layer)} normed`,
    parameters: [
      weightSpec(name, layer, init),
      ...(layer.bias ? [biasSpec(name, layer, 0)] : []),
      ...normSpecs(name, layer.outChannels, init.shift),
    ],
    batchNorms: [{ name, channels: layer.outChannels }],
    train: (x, parameters, batchNorm) => trainNormed(layer, x, parameters, batchNorm),
    infer: (x, parameters, statistics) => inferNormed(layer, x, parameters, statistics),
  };
}

/**
 * Convolution with bias (if the layer has one), and ReLU if it says so; no batch norm.
 *
 * @param name Prefix of the parameters' names: `name.weight`, `name.bias`.
 * @param layer The layer's shape.
 * @param init How its parameters start.
 */
export function plainConv(name: string, layer: ConvLayerShape, init: ConvInit): Part {
  const run = (x: Tensor, [weight, bias]: Tensor[]): Tensor => {
    const y = convolve(x, weight, layer);
    return activated(layer, bias === undefined ? y : tf.add(y, bias));
  };
  return {
    signature: layerSignature(layer),
    parameters: [weightSpec(name, layer, init), ...(layer.bias ? [biasSpec(name, layer, init.shift)] : [])],
    batchNorms: [],
    train: (x, parameters) => ({ y: run(x, parameters), moments: [] }),
    infer: (x, parameters) => run(x, parameters),
  };
}

/** A convolution's weight, as a parameter. */
export function weightSpec(name: string, layer: ConvShape, init: ConvInit): ParameterSpec {
  return { name: `${name}.weight`, shape: convWeightShape(layer), role: "weight", init: init.weight };
}

/** A batch norm's scale and shift, as parameters. */
export function normSpecs(name: string, channels: number, shift: number): ParameterSpec[] {
  return [
    { name: `${name}.scale`, shape: [channels], role: "bnScale", init: { kind: "constant", value: 1 } },
    { name: `${name}.shift`, shape: [channels], role: "bnShift", init: { kind: "constant", value: shift } },
  ];
}

function layerSignature(
  { kind, kernel, stride, inChannels, outChannels, bias, relu }: ConvLayerShape,
): string {
  return `${kind} ${kernel}/${stride} ${inChannels}-${outChannels}${bias ? " bias" : ""}${
    relu ? " relu" : ""
  }`;
}

function biasSpec(name: string, layer: ConvShape, value: number): ParameterSpec {
  return {
    name: `${name}.bias`,
    shape: [layer.outChannels],
    role: "bias",
    init: { kind: "constant", value },
  };
}

function trainNormed(
  layer: ConvLayerShape,
  x: Tensor,
  parameters: Tensor[],
  batchNorm: BatchNormTraining,
): PartPass {
  const { weight, bias, scale, shift } = named(layer, parameters);
  const connected = bias === undefined ? shift : tf.add(shift, tf.mul(bias, 0)); // gives the bias its zero gradient
  const { y, mean, variance } = batchNorm(convolve(x, weight, layer), scale, connected);
  const shifted = bias === undefined ? mean : tf.add(mean, bias);
  return { y: activated(layer, y), moments: [shifted, variance] };
}

/** Batch norm is folded into the weight and one offset, which saves a pass over the activations. */
function inferNormed(layer: ConvLayerShape, x: Tensor, parameters: Tensor[], statistics: Tensor[]): Tensor {
  const { weight, bias, scale, shift } = named(layer, parameters);
  const [mean, variance] = statistics;
  const convMean = bias === undefined ? mean : tf.sub(mean, bias);
  const { factor, offset } = batchNormAffine(scale, shift, convMean, variance, batchNormEpsilon);
  const perOutput = layer.kind === "depthwise" ? tf.reshape(factor, [-1, 1]) : factor; // [C, 1] or [O]
  return activated(layer, tf.add(convolve(x, tf.mul(weight, perOutput), layer), offset));
}

function named(
  layer: ConvLayerShape,
  parameters: Tensor[],
): { weight: Tensor; bias: Tensor | undefined; scale: Tensor; shift: Tensor } {
  const [weight, ...rest] = parameters;
  const [scale, shift] = layer.bias ? rest.slice(1) : rest;
  return { weight, bias: layer.bias ? rest[0] : undefined, scale, shift };
}

function activated(layer: ConvLayerShape, y: Tensor): Tensor {
  return layer.relu ? relu(y) : y;
}
