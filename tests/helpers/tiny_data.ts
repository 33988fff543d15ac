/**
 * Trainings small enough for tests: the config `shapes-tiny`, its data and its networks, on whatever device.
 *
 * @module
 */
import { parseConfig } from "../../lib/config/parse_config.ts";
import type { ClassificationTraining, Config } from "../../lib/config/schema.ts";
import { ClassificationLoader, DetectionLoader } from "../../lib/data/loader.ts";
import type {
  ClassificationBatch,
  ClassificationSet,
  DetectionBatch,
  DetectionSet,
} from "../../lib/data/sample.ts";
import { shapesClassification, shapesDetection } from "../../lib/data/shapes.ts";
import { supernet } from "../../lib/models/backbone.ts";
import { classifierUnit } from "../../lib/models/classifier.ts";
import { batchNormEpsilon, localBatchNorm } from "../../lib/nn/batch_norm.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { ClassificationModel, type ClassificationSettings } from "../../lib/train/classification_model.ts";
import type { Device } from "../../lib/train/device.ts";
import { type DetectorOnDevice, detectorOnDevice } from "../../lib/train/finetuning.ts";
import { loading } from "../../lib/train/loaded_set.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { UnitRunner } from "../../lib/train/unit_runner.ts";
import { shapesTiny } from "../../tasks/configs/shapes_tiny.ts";

/** The config: five blocks, images of 32 and 64 pixels; every detection counts, so that scores are not all 0. */
export const tinyConfig: Config = parseConfig({
  ...shapesTiny,
  device: { kind: "cpu", threads: 2 },
  detector: { ...shapesTiny.detector, scoreThreshold: 0 },
}, "shapes-tiny");

/** The same under a detector of two stages. */
export const tinyTwoStageConfig: Config = parseConfig({
  ...tinyConfig,
  detector: {
    kind: "faster-rcnn",
    levels: [2, 6],
    channels: 16,
    norm: "batch",
    scalesPerOctave: 1,
    aspectRatios: [0.5, 1, 2],
    anchorScale: 4,
    scoreThreshold: 0,
    nmsIou: 0.5,
    maxDetections: 20,
    canvases: [[64, 64]],
    proposals: {
      foregroundIou: 0.7,
      backgroundIou: 0.3,
      anchorsPerImage: 64,
      positiveShare: 0.5,
      smoothL1Beta: 1 / 9,
      nmsIou: 0.7,
      trainingCandidatesPerLevel: 100,
      trainingProposals: 50,
      candidatesPerLevel: 50,
      proposals: 20,
    },
    boxHead: {
      foregroundIou: 0.5,
      proposalsPerImage: 16,
      positiveShare: 0.25,
      poolSide: 3,
      samplingRatio: 2,
      convs: 1,
      hidden: 32,
      smoothL1Beta: 1,
    },
  },
}, "shapes-tiny, two stages");

/** How the tiny supernet is pre-trained. */
export const tinyPretraining: ClassificationTraining = tinyConfig.pretrain!;

/** Two architectures that share no choice. */
export const [tinyArchitecture, otherArchitecture]: readonly (readonly number[])[] = [[0, 1, 2, 3, 0], [
  3,
  2,
  0,
  1,
  2,
]];

/** Generated images with boxes, 64 x 64 pixels. */
export function tinyDetectionSet(split: string, count: number): DetectionSet {
  return shapesDetection({ seed: 1, split, count, widthPx: 64, heightPx: 64 });
}

/** Generated images with labels, ten classes, 32 x 32 pixels. */
export function tinyClassificationSet(split: string, imagesPerClass: number): ClassificationSet {
  return shapesClassification({ seed: 1, split, imagesPerClass, imagePx: 32 });
}

/** A loader of unchanged images; batches are those of `evaluationBatches()`. */
export function tinyDetectionLoader(set: DetectionSet, batchSize: number): DetectionLoader {
  const unchanged = { flip: false, verticalFlip: false, scaleJitter: [1, 1] } as const;
  return new DetectionLoader(set, { ...loading(tinyConfig), ...unchanged, batchSize });
}

