/**
 * From a run's trained network to a graph: the whole detector, post-processing included, or its backbone.
 *
 * @module
 */
import type { DetectorConfig } from "../config/schema.ts";
import type { Canvas } from "../data/canvas.ts";
import type { ShuffleMethod } from "../models/channel_shuffle.ts";
import type { Architecture } from "../space/architecture.ts";
import type { KnownChoice, SearchSpace } from "../space/search_space.ts";
import type { TensorMap } from "../train/safetensors.ts";
import { addBackbone } from "./backbone_graph.ts";
import { addFasterRcnn } from "./faster_rcnn_graph.ts";
import type { ExportGraph, Value } from "./graph.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { NetworkWeights } from "./network_weights.ts";
import { addPyramid } from "./pyramid_graph.ts";
import { addRetinaDetector, type DetectionValues } from "./retina_graph.ts";

/** A trained network. */
export interface TrainedNetwork {
  readonly config: {
    readonly space: SearchSpace<KnownChoice>;
    readonly shuffleMethod: ShuffleMethod;
    readonly detector: DetectorConfig;
  };
  /** The architecture whose weights they are. */
  readonly choices: Architecture;
  /** As the run's `network.safetensors` has them. */
  readonly tensors: TensorMap;
  /** The classes' names, in order. */
  readonly classes: readonly string[];
}

/**
 * A detector as one graph, see {@linkcode ExportGraph} for what goes in and out. It computes what `deno task evaluate`
 * does with an image on this canvas.
 *
 * @param canvas The size of the images that it takes; one of the config's, or any other with sides of at least 32.
 * @throws {RangeError} If a tensor is missing or has another shape; it is named.
 */
export function detectorGraph(network: TrainedNetwork, canvas: Canvas): ExportGraph {
  const { config: { detector, space }, tensors } = network;
  const [builder, weights] = [new GraphBuilder(), new NetworkWeights(tensors)];
  const image = builder.input("image", [1, canvas.heightPx, canvas.widthPx, 3]);
  const extent = builder.input("extent", [2]);
  const limits = builder.concat("limits", [extent, extent], 0);
  const stages = addBackbone(builder, weights, image, { ...network.config, choices: network.choices });
  const extraLevels = detector.kind === "retinanet" ? "convolved" : "subsampled";
  const pyramid = { ...detector, extraLevels, stageChannels: space.stageChannels } as const;
  const levels = addPyramid(builder, weights, stages, pyramid);
  const { boxes, scores, classes } = addDetector(builder, weights, levels, limits, network, canvas);
  return builder.build("detector", { boxes, scores, classes });
}

/**
 * The backbone as a graph of any number of images of any size.
 *
 * @throws {RangeError} If a tensor is missing or has another shape; it is named.
 */
export function backboneGraph({ config, choices, tensors }: TrainedNetwork): ExportGraph {
  const builder = new GraphBuilder();
  const image = builder.input("image", [null, null, null, 3]);
  const stages = addBackbone(builder, new NetworkWeights(tensors), image, { ...config, choices });
  return builder.build("backbone", Object.fromEntries(stages.map((stage, i) => [`c${i + 2}`, stage])));
}

function addDetector(
  builder: GraphBuilder,
  weights: NetworkWeights,
  levels: readonly Value[],
  limits: Value,
  { config: { detector: config }, classes: { length: classes } }: TrainedNetwork,
  canvas: Canvas,
): DetectionValues {
  switch (config.kind) {
    case "retinanet":
      return addRetinaDetector(builder, weights, levels, limits, { config, classes, canvas });
    case "faster-rcnn":
      return addFasterRcnn(builder, weights, levels, limits, { config, classes, canvas });
  }
}
