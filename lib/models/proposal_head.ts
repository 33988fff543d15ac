/**
 * The region proposal network's head (Ren et al. 2015, "Faster R-CNN", section 3.1): whether there is an object at an
 * anchor, and where.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { MapLayer } from "../nn/map_network.ts";
import type { BatchNormTraining, TrainingPass, Unit } from "../nn/unit.ts";
import type { ConvInit } from "./conv_layer.ts";
import { plainConv } from "./conv_layer.ts";
import { headMaps } from "./head_maps.ts";
import { byAnchor, onAllLevels } from "./levels_part.ts";
import { allOf, parametersOf } from "./part.ts";

/** What the head is made of. */
export interface ProposalHeadShape {
  /** How many levels there are. */
  readonly levels: number;
  /** Channels of the levels and of the head. */
  readonly channels: number;
  /** Anchors a cell, A. */
  readonly anchorsPerCell: number;
}

/**
 * The head as a unit, name `proposalHead`. Inputs: one `[N, H_l, W_l, channels]` a level. Outputs: logits of an object
 * `[N, R]` and box deltas `[N, R, 4]` over all anchors, in the order level, row, column, anchor. A 3x3 convolution
 * with ReLU, then 1x1 ones for the two, the same on all levels, all with a bias and none normalised. Weights start at
 * N(0, 0.01^2), biases at 0.
 */
export function proposalHeadUnit({ levels, channels, anchorsPerCell }: ProposalHeadShape): Unit {
  const layers = [
    conv(3, channels, channels),
    conv(1, channels, anchorsPerCell),
    conv(1, channels, 4 * anchorsPerCell),
  ];
  const parts = ["hidden", "object", "box"].map((name, i) => plainConv(name, layers[i], init));
  const [hidden, object, box] = parts.map(onAllLevels);
  const run = (inputs: Tensor[], parameters: Tensor[]): Tensor[] => {
    const own = parametersOf(parts, parameters);
    const features = hidden.infer(inputs, own[0], []);
    const logits = tf.concat(object.infer(features, own[1], []).map((y) => byAnchor(y, 1)), 1);
    const deltas = tf.concat(box.infer(features, own[2], []).map((y) => byAnchor(y, 4)), 1);
    return [tf.reshape(logits, logits.shape.slice(0, 2)), deltas];
  };
  return {
    name: "proposalHead",
    signature: `proposalHead (${parts.map((part) => part.signature).join("; ")})`,
    ...allOf(parts),
    maps: headMaps(levels, layers.slice(0, 1), [
      { layers: [layers[1]], row: [] },
      { layers: [layers[2]], row: [4] },
    ]),
    // Without batch norm, training's pass is inference's.
    train: (inputs: Tensor[], parameters: Tensor[], _batchNorm: BatchNormTraining): TrainingPass => ({
      outputs: run(inputs, parameters),
      moments: [],
    }),
    infer: (inputs, parameters) => run(inputs, parameters),
  };
}

const init: ConvInit = { weight: { kind: "normal", std: 0.01 }, shift: 0 };

function conv(kernel: 1 | 3, inChannels: number, outChannels: number): MapLayer {
  const kind = kernel === 1 ? "pointwise" : "conv";
  return { kind, kernel, stride: 1, inChannels, outChannels, bias: true, relu: kernel === 3, norms: 0 };
}
