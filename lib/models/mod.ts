/**
 * `@detnas/detnas/models`: what supernets, subnets and detectors are built of, and blocks and heads of one's own. Models are
 * plain functions of tfjs tensors, which the engine runs (training uses kernels that only it has). Building them asks for no
 * permission.
 *
 * @module
 */

// The contract: pieces of a network, and who runs them
export type {
  BatchNormSpec,
  BatchNormTraining,
  Initialiser,
  NormalisedBatch,
  ParameterSpec,
  TrainingPass,
  Unit,
} from "../nn/unit.ts";
export {
  type Compiled,
  type CompiledFunction,
  type Compiler,
  type DifferentiableSpec,
  eagerCompiler,
  type ForwardResult,
  type InputSpec,
  type TensorFunction,
} from "../nn/compiled.ts";
export type { BlockKernels, UnitLayers } from "../nn/block_kernels.ts";
export type { MomentReducer } from "../nn/sync_batch_norm.ts";
export type { Architecture } from "../space/architecture.ts";
export type { BlockShape, CustomChoice, SearchSpace } from "../space/search_space.ts";
export type { ConvLayer } from "../space/block_layers.ts";
export type {
  EveryOtherStep,
  LayerStep,
  MapLayer,
  MapNetwork,
  MapOutput,
  MapStep,
  ReluStep,
  SumStep,
} from "../nn/map_network.ts";
export type { NormedBlock, NormedLayer } from "../nn/normed_block.ts";

// Pieces
export {
  allOf,
  chain,
  type Holder,
  parametersOf,
  type Part,
  type PartPass,
  statisticsOf,
  unitOf,
} from "./part.ts";
export {
  headUnit,
  levelsChain,
  type LevelsPart,
  type LevelsPass,
  onAllLevels,
  onAnchors,
} from "./levels_part.ts";
export { type ConvInit, type ConvLayerShape, normedConv, plainConv } from "./conv_layer.ts";
export { linear, type LinearShape } from "./linear.ts";
export { backboneInit, resNetInit } from "./block.ts";
export { convolve, type ConvShape, convWeightShape } from "../nn/conv.ts";
export { batchNormEpsilon, localBatchNorm } from "../nn/batch_norm.ts";
export { globalAveragePool } from "../nn/pool.ts";
export { relu } from "../nn/relu.ts";
export {
  type FocalLossSettings,
  labelSmoothedCrossEntropy,
  sigmoidCrossEntropy,
  sigmoidFocalLoss,
  smoothL1Loss,
  softmaxCrossEntropyLoss,
} from "../nn/losses.ts";

// Networks
export { type CustomBlock, customBlock, type CustomBlockOptions } from "./custom_block.ts";
export { type Supernet, supernet } from "./backbone.ts";
export type { ShuffleMethod } from "./channel_shuffle.ts";
export { type Classifier, classifierUnit } from "./classifier.ts";
export { type DetectorNorm, type ExtraLevels, fpnUnit, type PyramidShape, pyramidTaps } from "./fpn.ts";
export { headMaps, type HeadPredictor } from "./head_maps.ts";
export { type RetinaHeadShape, retinaHeadUnit } from "./retina_head.ts";
export { retinaLoss, type RetinaLossSettings } from "./retina_loss.ts";
