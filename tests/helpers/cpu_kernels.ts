/**
 * The project's own kernels (`lib/nn/custom_kernels.ts`) for tfjs's `cpu` backend, in float64 and written from
 * their definitions: what the engine's are checked against.
 *
 * @module
 */
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";

/** What a kernel reads and makes. */
interface KernelContext {
  readonly values: (name: string) => Float32Array;
  readonly shape: (name: string) => number[];
  readonly attribute: (name: string) => number;
  readonly make: (shape: number[], values: ArrayLike<number>) => TensorInfo;
}

/** Sets tfjs's backend to `cpu` and registers the project's kernels for it; may be called again. */
export async function useCpuBackend(): Promise<void> {
  requireTfjs();
  await tf.setBackend("cpu");
  if (tf.getKernel("DetnasReluGrad", "cpu") !== undefined) return;
  register("DetnasBatchNormTraining", batchNormTraining);
  register("DetnasBatchNormTrainingGrad", batchNormTrainingGrad);
  register("DetnasReluGrad", reluGrad);
  register("DetnasSoftmaxCrossEntropy", softmaxCrossEntropy);
  register("DetnasSparseMatMul", sparseMatMul);
}

/**
 * Loads tfjs's union package, on which tfjs-node depends: tfjs-core's own bundle for Node lacks the gradients, and
 * tfjs-backend-cpu beside the union package would register every kernel twice, with a warning each.
 */
function requireTfjs(): void {
  createRequire(import.meta.resolve("@tensorflow/tfjs-node-gpu/package.json"))("@tensorflow/tfjs");
}

/** Reserved: mean, biased variance, nothing. */
function batchNormTraining({ values, shape, attribute, make }: KernelContext): TensorInfo[] {
  const [x, scale, shift] = [values("x"), values("scale"), values("shift")];
  const channels = scale.length;
  const count = x.length / channels;
  const mean = channelSums(x, channels).map((sum) => sum / count);
  const squares = channelSums(x.map((value, i) => (value - mean[i % channels]) ** 2), channels);
  const variance = squares.map((sum) => sum / count);
  const deviation = variance.map((value) => Math.sqrt(value + attribute("epsilon")));
  const y = x.map((value, i) => {
    const c = i % channels;
    return (value - mean[c]) / deviation[c] * scale[c] + shift[c];
  });
  const unbiased = squares.map((sum) => sum / (count - 1));
  const perChannel = [mean, unbiased, mean, variance].map((moment) => make([channels], moment));
  return [make(shape("x"), y), ...perChannel, make([0], [])];
}

function batchNormTrainingGrad({ values, shape, attribute, make }: KernelContext): TensorInfo[] {
  const [dy, x, scale] = [values("dy"), values("x"), values("scale")];
  const [mean, variance] = [values("savedMean"), values("savedSecond")];
  const channels = scale.length;
  const count = x.length / channels;
  const inverse = Array.from(variance, (value) => 1 / Math.sqrt(value + attribute("epsilon")));
  const normal = Array.from(x, (value, i) => (value - mean[i % channels]) * inverse[i % channels]);
  const dShift = channelSums(dy, channels);
  const dScale = channelSums(normal.map((value, i) => value * dy[i]), channels);
  const dx = normal.map((value, i) => {
    const c = i % channels;
    return scale[c] * inverse[c] * (dy[i] - dShift[c] / count - value * dScale[c] / count);
  });
  return [make(shape("x"), dx), make([channels], dScale), make([channels], dShift)];
}

function reluGrad({ values, shape, make }: KernelContext): TensorInfo {
  const y = values("y");
  return make(shape("dy"), values("dy").map((gradient, i) => y[i] > 0 ? gradient : 0));
}

function softmaxCrossEntropy({ values, shape, make }: KernelContext): TensorInfo[] {
  const [logits, labels] = [values("logits"), values("labels")];
  const [rows, classes] = shape("logits");
  const losses = new Float64Array(rows);
  const gradient = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    const largest = Math.max(...own);
    const logSum = largest + Math.log(own.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    own.forEach((logit, k) => {
      const i = row * classes + k;
      losses[row] -= labels[i] * (logit - logSum);
      gradient[i] = Math.exp(logit - logSum) - labels[i];
    });
  }
  return [make([rows], losses), make([rows, classes], gradient)];
}

function sparseMatMul({ values, shape, attribute, make }: KernelContext): TensorInfo {
  const [indices, weights, dense] = [values("indices"), values("values"), values("dense")];
  const [to, from] = attribute("transposed") ? [1, 0] : [0, 1];
  const rows = attribute(to === 0 ? "rows" : "columns");
  const [, channels] = shape("dense");
  const product = new Float64Array(rows * channels);
  weights.forEach((weight, z) => {
    const [row, source] = [indices[2 * z + to], indices[2 * z + from]];
    for (let c = 0; c < channels; c++) {
      product[row * channels + c] += weight * dense[source * channels + c];
    }
  });
  return make([rows, channels], product);
}

function channelSums(values: ArrayLike<number>, channels: number): number[] {
  const sums = new Array<number>(channels).fill(0);
  for (let i = 0; i < values.length; i++) sums[i % channels] += values[i];
  return sums;
}

function register(kernelName: string, kernel: (context: KernelContext) => TensorInfo | TensorInfo[]): void {
  tf.registerKernel({
    kernelName,
    backendName: "cpu",
    kernelFunc: ({ inputs, backend, attrs }) => {
      const cpu = backend as MathBackendCPU;
      return kernel({
        values: (name) => cpu.data.get(inputs[name]!.dataId).values as Float32Array,
        shape: (name) => inputs[name]!.shape,
        attribute: (name) => attrs![name] as number,
        make: (shape, values) => cpu.makeTensorInfo(shape, "float32", Float32Array.from(values)),
      });
    },
  });
}
