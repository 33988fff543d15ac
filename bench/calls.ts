/**
 * Workloads as functions to time, on this project's own engine.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { supernet } from "../lib/models/backbone.ts";
import { blockUnit } from "../lib/models/block.ts";
import { classifierUnit } from "../lib/models/classifier.ts";
import type { Unit } from "../lib/nn/unit.ts";
import { blockLayers } from "../lib/space/block_layers.ts";
import { choiceName } from "../lib/space/search_space.ts";
import { ClassificationModel } from "../lib/train/classification_model.ts";
import { DetectionModel } from "../lib/train/detection_model.ts";
import { detectorOf } from "../lib/train/detector_of.ts";
import { NetworkState } from "../lib/train/network_state.ts";
import { unitsOnPath } from "../lib/train/trunk.ts";
import { disposePass } from "../lib/train/unit_runner.ts";
import { pretrainingSettings } from "./pretraining_settings.ts";
import { randomBatch, randomDetectionBatch } from "./random_batch.ts";
import { waitFor } from "./roofline.ts";
import type { BenchRunner } from "./runner.ts";
import type {
  BackboneWorkload,
  BlockWorkload,
  ClassificationStepWorkload,
  DetectionStepWorkload,
  Workload,
} from "./workloads.ts";

/** One workload, ready to run. */
export interface PreparedCall extends Disposable {
  /** Runs it once and waits until it is done. */
  call(): void;
}

const shuffleMethod = 1;
const seed = 0;

/** Builds what a workload needs: weights, inputs, functions (compiled at the first call). */
export function prepareCall(bench: BenchRunner, workload: Workload): PreparedCall {
  switch (workload.kind) {
    case "block":
      return prepareBlock(bench, workload);
    case "backbone":
      return prepareBackbone(bench, workload);
    case "classification-step":
      return prepareClassification(bench, workload);
    case "detection-step":
      return prepareDetection(bench, workload);
  }
}

function prepareBlock({ runner }: BenchRunner, workload: BlockWorkload): PreparedCall {
  const { choice, pass } = workload;
  const unit = blockUnit(choiceName(choice), blockLayers(choice, workload), shuffleMethod);
  const state = new NetworkState([unit], seed);
  const x = randomInput(workload, workload.inChannels);
  const infer = (): void => {
    const { parameters, statistics } = state.of(unit);
    const outputs = runner.infer(unit, parameters, statistics, [x]);
    waitFor(outputs[0]);
    tf.dispose(outputs);
  };
  /** The output serves as its own gradient, so that no time goes into making one. */
  const train = (): void => {
    const unitPass = runner.train(unit, state.of(unit), [x], 1);
    const { inputs, parameters } = runner.backward(unitPass, unitPass.outputs);
    waitFor(inputs[0]);
    tf.dispose([...inputs, ...parameters, ...unitPass.moments]);
    disposePass(unitPass);
  };
  return prepared(pass === "infer" ? infer : train, state, x);
}

function prepareBackbone({ runner }: BenchRunner, workload: BackboneWorkload): PreparedCall {
  const units = unitsOnPath(supernet(workload.space, shuffleMethod), workload.path);
  const state = new NetworkState(units, seed);
  const images = randomInput(workload, 3);
  const call = (): void => {
    let x = images;
    for (const unit of units) {
      const { parameters, statistics } = state.of(unit);
      const [y] = runner.infer(unit, parameters, statistics, [x]);
      if (x !== images) x.dispose();
      x = y;
    }
    waitFor(x);
    x.dispose();
  };
  return prepared(call, state, images);
}

function prepareClassification(
  { engine, runner }: BenchRunner,
  workload: ClassificationStepWorkload,
): PreparedCall {
  const { space, path, classes, images, heightPx } = workload;
  const net = supernet(space, shuffleMethod);
  const classifier = classifierUnit(space, classes);
  const state = new NetworkState([...unitsOnPath(net, path), classifier], seed);
  const model = new ClassificationModel(engine, runner, net, classifier, pretrainingSettings);
  const batch = randomBatch(images, heightPx, classes);
  const call = (): void => requireFinite(model.trainStep(state, batch, path, 0, 1e-4), workload);
  return prepared(call, state, model);
}

function prepareDetection({ engine, runner }: BenchRunner, workload: DetectionStepWorkload): PreparedCall {
  const { space, path, classes, detector } = workload;
  const net = supernet(space, shuffleMethod);
  const context = { device: engine, runner, classes, seed };
  const model = new DetectionModel(context, space, net, detector, detectorOf(context, detector));
  const units: Unit[] = [...unitsOnPath(net, path), ...model.detectorUnits];
  const state = new NetworkState(units, seed);
  const batch = randomDetectionBatch(workload);
  const settings = {
    momentum: 0.9,
    weightDecay: 1e-4,
    decayOn: "weights",
    biasLearningRateFactor: 2,
    bnMomentum: 0.1,
    clipGradientNorm: null,
  } as const;
  const call = (): void =>
    requireFinite(model.trainStep(state, batch, path, 0, 1e-4, settings).loss, workload);
  return prepared(call, state, model);
}

function prepared(call: () => void, ...owned: (Disposable | Tensor)[]): PreparedCall {
  return {
    call,
    [Symbol.dispose](): void {
      for (const resource of owned) {
        if (Symbol.dispose in resource) resource[Symbol.dispose]();
        else resource.dispose();
      }
    },
  };
}

/** A step whose loss is no number is cut short, and its time says nothing. */
function requireFinite(loss: number, { name }: Workload): void {
  if (!Number.isFinite(loss)) throw new RangeError(`Cannot time ${name} as its loss is not finite: ${loss}`);
}

/** One random image, repeated. */
function randomInput({ images, heightPx, widthPx }: Workload, channels: number): Tensor {
  return tf.tidy(() => {
    const one = tf.randomNormal([1, heightPx, widthPx, channels], 0, 1, "float32", seed);
    return tf.tile(one, [images, 1, 1, 1]);
  });
}