/** One batch of images with boxes. */
export async function tinyDetectionBatch(images: number): Promise<DetectionBatch> {
  using loader = tinyDetectionLoader(tinyDetectionSet("train", images), images);
  return (await loader.evaluationBatches().next()).value!.batch;
}

/** One batch of images with labels, one of each class. */
export async function tinyClassificationBatch(): Promise<ClassificationBatch> {
  const set = tinyClassificationSet("train", 1);
  const options = { ...tinyPretraining, seed: 1, maxImagePixels: 1e6, batchSize: set.samples.length };
  using loader = new ClassificationLoader(set, options);
  return (await loader.evaluationBatches().next()).value!.batch;
}

/** A network under training: dispose it, and nothing is left. */
export interface TinyNetwork<Model> extends Disposable {
  readonly model: Model;
  readonly state: NetworkState;
  /** The backbone's, then the rest. */
  readonly units: readonly Unit[];
}

/** The same for a model, without dropout unless told otherwise. */
export const tinyClassificationSettings: ClassificationSettings = {
  ...tinyPretraining,
  dropout: 0,
  decayOn: "matrices",
  biasLearningRateFactor: 1,
  seed: 1,
};

/** The supernet under its classifier. */
export function tinyClassifier(
  device: Device,
  settings = tinyClassificationSettings,
): TinyNetwork<ClassificationModel> {
  const net = supernet(tinyConfig.space, 1);
  const classifier = classifierUnit(tinyConfig.space, 10);
  const runner = new UnitRunner(device.compiler, localBatchNorm(batchNormEpsilon));
  const model = new ClassificationModel(device, runner, net, classifier, settings);
  const units = [net.stem, ...net.blocks.flat(), classifier];
  return network(model, runner, units);
}

/** The supernet (or one architecture) under the detector. */
export function tinyDetector(
  device: Device,
  only: readonly number[] | null = null,
  config = tinyConfig,
): TinyNetwork<DetectorOnDevice["model"]> {
  const { model, runner, units } = detectorOnDevice(device, config, 5, only);
  return network(model, runner, units);
}

function network<Model extends Disposable>(
  model: Model,
  runner: UnitRunner,
  units: readonly Unit[],
): TinyNetwork<Model> {
  const state = new NetworkState(units, 1);
  return {
    model,
    state,
    units,
    [Symbol.dispose](): void {
      for (const resource of [model, runner, state]) resource[Symbol.dispose]();
    },
  };
}

/** A network's tensors by name, as bytes: equal only if no bit has moved, and NaN equals itself. */
export function bytesByName(state: NetworkState): Map<string, Uint8Array> {
  return new Map([...state.toHost()].map(([name, { data }]) => [name, bytesOf(data)]));
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

/** Names of the tensors that differ between two moments of a network. */
export function movedTensors(
  before: ReadonlyMap<string, Uint8Array>,
  after: ReadonlyMap<string, Uint8Array>,
): string[] {
  return [...after].filter(([name, bytes]) => String(bytes) !== String(before.get(name))).map(([name]) =>
    name
  );
}

/**
 * Whether every step moves a tensor on its path. Not so biases before a batch norm, which takes them away again, and
 * not shifts of levels on which no anchor found an object.
 */
export function mustMove(name: string): boolean {
  return !/\.(bias|shift)(\.momentum)?$/.test(name);
}

/** The tensors' names of some units. */
export function tensorNames(units: readonly Unit[], state: NetworkState): string[] {
  return [...state.toHost().keys()].filter((name) => units.some((unit) => name.startsWith(`${unit.name}.`)));
}

/** Puts NaN in the first place of a unit's first parameter. */
export function poison(state: NetworkState, unit: Unit): void {
  const stored = state.toHost();
  stored.get(`${unit.name}.${unit.parameters[0].name}`)!.data[0] = NaN;
  state.fromHost(stored, { slots: true });
}
