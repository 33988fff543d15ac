/**
 * A trained network's numbers as a graph needs them: by name, with batch norm folded into the convolutions.
 *
 * @module
 */
import { batchNormEpsilon } from "../nn/batch_norm.ts";
import { type ConvShape, convWeightShape } from "../nn/conv.ts";
import type { TensorMap } from "../train/safetensors.ts";
import type { DenseWeights, FoldedConv } from "./graph_builder.ts";

/** A convolution's shape, and what follows it. */
export interface ExportedConv extends ConvShape {
  /** Whether it adds a bias of its own. */
  readonly bias: boolean;
  /** Whether ReLU comes last. */
  readonly relu: boolean;
}

/** The weights of one network, of a checkpoint's `network.safetensors`. */
export class NetworkWeights {
  readonly #tensors: TensorMap;

  /** @param tensors By name `<unit>.<parameter>`, and `<unit>.<batch norm>.mean` and `.variance`. */
  constructor(tensors: TensorMap) {
    this.#tensors = tensors;
  }

  /**
   * One tensor's elements.
   *
   * @param shape What it must have.
   * @throws {RangeError} If there is no such float32 tensor, or it has another shape.
   */
  of(name: string, shape: readonly number[]): Float32Array {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new RangeError(`Cannot export the network as tensor ${name} is missing`);
    if (tensor.dtype === "F32" && String(tensor.shape) === String(shape)) return tensor.data;
    throw new RangeError(
      `Cannot export tensor ${name}: it is ${tensor.dtype} [${tensor.shape}], want F32 [${shape}]`,
    );
  }

  /** A convolution that batch norm follows, both as one: weight times factor, and one offset a channel. */
  normed(name: string, layer: ExportedConv, norm = name): FoldedConv {
    const { outChannels } = layer;
    const [scale, shift, mean, variance] = ["scale", "shift", "mean", "variance"].map((part) =>
      this.of(`${norm}.${part}`, [outChannels])
    );
    const own = layer.bias ? this.of(`${name}.bias`, [outChannels]) : null;
    const factor = scale.map((value, c) => value / Math.sqrt(variance[c] + batchNormEpsilon));
    const bias = shift.map((value, c) => value + ((own?.[c] ?? 0) - mean[c]) * factor[c]);
    const weight = this.of(`${name}.weight`, convWeightShape(layer)).map((value, i) =>
      value * factor[i % outChannels]
    );
    return { ...layer, weight, bias };
  }

  /** A convolution that nothing normalises. */
  plain(name: string, layer: ExportedConv): FoldedConv {
    const { outChannels } = layer;
    const bias = layer.bias ? this.of(`${name}.bias`, [outChannels]) : new Float32Array(outChannels);
    return { ...layer, weight: this.of(`${name}.weight`, convWeightShape(layer)), bias };
  }

  /** A linear layer. */
  dense(name: string, inputs: number, outputs: number): DenseWeights {
    return { weight: this.of(`${name}.weight`, [inputs, outputs]), bias: this.of(`${name}.bias`, [outputs]) };
  }
}
