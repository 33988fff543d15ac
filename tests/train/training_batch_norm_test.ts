/** The config's definition of batch norm reaches the networks that are trained. */
import { assert } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Config } from "../../lib/config/schema.ts";
import { eagerCompiler } from "../../lib/nn/compiled.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { classifierOnDevice } from "../../lib/train/classification_scoring.ts";
import type { Device } from "../../lib/train/device.ts";
import { detectorOnDevice } from "../../lib/train/finetuning.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { disposePass, type UnitRunner } from "../../lib/train/unit_runner.ts";
import { assertClose } from "../helpers/close.ts";
import { useCpuBackend } from "../helpers/cpu_kernels.ts";
import { normalTensor } from "../helpers/gradients.ts";
import { tinyConfig, tinyPretraining } from "../helpers/tiny_data.ts";

await useCpuBackend();
const device: Device = {
  compiler: eagerCompiler,
  uploadImages: (images, shape) => tf.tensor(images, [...shape], "float32"),
};
const images: [number, number, number, number] = [1, 8, 8, 3];
/** Values a channel after the stem's convolution of stride 2, before its pooling. */
const count = 1 * 4 * 4;

interface Network extends Disposable {
  readonly runner: UnitRunner;
  readonly units: readonly Unit[];
}

function classifier(config: Config): Network {
  const { model, runner, units } = classifierOnDevice(device, config, tinyPretraining, 10, null);
  return { runner, units, [Symbol.dispose]: () => [model, runner].forEach((one) => one[Symbol.dispose]()) };
}

function detector(config: Config): Network {
  const { model, runner, units } = detectorOnDevice(device, config, 5, null);
  return { runner, units, [Symbol.dispose]: () => [model, runner].forEach((one) => one[Symbol.dispose]()) };
}

/** The stem's outputs in training, and its batch norm's moments. */
function stemPass(open: (config: Config) => Network, syncBatchNorm: Config["syncBatchNorm"]): Float32Array[] {
  using network = open({ ...tinyConfig, syncBatchNorm });
  const [stem] = network.units;
  using state = new NetworkState([stem], 1);
  const pass = network.runner.train(stem, state.of(stem), [normalTensor(images, "images")], 1);
  const values = [...pass.outputs, ...pass.moments].map((tensor) => tensor.dataSync() as Float32Array);
  disposePass(pass);
  return values;
}

for (const open of [classifier, detector]) {
  Deno.test(`syncBatchNorm "authors" divides a ${open.name}'s activations by the unbiased deviation, also on one worker`, () => {
    const [output, mean, variance] = stemPass(open, "counts");
    const [theirs, theirMean, theirVariance] = stemPass(open, "authors");
    assertClose(theirMean, mean, "mean");
    assertClose(theirVariance, variance, "variance");
    assert(output.some((value) => value > 0.1));
    // Shift is 0 at the start, and ReLU and pooling keep a factor.
    const channels = variance.length;
    const factor = (channel: number): number => {
      const biased = variance[channel] * (count - 1) / count;
      return Math.sqrt((biased + 1e-5) / (variance[channel] + 1e-5));
    };
    assertClose(theirs, output.map((value, i) => value * factor(i % channels)), "output");
    assert(factor(0) < 0.99);
  });
}
