/**
 * Dense 3 x 3 convolutions, forward and both gradients, by this project's kernels and by TensorFlow's in turn, in one
 * process: `deno run … bench/dense_kernels.ts ROUNDS [--threads N]` prints a line a map: the least milliseconds of each
 * side, their ratio, and how far the results are apart. Maps are those of FPN and its heads on images of
 * 800 x 1344 (one) and 256 x 320 (eight).
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { registerTensorFlow } from "../lib/engine/mod.ts";
import { floats, NativeLibrary, type Pass } from "../lib/fused/native_library.ts";
import { ensureKernels } from "../tasks/kernels.ts";
import { waitFor } from "./roofline.ts";

interface Map {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** What both sides make of the same tensors; the caller disposes the results. */
type Side = () => Tensor[];

const flags = parseArgs(Deno.args, { string: ["threads"] });
const rounds = Number(flags._[0]);
const threads = Number(flags.threads ?? navigator.hardwareConcurrency);
if (!(rounds > 0 && threads > 0)) {
  console.error("usage: dense_kernels.ts ROUNDS [--threads N]");
  Deno.exit(1);
}
const maps: Map[] = [
  { images: 8, height: 32, width: 40, inputs: 64, outputs: 64 },
  { images: 8, height: 32, width: 40, inputs: 128, outputs: 128 },
  ...[[32, 40], [16, 20], [8, 10], [4, 5], [2, 3]].map(([height, width]) => map(8, height, width, 256)),
  ...[[100, 168], [50, 84], [25, 42], [13, 21], [7, 11]].map(([height, width]) => map(1, height, width, 256)),
  { images: 1, height: 100, width: 168, inputs: 256, outputs: 720 },
];
const engine = await registerTensorFlow({ threads });
const build = await ensureKernels({ kind: "cpu", kernels: "fused" });
using native = new NativeLibrary(build!.path, threads, engine.memory);
console.log(`TensorFlow ${engine.version}, ${engine.deviceName}, ${threads} threads, ${build!.name}`);
for (const map of maps) compare(map);
Deno.exit(0);

function map(images: number, height: number, width: number, channels: number): Map {
  return { images, height, width, inputs: channels, outputs: channels };
}

function compare(map: Map): void {
  const { images, height, width, inputs, outputs } = map;
  const x = tf.randomNormal([images, height, width, inputs], 0, 1, "float32", 1);
  const weight = tf.randomNormal([3, 3, inputs, outputs], 0, 1, "float32", 2);
  const dy = tf.randomNormal([images, height, width, outputs], 0, 1, "float32", 3);
  const name = `${images}x${height}x${width} ${inputs} to ${outputs}`;
  report(`${name} forward`, [ownForward(map, x, weight), tensorflowForward(x, weight)]);
  report(`${name} gradients`, [ownGradients(map, x, weight, dy), tensorflowGradients(x, weight, dy)]);
  tf.dispose([x, weight, dy]);
}

function report(name: string, [own, tensorflow]: [Side, Side]): void {
  const difference = largestDifference(own(), tensorflow());
  const least = [Infinity, Infinity];
  for (let round = 0; round < rounds; round++) {
    [own, tensorflow].forEach((side, i) => least[i] = Math.min(least[i], elapsedMs(side)));
  }
  const [ownMs, tensorflowMs] = least.map((ms) => ms.toFixed(2));
  const ratio = (least[0] / least[1]).toFixed(2);
  console.log(`${name}: ${ownMs} ms, TensorFlow ${tensorflowMs} ms, ratio ${ratio}, apart ${difference}`);
}

function elapsedMs(side: Side): number {
  const start = performance.now();
  const results = side();
  results.forEach(waitFor);
  const elapsed = performance.now() - start;
  tf.dispose(results);
  return elapsed;
}

/** Of each pair of results the root mean square of their difference, over that of the second; the largest. */
function largestDifference(results: Tensor[], others: Tensor[]): string {
  const differences = results.map((result, i) =>
    tf.tidy(() => {
      const other = others[i];
      return tf.div(tf.norm(tf.sub(result, other)), tf.norm(other)).dataSync()[0];
    })
  );
  tf.dispose([...results, ...others]);
  return Math.max(...differences).toExponential(1);
}

/** As the kernels want a map of whole vectors of channels. */
function geometry({ images, height, width, inputs, outputs }: Map): Pass {
  return {
    ...{ images, height, width, outHeight: height, outWidth: width, kernel: 3, stride: 1, view: 4 },
    ...{ inputs, outputs, inputChannels: inputs },
  };
}

function ownForward(map: Map, x: Tensor, weight: Tensor): Side {
  return () => {
    const { tensor, address } = native.takeTensor(dyShape(map));
    native.read([x, weight], ([input, weight]) => {
      native.forward({ ...geometry(map), input, weight, z: address });
    });
    return [tensor];
  };
}

function ownGradients(map: Map, x: Tensor, weight: Tensor, dy: Tensor): Side {
  const slope = floats(3 * map.outputs).fill(1, 0, map.outputs); // no norm
  const norm = floats(3 * map.outputs);
  return () => {
    const dx = native.takeTensor(x.shape);
    const dw = native.takeTensor(weight.shape);
    native.read([x, weight, dy], ([input, weight, gradient]) => {
      const written = { inputGradient: dx.address, weightGradient: dw.address };
      native.backward({ ...geometry(map), input, weight, gradient, slope, norm, ...written });
    });
    return [dx.tensor, dw.tensor];
  };
}

function dyShape({ images, height, width, outputs }: Map): number[] {
  return [images, height, width, outputs];
}

function tensorflowForward(x: Tensor, weight: Tensor): Side {
  return () => [tf.conv2d(x as tf.Tensor4D, weight as tf.Tensor4D, 1, "same")];
}

function tensorflowGradients(x: Tensor, filter: Tensor, dy: Tensor): Side {
  const shared = { strides: 1, pad: "same", dataFormat: "NHWC" };
  return () =>
    [
      tf.engine().runKernel("Conv2DBackpropInput", { dy, filter }, { ...shared, inputShape: x.shape }),
      tf.engine().runKernel("Conv2DBackpropFilter", { x, dy }, { ...shared, filterShape: filter.shape }),
    ] as Tensor[];
}
